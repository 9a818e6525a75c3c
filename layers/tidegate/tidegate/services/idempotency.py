"""A request under an Idempotency-Key that was used before is answered from what the first one
made."""

from __future__ import annotations

from tidegate.domain.errors import KeyReused
from tidegate.domain.payment import IdempotencyRecord
from tidegate.ports import Found, PaymentStore


def replayed(
    payments: PaymentStore, sid: str, idempotency: IdempotencyRecord | None
) -> Found | None:
    """What the key's first request made, as it stands now; None if the key is new or absent.

    Raises KeyReused (C0011) when the key was used with a different request.
    """
    first = first_use(payments, idempotency)
    return None if first is None else payments.get(sid, first.trans_id)


def first_use(
    payments: PaymentStore, idempotency: IdempotencyRecord | None
) -> IdempotencyRecord | None:
    """What the key stands for since this very request was sent first; None if the key is new or
    absent. Raises KeyReused (C0011)."""
    if idempotency is None:
        return None
    first = payments.idempotency(idempotency.sid, idempotency.key)
    if first is not None:
        _check_same(first, idempotency)
    return first


def claim(payments: PaymentStore, idempotency: IdempotencyRecord | None) -> None:
    """Let the key stand for this request from now on: for requests that make no record of their
    own to write it with. Raises KeyReused (C0011)."""
    if idempotency is None:
        return
    first = payments.remember(idempotency)
    if first is not None:
        _check_same(first, idempotency)


def _check_same(first: IdempotencyRecord, given: IdempotencyRecord) -> None:
    if first.fingerprint != given.fingerprint:
        raise KeyReused(field="Idempotency-Key")
