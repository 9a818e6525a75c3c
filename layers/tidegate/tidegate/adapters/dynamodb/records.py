"""Payments and operations as items: compact names, because DynamoDB charges for every byte of them.

``y`` is the schema version, ``t`` the kind (p payment, c capture, x cancel, r refund; others live
in modules of their own), ``v`` the version. An attribute that
is absent holds None, or zero for amounts. What is packed is joined with ``|``; no packed part can
contain one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING
from zlib import crc32

from tidegate.adapters.dynamodb.details import pack_details, unpack_details
from tidegate.adapters.dynamodb.fields import Fields, present
from tidegate.adapters.dynamodb.table import SCHEMA, Item
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.money import Money
from tidegate.domain.payment import (
    Entry,
    Leg,
    OtherRecord,
    Payment,
    PaymentOperation,
    Reversal,
)
from tidegate.domain.transitions import Operation, Outcome, Status

if TYPE_CHECKING:
    from tidegate.ports import Found, Record

SHARDS = 8
"""Partitions of the sparse index; enough for 8,000 write units a second."""

_KINDS = {Operation.CAPTURE: "c", Operation.CANCEL: "x", Operation.REFUND: "r"}
_KIND_OF = {letter: kind for kind, letter in _KINDS.items()}
_OPERATIONS = {operation: f"{index:x}" for index, operation in enumerate(Operation)}
"""By position: new operations go to the end of the enumeration."""
_OPERATION_OF = {code: operation for operation, code in _OPERATIONS.items()}
_OUTCOMES = {outcome: outcome.value[0] for outcome in Outcome}
_OUTCOME_OF = {code: outcome for outcome, code in _OUTCOMES.items()}


def key_of(sid: str, trans_id: str) -> tuple[str, str]:
    """Partition and sort key of a payment or operation."""
    return f"T#{sid}#{trans_id}", "T"


def pack(record: Record) -> Item:
    """The item of a payment or operation."""
    return _pack_payment(record) if isinstance(record, Payment) else _pack_operation(record)


def unpack(item: Mapping[str, str | int | bytes]) -> Found:
    """The payment or operation of an item."""
    fields = Fields(item)
    kind = fields.text("t")
    if kind == "p":
        return _unpack_payment(fields)
    if kind in _KIND_OF:
        return _unpack_operation(fields)
    return OtherRecord(kind, fields.text("n"))


def _pack_payment(payment: Payment) -> Item:
    item = _common(payment, "p")
    item |= present(
        st=payment.status.value,
        br=payment.brand,
        f=payment.first6,
        l=payment.last4,
        x=payment.sealed_card,
        fp=payment.fee_plan,
        i=_OPERATIONS[payment.intent],
        ch=payment.capture_after_hours,
        o=payment.order_reference,
        pl=payment.platform,
        h="\n".join(_pack_entry(entry) for entry in payment.history) or None,
        **pack_details(payment),
    )
    amounts = {
        "ca": payment.capturable_minor,
        "rf": payment.refundable_minor,
        "cd": payment.captured_minor,
        "rd": payment.refunded_minor,
    }
    return item | {name: minor for name, minor in amounts.items() if minor}


def _pack_operation(operation: PaymentOperation) -> Item:
    item = _common(operation, _KINDS[operation.kind])
    return item | present(
        of=operation.payment_trans_id,
        st=operation.status,
        cr=1 if operation.chosen_by_platform else None,
        ir=operation.initiating_reason,
        ds=operation.description,
        lb=operation.labels,
    )


def _common(record: Record, kind: str) -> Item:
    p, s = key_of(record.sid, record.trans_id)
    item: Item = {"p": p, "s": s, "t": kind, "y": SCHEMA, "v": record.version}
    item |= present(
        a=record.amount.minor,
        c=record.amount.currency,
        e=record.evo_trans_id,
        at=record.created_at,
        n=record.nonce,
        tt=record.trans_time,
        md=record.metadata,
        w=record.webhook,
        g=_pack_leg(record.leg),
        an=_pack_answer(record.answer),
        aa=record.answered_at,
        fc=record.failure_code,
        rv=_pack_reversal(record.reversal),
    )
    if record.due_at is not None:
        item |= {"k": f"D{crc32(record.trans_id.encode()) % SHARDS}", "d": record.due_at}
    return item


def _unpack_payment(item: Fields) -> Payment:
    sid, trans_id = item.owner()
    return Payment(
        sid=sid,
        trans_id=trans_id,
        version=item.number("v"),
        status=Status(item.text("st")),
        amount=Money(item.number("a"), item.text("c")),
        evo_trans_id=item.text("e"),
        created_at=item.number("at"),
        nonce=item.text("n"),
        trans_time=item.text("tt"),
        brand=item.text("br"),
        first6=item.text("f"),
        last4=item.text("l"),
        leg=_unpack_leg(item.text("g")),
        sealed_card=item.binary("x"),
        fee_plan=item.number("fp"),
        intent=_OPERATION_OF[item.text("i")],
        capture_after_hours=item.maybe_number("ch"),
        order_reference=item.maybe("o"),
        metadata=item.maybe("md"),
        webhook=item.maybe("w"),
        platform=item.maybe("pl"),
        capturable_minor=item.number("ca"),
        refundable_minor=item.number("rf"),
        captured_minor=item.number("cd"),
        refunded_minor=item.number("rd"),
        answer=_unpack_answer(item.maybe("an")),
        answered_at=item.maybe_number("aa"),
        failure_code=item.maybe("fc"),
        reversal=_unpack_reversal(item.maybe("rv")),
        due_at=item.maybe_number("d"),
        history=tuple(unpack_entry(line) for line in item.text("h").split("\n") if line),
        **unpack_details(item),
    )


def _unpack_operation(item: Fields) -> PaymentOperation:
    sid, trans_id = item.owner()
    leg = item.maybe("g")
    return PaymentOperation(
        sid=sid,
        trans_id=trans_id,
        version=item.number("v"),
        kind=_KIND_OF[item.text("t")],
        payment_trans_id=item.text("of"),
        status=item.text("st"),
        amount=Money(item.number("a"), item.text("c")),
        evo_trans_id=item.text("e"),
        created_at=item.number("at"),
        nonce=item.text("n"),
        trans_time=item.text("tt"),
        chosen_by_platform=bool(item.number("cr")),
        initiating_reason=item.maybe("ir"),
        description=item.maybe("ds"),
        labels=item.maybe("lb"),
        metadata=item.maybe("md"),
        webhook=item.maybe("w"),
        leg=_unpack_leg(leg) if leg else None,
        answer=_unpack_answer(item.maybe("an")),
        answered_at=item.maybe_number("aa"),
        failure_code=item.maybe("fc"),
        reversal=_unpack_reversal(item.maybe("rv")),
        due_at=item.maybe_number("d"),
    )


def _pack_leg(leg: Leg | None) -> str | None:
    if leg is None:
        return None
    parts = (
        leg.network,
        leg.acquirer_id,
        leg.terminal_id,
        leg.sequence,
        leg.transmitted_at,
        leg.rrn,
    )
    return "|".join(map(str, parts))


def _unpack_leg(text: str) -> Leg:
    network, acquirer_id, terminal_id, sequence, transmitted_at, rrn = text.split("|")
    return Leg(network, acquirer_id, terminal_id, int(sequence), transmitted_at, rrn)


def _pack_answer(answer: NetworkAnswer | None) -> str | None:
    if answer is None:
        return None
    return "|".join(part or "" for part in astuple(answer)).removesuffix("||")


def _unpack_answer(text: str | None) -> NetworkAnswer | None:
    if text is None:
        return None
    code, *parts = text.split("|")
    return NetworkAnswer(code, *(part or None for part in parts))


def _pack_reversal(reversal: Reversal | None) -> str | None:
    if reversal is None:
        return None
    return (
        f"{reversal.sequence}|{reversal.transmitted_at}|{reversal.attempts}"
        f"|{reversal.remaining_minor}"
    )


def _unpack_reversal(text: str | None) -> Reversal | None:
    if text is None:
        return None
    sequence, transmitted_at, attempts, remaining = text.split("|")
    return Reversal(int(sequence), transmitted_at, int(attempts), int(remaining))


def _pack_entry(entry: Entry) -> str:
    parts = (
        entry.version,
        _OPERATIONS[entry.operation] + _OUTCOMES[entry.outcome],
        entry.amount_minor,
        entry.fee_minor or "",
        entry.business_date,
        entry.at,
        entry.trans_id,
    )
    return "|".join(map(str, parts))


def unpack_entry(line: str) -> Entry:
    """One line of a payment's ``h`` attribute."""
    version, what, amount, fee, day, at, trans_id = line.split("|")
    return Entry(
        version=int(version),
        operation=_OPERATION_OF[what[0]],
        outcome=_OUTCOME_OF[what[1]],
        amount_minor=int(amount),
        fee_minor=int(fee or 0),
        business_date=day,
        at=int(at),
        trans_id=trans_id,
    )
