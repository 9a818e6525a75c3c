"""A request under an Idempotency-Key that was used before is answered from what the first one
made."""

from __future__ import annotations

from tidegate.domain.errors import FieldMismatch
from tidegate.ports import Found, IdempotencyRecord, PaymentStore


def replayed(
    payments: PaymentStore, sid: str, idempotency: IdempotencyRecord | None
) -> Found | None:
    """What the key's first request made, as it stands now; None if the key is new or absent.

    Raises FieldMismatch (C0011) when the key was used with a different request.
    """
    if idempotency is None:
        return None
    first = payments.idempotency(sid, idempotency.key)
    if first is None:
        return None
    if first.fingerprint != idempotency.fingerprint:
        raise FieldMismatch(
            "this Idempotency-Key was used with a different request", field="Idempotency-Key"
        )
    return payments.get(sid, first.trans_id)
