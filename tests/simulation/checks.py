"""What must hold: at every write, and when everything has come to rest."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.simulation.aws import failed_executions
from tests.simulation.checks_authentication import authentications, secrets_of_authentications
from tests.simulation.checks_orders import by_payers, orders
from tests.simulation.checks_tokens import secrets_of_tokens, tokens
from tests.simulation.checks_wallets import paid_too_early, wallets
from tests.simulation.expressions import Item
from tests.simulation.merchants import Asked, Shop
from tests.simulation.purchases import CARDS, CHALLENGED_CARDS, OTHER_CARDS
from tidegate.adapters.dynamodb.ledger import DynamoLedger
from tidegate.adapters.dynamodb.reconciliation import DynamoBreaks
from tidegate.adapters.dynamodb.records import unpack
from tidegate.adapters.dynamodb.table import unmarshal
from tidegate.domain.events import is_told, moves_money
from tidegate.domain.ledger import CAPTURE, PAYOUT, REFUND, BatchKey, Movement
from tidegate.domain.message import MessageIdentity
from tidegate.domain.payment import OperationStatus, Payment, PaymentOperation
from tidegate.domain.transitions import Operation, Status
from tidegate.ports_settlement import ANNOUNCED

if TYPE_CHECKING:
    from tests.simulation.world import World

AT_REST = {
    Status.VERIFIED,
    Status.AUTHORISED,
    Status.CAPTURED,
    Status.PARTIAL_REFUNDED,
    Status.REFUNDED,
    Status.CANCELLED,
    Status.FAILED,
    Status.PAID_OUT,
}
KINDS_OF_MOVEMENTS = {
    Operation.REFUND: REFUND,
    Operation.REFUND_REST: REFUND,
    Operation.PAYOUT: PAYOUT,
}
MOVING = {"capture", "refund", "cancelOrRefund", "linkpayRefund", "linkpayCancelorRefund"}
WITHOUT_RECORD = {"deleteToken", "additionalInfo", "linkpay"}
"""Kinds of requests that leave no record under their own id."""


class Watch:
    """Looks at every write of a payment as it happens."""

    def __init__(self, world: World, problems: list[str]) -> None:
        self._world = world
        self._problems = problems
        self.legs: dict[MessageIdentity, tuple[str, str]] = {}
        """Whose message each was: a network's RRNs are an acquirer's own."""

    def __call__(self, before: Item | None, after: Item) -> None:
        if after.get("t") != {"S": "p"}:
            return
        payment = unpack(unmarshal(after))
        assert isinstance(payment, Payment)
        amounts = (
            payment.refunded_minor,
            payment.refunded_minor + payment.refundable_minor,
            payment.captured_minor,
            payment.captured_minor + payment.capturable_minor,
            payment.amount.minor,
        )
        if list(amounts) != sorted(amounts) or min(amounts) < 0:
            self._problems.append(f"{payment.trans_id} v{payment.version}: amounts {amounts}")
        if payment.capturable_minor < 0 or payment.refundable_minor < 0:
            self._problems.append(f"{payment.trans_id} v{payment.version}: a negative remainder")
        self.legs[payment.leg.identity] = payment.sid, payment.trans_id
        too_early = paid_too_early(self._world, payment)
        if too_early:
            self._problems.append(too_early)
        if before is None:
            return
        earlier = unpack(unmarshal(before))
        assert isinstance(earlier, Payment)
        if payment.version != earlier.version + 1:
            self._problems.append(
                f"{payment.trans_id}: version {payment.version} follows {earlier.version}"
            )
        if payment.captured_minor < earlier.captured_minor:
            self._problems.append(f"{payment.trans_id}: captured money vanished")
        if payment.refunded_minor < earlier.refunded_minor:
            self._problems.append(f"{payment.trans_id}: refunded money came back")


def when_at_rest(world: World, shops: list[Shop], watch: Watch) -> Iterator[str]:
    """Every problem that is left when a story is over."""
    records = {
        (record.sid, record.trans_id): record
        for item in world.aws.database.items("tidegate").values()
        if item.get("t", {}).get("S") in {"p", "c", "x", "r"}
        for record in [unpack(unmarshal(item))]
        if isinstance(record, (Payment, PaymentOperation))
    }
    asked = [one for shop in shops for one in shop.requests]
    yield from _stuck(world, records)
    yield from _answers(records, asked, set(by_payers(shops)))
    yield from _hosts(world, records)
    yield from _ledger(world, records)
    yield from _notices(world, records)
    yield from tokens(world, records, asked)
    yield from wallets(world, records)
    yield from orders(records, shops)
    yield from authentications(world, watch.legs, asked)
    yield from _leaks(world, shops)


Records = dict[tuple[str, str], Payment | PaymentOperation]


def _stuck(world: World, records: Records) -> Iterator[str]:
    for record in records.values():
        if isinstance(record, Payment):
            if record.status not in AT_REST:
                yield f"{record.trans_id} is stuck at {record.status.name}"
            if record.reversal is not None:
                yield f"{record.trans_id} still owes a reversal"
        elif record.kind is Operation.REFUND and record.status == OperationStatus.RECEIVED:
            yield f"refund {record.trans_id} is stuck"
    for item in world.aws.database.items("tidegate").values():
        if "k" in item:
            yield f"{item['p']['S']} is still due"
    running = [arn for arn, one in world.aws.executions.items() if one.status == "RUNNING"]
    yield from (f"{arn} has not ended" for arn in running)
    yield from failed_executions(world.aws)
    if world.aws.queue.waiting:
        yield f"{world.aws.queue.waiting} messages wait in the queue"
    for message in world.aws.queue.dead:
        yield f"a message of {message.group} is dead"


def _answers(
    records: Records, asked: list[Asked], by_payers: set[tuple[str, str]]
) -> Iterator[str]:
    """What was acknowledged is there; what was refused left nothing; nothing else is there."""
    for one in asked:
        if one.kind == "additionalInfo" and one.acknowledged is not None:
            yield from _kept_promise(records, one, records[one.sid, one.of])
        closed_an_order = one.kind == "linkpayCancelorRefund" and "cancel" in (
            one.acknowledged or {}
        )
        if one.kind in WITHOUT_RECORD or closed_an_order:
            continue
        record = records.get((one.sid, one.trans_id))
        known = [code for code in one.codes if not code.startswith("E")]
        if one.acknowledged is not None:
            if record is None:
                yield f"{one.kind} {one.trans_id} was acknowledged and is not there"
            else:
                yield from _kept_promise(records, one, record)
        elif record is not None and known and all(_did_nothing(one, code) for code in known):
            yield f"{one.kind} {one.trans_id} was refused with {known} and is there"
    ids = {(one.sid, one.trans_id) for one in asked} | by_payers
    for key, record in records.items():
        by_platform = isinstance(record, PaymentOperation) and record.trans_id.startswith("pay")
        if key not in ids and not by_platform:
            yield f"nobody asked for {record.trans_id}"


def _did_nothing(one: Asked, code: str) -> bool:
    """Whether a result code says that nothing was changed: the request was malformed, or status or
    amount forbid it, which is said only once its id is known to be free (docs/result-codes.md).
    One request too many was not looked at: a copy before it may have been."""
    if code == "B0033":
        return one.sent == len(one.codes)
    return code.startswith("V") or code in {"B0012", "B0013"}


def _kept_promise(
    records: Records, one: Asked, record: Payment | PaymentOperation
) -> Iterator[str]:
    """Success, once said, stays."""
    body = one.acknowledged or {}
    told = body.get(one.kind, {}).get("status")
    if one.kind == "additionalInfo":
        told = body["payment"]["status"]
    if one.kind in {"payment", "additionalInfo"} and told in {"Authorised", "Captured"}:
        if isinstance(record, Payment) and record.status is Status.FAILED:
            yield f"{one.trans_id} was {told} and has failed"
    elif one.kind in MOVING and "Success" in (told, body.get("refund", {}).get("status")):
        if not isinstance(record, PaymentOperation) or record.status != OperationStatus.SUCCESS:
            yield f"{one.kind} {one.trans_id} was a success and is {record.status}"
    elif one.kind == "cancel":
        payment = records.get((one.sid, one.of))
        if not isinstance(payment, Payment) or payment.status is not Status.CANCELLED:
            yield f"{one.of} was to be cancelled and is not"
    elif one.kind in {"token", "payout"}:
        told = body.get("paymentMethod" if one.kind == "token" else "payout", {}).get("status")
        kept = isinstance(record, Payment) and record.status in {Status.VERIFIED, Status.PAID_OUT}
        if told == "Success" and not kept:
            yield f"{one.kind} {one.trans_id} was a success and is not"


def _hosts(world: World, records: Records) -> Iterator[str]:
    """Per RRN: what the host has booked is what we say."""
    ours: dict[tuple[str, str], int] = defaultdict(int)
    for record in records.values():
        if isinstance(record, Payment):
            if record.method != "card":
                continue
            if record.status in {Status.CAPTURED, Status.PARTIAL_REFUNDED, Status.REFUNDED}:
                ours[record.leg.network, record.leg.rrn] += record.captured_minor
            elif record.status in {Status.AUTHORISED, Status.PAID_OUT}:
                ours[record.leg.network, record.leg.rrn] += record.amount.minor
        elif record.kind is Operation.REFUND and record.leg is not None:
            success = record.status == OperationStatus.SUCCESS
            ours[record.leg.network, record.leg.rrn] += record.amount.minor if success else 0
    for name, host in world.hosts.items():
        books = host.books.as_json()
        theirs: dict[str, int] = defaultdict(int)
        for entry in books["authorizations"]:
            theirs[str(entry["rrn"])] += int(str(entry["remaining_minor"]))
        mine = {rrn: minor for (network, rrn), minor in ours.items() if network == name}
        for rrn in mine.keys() | theirs.keys():
            if mine.get(rrn, 0) != theirs.get(rrn, 0):
                yield f"{name} {rrn}: we say {mine.get(rrn, 0)}, they say {theirs.get(rrn, 0)}"
        for one in books["presentments"]:
            if one["status"] != "settled":
                yield f"{name}: presentment {one['rrn']} is {one['status']} ({one['reason']})"


def _ledger(world: World, records: Records) -> Iterator[str]:
    """Each movement of money is booked once, in a batch that was settled; its postings balance
    (building one that does not raises); all is reconciled."""
    ledger = DynamoLedger("tidegate")
    expected: dict[str, tuple[str, int, int]] = {}
    for record in records.values():
        if isinstance(record, Payment):
            for entry in record.history:
                if moves_money(entry):
                    kind = KINDS_OF_MOVEMENTS.get(entry.operation, CAPTURE)
                    name = f"{record.trans_id}#{entry.version}"
                    expected[name] = (kind, entry.amount_minor, entry.fee_minor)
    booked: dict[str, Movement] = {}
    keys = [
        BatchKey(sid, currency, day)
        for p, day in sorted(world.aws.database.items("tidegate"))
        if p.startswith("B#")
        for _, sid, currency in [p.split("#")]
    ]
    paid: dict[str, int] = defaultdict(int)
    net: dict[str, int] = defaultdict(int)
    for key in keys:
        batch = ledger.batch(key)
        assert batch is not None
        movements = list(ledger.movements(key))
        if batch.status != ANNOUNCED:
            yield f"batch {key} is {batch.status}"
        for one in movements:
            posting = one.posting(key.sid, key.currency)
            if sum(line.minor for line in posting.lines):
                yield f"posting {posting.id} does not balance"
            if one.id in booked:
                yield f"{one.id} is booked twice"
            booked[one.id] = one
            net[key.sid] += one.signed_minor - one.fee_minor
        result = batch.result
        paid[key.sid] += int(result.get("payout_minor", 0))
        if key == [other for other in keys if other.sid == key.sid][-1]:
            paid[key.sid] += int(result.get("carried_out_minor", 0))
    for name in expected.keys() | booked.keys():
        found = booked.get(name)
        made = (found.kind, found.gross_minor, found.fee_minor) if found else None
        if made != expected.get(name):
            yield f"movement {name}: history says {expected.get(name)}, the ledger {made}"
    for sid in net:
        if net[sid] != paid[sid]:
            yield f"store {sid} is owed {net[sid]} and was paid {paid[sid]}"
    for network in world.hosts:
        for left in DynamoBreaks("tidegate").all_of(network):
            if not left.closed_by:
                yield f"open break {left.kind} of {left.arn} at {network}"


def _notices(world: World, records: Records) -> Iterator[str]:
    """Every change was told until it was acknowledged; each is first heard after the ones before
    it."""
    acknowledged: dict[tuple[str, str], set[int]] = defaultdict(set)
    heard: dict[tuple[str, str], list[int]] = defaultdict(list)
    for told in world.endpoint.received:
        key = told.sid, told.trans_id
        if told.acknowledged:
            acknowledged[key].add(told.sequence)
        if told.heard and told.sequence not in heard[key]:
            heard[key].append(told.sequence)
    for record in records.values():
        if not isinstance(record, Payment):
            continue
        found = heard[record.sid, record.trans_id]
        due = [entry.version for entry in record.history if is_told(record, entry)]
        if set(due) - acknowledged[record.sid, record.trans_id]:
            yield f"{record.trans_id}: sequences {due} happened, {found} were acknowledged"
        if set(found) - set(due):
            yield f"{record.trans_id}: {found} were told, {due} happened"
        if found != sorted(found):
            yield f"{record.trans_id}: told in the order {found}"
    for item in world.aws.database.items("tidegate").values():
        if item["p"]["S"].startswith("W#") and item.get("w", {}).get("S"):
            yield f"{item['p']['S']}: notices are outstanding"


def _leaks(world: World, shops: list[Shop]) -> Iterator[str]:
    """Nothing secret outside the vault: not in the table, the bucket, a message, a state, a log."""
    places: dict[str, str] = {
        "messages": "\n".join(world.aws.told),
        "queue": "\n".join(world.aws.queued),
        "webhooks": "\n".join(world.endpoint.bodies),
        "logs": world.log.getvalue(),
        "table": json.dumps(list(world.aws.database.items("tidegate").values()), default=_text),
        **{
            key: content.decode("latin-1") + content.decode("cp500", "replace")
            for key, content in world.aws.bucket.items()
        },
    }
    cards = (*CARDS, *CHALLENGED_CARDS, *OTHER_CARDS)
    nowhere = [("a card number", card) for card in cards]
    nowhere += [secret for shop in shops for secret in shop.secrets]
    nowhere += secrets_of_tokens(world, [one for shop in shops for one in shop.requests])
    told_to_merchants = secrets_of_authentications(world)
    for place, text in places.items():
        known_here = place in {"table", "queue", "webhooks"}
        for what, secret in nowhere if known_here else nowhere + told_to_merchants:
            if secret in text or base64.b64encode(secret.encode()).decode() in text:
                yield f"{what} stands in {place}"
        # Merchants are told of tokens by webhooks; the table keeps a card's id alone.
        if place != "webhooks" and "pmt_" in text:
            yield f"a token stands in {place}"


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1")
