"""What must hold of cards on file and of tokens when everything has come to rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sandbox.token_check import ACTIVE, DELETED
from tests.simulation.merchants import Asked
from tidegate.adapters.dynamodb.stored_cards import DynamoStoredCards
from tidegate.domain.errors import TokenUnknown
from tidegate.domain.payment import Payment, PaymentOperation
from tidegate.domain.tokens import GATEWAY_PREFIX, StoredCard, id_of
from tidegate.domain.transitions import Status
from tidegate.runtime import bootstrap

if TYPE_CHECKING:
    from tests.simulation.world import World

Records = Mapping[tuple[str, str], Payment | PaymentOperation]
REFUSED = {Status.PENDING, Status.VERIFYING, Status.WAITING, Status.REVERSING, Status.FAILED}
"""Of the transaction that was to make a card on file: nobody has agreed to it."""


def tokens(world: World, records: Records, asked: list[Asked]) -> Iterator[str]:
    """Every problem with cards on file."""
    cards = _cards(world)
    yield from _usable(records, cards)
    yield from _promised(cards, asked)
    yield from _charged(asked)
    yield from _at_the_service(world, cards, asked)


def secrets_of_tokens(world: World, asked: list[Asked]) -> list[tuple[str, str]]:
    """What must stand nowhere, and what it is: numbers of network tokens, and cryptograms."""
    found = [("a network token's number", number) for _, number, _ in _tokens(world)]
    for one in asked:
        made = (one.acknowledged or {}).get("paymentMethod", {})
        value = made.get("networkToken", {}).get("tokenCryptogram")
        if one.kind == "cryptogram" and value:
            found.append(("a cryptogram", value))
    return found


def _cards(world: World) -> dict[tuple[str, str], StoredCard]:
    stored = DynamoStoredCards("tidegate")
    keys = [
        (sid, card_id)
        for p, _ in sorted(world.aws.database.items("tidegate"))
        if p.startswith("V#")
        for _, sid, card_id in [p.split("#")]
    ]
    return {key: card for key in keys for card in [stored.get(*key)] if card is not None}


def _usable(records: Records, cards: Mapping[tuple[str, str], StoredCard]) -> Iterator[str]:
    """A token is good for payments exactly if its card's transaction was approved and nobody has
    ended it."""
    on_file = bootstrap.cards_on_file()
    for card in cards.values():
        made_by = records.get((card.sid, card.made_by))
        agreed = (
            isinstance(made_by, Payment)
            and made_by.stored_card == card.id
            and made_by.status not in REFUSED
        )
        try:
            on_file.usable(card.sid, card.token, GATEWAY_PREFIX, field="token")
            usable = True
        except TokenUnknown:
            usable = False
        if usable != (agreed and card.gateway and not card.deleted):
            yield f"the token of {card.made_by} is {'' if usable else 'not '}usable"


def _promised(cards: Mapping[tuple[str, str], StoredCard], asked: list[Asked]) -> Iterator[str]:
    """A token that was told is there; one that was ended is not; nobody ends one by himself."""
    ended = {(one.sid, id_of(one.of)) for one in asked if one.kind == "deleteToken"}
    for one in asked:
        method = (one.acknowledged or {}).get("paymentMethod", {})
        token = method.get("token", {}).get("value") if isinstance(method, dict) else None
        card_id = id_of(token) if token else None
        if one.kind in {"token", "payment"} and card_id is not None:
            card = cards.get((one.sid, card_id))
            if card is None:
                yield f"the token of {one.trans_id} was told and is not there"
            elif card.deleted and (one.sid, card.id) not in ended:
                yield f"nobody has ended the token of {one.trans_id}"
        if one.kind == "deleteToken" and one.acknowledged is not None:
            card = cards.get((one.sid, id_of(one.of) or ""))
            if card is None or not card.deleted:
                yield f"the token that {one.trans_id} ended lives"


def _charged(asked: list[Asked]) -> Iterator[str]:
    """What was asked after a token had ended took no money."""
    ended = {
        (one.sid, id_of(one.of)): one.answered_at
        for one in asked
        if one.kind == "deleteToken" and one.answered_at is not None
    }
    for one in asked:
        ended_at = ended.get((one.sid, one.about))
        late = ended_at is not None and one.began_at > ended_at
        if one.about and late and one.acknowledged is not None:
            yield f"{one.trans_id} was paid by a token that had ended"


def _at_the_service(
    world: World, cards: Mapping[tuple[str, str], StoredCard], asked: list[Asked]
) -> Iterator[str]:
    """The scheme knows every network token that we have, and ended those that we ended. Cards of
    the same number share theirs, so only where all of them say the same is it known; nor is it
    where a merchant was told that the end of one is unknown and left it at that."""
    to_end = {(one.sid, id_of(one.of)) for one in asked if one.kind == "deleteToken"}
    statuses = {reference: status for reference, _, status in _tokens(world)}
    ours: dict[str, set[bool]] = defaultdict(set)
    for card in cards.values():
        if card.network_reference is not None:
            ours[card.network_reference] |= {card.deleted, (card.sid, card.id) in to_end}
    for reference, deleted in ours.items():
        expected = DELETED if True in deleted else ACTIVE
        found = statuses.get(reference)
        if found is None or (len(deleted) == 1 and found != expected):
            yield f"a network token is {found} at its service, not {expected}"


def _tokens(world: World) -> Iterator[tuple[str, str, str]]:
    """Reference, number and status of all that the token services have."""
    for host in world.hosts.values():
        with host.books.transaction() as db:
            rows = db.execute("SELECT reference, number, status FROM tokens").fetchall()
        yield from (tuple(row) for row in rows)
