"""``StoredCards`` on DynamoDB: an item per card, and a pointer to it per customer."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.adapters.dynamodb.fields import Fields, pack_account, present, unpack_account
from tidegate.adapters.dynamodb.table import (
    SCHEMA,
    ConditionFailed,
    Item,
    Table,
    absent,
    changes,
    equals,
)
from tidegate.domain.errors import StaleVersion
from tidegate.domain.tokens import StoredCard, TokenStatus

MAX_LISTED = 100
"""Cards of one customer that a list shows."""


class DynamoStoredCards:
    """Cards on file in the single table."""

    def __init__(self, table: str | Table) -> None:
        self._table = Table(table) if isinstance(table, str) else table

    def get(self, sid: str, card_id: str) -> StoredCard | None:
        item = self._table.get(*_key(sid, card_id))
        return _unpack(item) if item else None

    def put(self, card: StoredCard) -> None:
        pointer: Item = {
            "p": f"U#{card.sid}#{card.user_reference}",
            "s": f"{card.created_at:010d}#{card.id}",
            "t": "u",
            "y": SCHEMA,
        }
        transaction = self._table.transaction().put(_pack(card), absent()).put(pointer)
        try:
            transaction.commit()
        except ConditionFailed:
            if self.get(card.sid, card.id) is None:
                raise

    def update(self, before: StoredCard, after: StoredCard) -> None:
        p, s = _key(before.sid, before.id)
        try:
            self._table.update(
                p, s, changes(_pack(before), _pack(after)), equals("v", before.version)
            )
        except ConditionFailed:
            if self.get(before.sid, before.id) != after:
                raise StaleVersion from None

    def of_user(self, sid: str, user_reference: str) -> Iterator[StoredCard]:
        pointers = self._table.query(f"U#{sid}#{user_reference}", limit=MAX_LISTED)
        keys = [_key(sid, str(one["s"]).partition("#")[2]) for one in pointers]
        found = [_unpack(item) for item in self._table.batch_get(keys)]
        yield from sorted(found, key=lambda card: (card.created_at, card.id))


def _key(sid: str, card_id: str) -> tuple[str, str]:
    return f"V#{sid}#{card_id}", "V"


def _pack(card: StoredCard) -> Item:
    p, s = _key(card.sid, card.id)
    item: Item = {"p": p, "s": s, "t": "v", "y": SCHEMA, "v": card.version}
    return item | present(
        vi=card.vault_id,
        ur=card.user_reference,
        br=card.brand,
        f=card.first6,
        l=card.last4,
        fi=card.fingerprint,
        x=card.sealed_card,
        at=card.created_at,
        ua=card.updated_at,
        mb=card.made_by,
        st=card.status.value,
        gw=1 if card.gateway else None,
        sr=card.scheme_reference,
        hn=card.holder_name,
        ad=pack_account(card.account),
        md=card.metadata,
        nr=card.network_reference,
        nx=card.sealed_network_token,
        nf=card.network_first6 or None,
        nl=card.network_last4 or None,
        ne=card.network_expiry or None,
        ar=card.account_reference or None,
        au=card.art_uri or None,
        ns=card.network_status.value,
        nw=1 if card.network_wanted else None,
        em=card.email,
        lo=card.locale,
        pr=1 if card.proven else None,
        de=1 if card.deleted else None,
    )


def _unpack(item: Item) -> StoredCard:
    fields = Fields(item)
    sid, card_id = fields.owner()
    return StoredCard(
        sid=sid,
        id=card_id,
        version=fields.number("v"),
        vault_id=fields.text("vi"),
        user_reference=fields.text("ur"),
        brand=fields.text("br"),
        first6=fields.text("f"),
        last4=fields.text("l"),
        fingerprint=fields.text("fi"),
        sealed_card=fields.binary("x"),
        created_at=fields.number("at"),
        updated_at=fields.number("ua"),
        made_by=fields.text("mb"),
        status=TokenStatus(fields.text("st")),
        gateway=bool(fields.number("gw")),
        scheme_reference=fields.maybe("sr"),
        holder_name=fields.maybe("hn"),
        account=unpack_account(fields.maybe("ad")),
        metadata=fields.maybe("md"),
        network_reference=fields.maybe("nr"),
        sealed_network_token=fields.binary("nx") or None,
        network_first6=fields.text("nf"),
        network_last4=fields.text("nl"),
        network_expiry=fields.text("ne"),
        account_reference=fields.text("ar"),
        art_uri=fields.text("au"),
        network_status=TokenStatus(fields.text("ns")),
        network_wanted=bool(fields.number("nw")),
        email=fields.maybe("em"),
        locale=fields.maybe("lo"),
        proven=bool(fields.number("pr")),
        deleted=bool(fields.number("de")),
    )
