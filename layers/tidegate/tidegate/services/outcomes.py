"""What an answer of the network, or the lack of one, makes of a payment."""

from __future__ import annotations

from dataclasses import replace

from tidegate.domain.authentication import Authentication
from tidegate.domain.declines import code_of
from tidegate.domain.errors import AuthenticationFailed
from tidegate.domain.legs import transmission_time
from tidegate.domain.message import NetworkAnswer
from tidegate.domain.payment import Payment, Reversal
from tidegate.domain.settlement import business_date
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation, Outcome
from tidegate.services.conversations import Reply
from tidegate.services.limits import AUTHENTICATION_LIFE_S, AUTHORIZATION_LIFE_S, INTENT_S, POLL_S


def concluded(store: Store, payment: Payment, reply: Reply, now: int) -> Payment:
    """The payment after an answer that is not unknown."""
    answer = reply.answer
    if reply.brand is not None and not payment.brand:
        payment = replace(payment, brand=reply.brand)
    if answer.approved:
        return approved(store, payment, answer, now)
    if answer.pending:
        return waiting(payment, reply, now)
    return declined(payment, code_of(answer), now, answer)


def waiting(payment: Payment, reply: Reply, now: int) -> Payment:
    """The payment whose payer has to act: the janitor asks from time to time."""
    return payment.step(
        payment.intent,
        Outcome.PENDING,
        answer=reply.answer,
        answered_at=now,
        action=reply.action,
        due_at=now + POLL_S,
    )


def stepped_up(payment: Payment, answer: NetworkAnswer, server_trans_id: str, now: int) -> Payment:
    """The payment after a soft decline: nothing was booked, the cardholder is to be
    authenticated."""
    assert payment.step_up is not None
    return payment.step(
        Operation.AUTHENTICATE,
        Outcome.PENDING,
        answer=answer,
        answered_at=now,
        authentication=Authentication(payment.step_up, server_trans_id),
        step_up=None,
        due_at=now + AUTHENTICATION_LIFE_S,
    )


def authentication_failed(
    payment: Payment, now: int, authentication: Authentication | None = None
) -> Payment:
    """The payment whose cardholder did not authenticate himself: nothing was sent to anybody."""
    return payment.step(
        Operation.AUTHENTICATE,
        Outcome.DECLINED,
        authentication=authentication or payment.authentication,
        failure_code=AuthenticationFailed.code,
        answered_at=now,
        due_at=None,
    ).recorded(payment.intent, Outcome.DECLINED, at=now, amount_minor=payment.amount.minor)


def approved(store: Store, payment: Payment, answer: NetworkAnswer, now: int) -> Payment:
    """The payment after an approval: verified, authorised, or captured in the same step."""
    changes: dict[str, object] = {
        "answer": answer,
        "answered_at": now,
        "due_at": None,
        "action": None,
    }
    minor, fee_minor, day = payment.amount.minor, 0, ""
    if payment.intent is Operation.SALE:
        changes |= {"captured_minor": minor, "refundable_minor": minor}
        plan = store.fee_plan_of(payment.fee_plan)
        fee_minor, day = plan.capture_fee_minor(payment.brand, payment.amount), day_of(store, now)
    elif payment.intent is Operation.PAYOUT:
        plan = store.fee_plan_of(payment.fee_plan)
        fee_minor, day = plan.refund_fee_minor(), day_of(store, now)
    elif payment.intent is Operation.AUTHORIZE:
        changes |= {"capturable_minor": minor, "due_at": _next_look(payment)}
    after = payment.step(payment.intent, Outcome.APPROVED, **changes)
    return after.recorded(
        payment.intent,
        Outcome.APPROVED,
        at=now,
        amount_minor=minor,
        fee_minor=fee_minor,
        business_date=day,
    )


def declined(
    payment: Payment, failure_code: str, now: int, answer: NetworkAnswer | None = None
) -> Payment:
    """The payment after a decline: nothing is booked anywhere."""
    after = payment.step(
        payment.intent,
        Outcome.DECLINED,
        answer=answer,
        answered_at=now,
        failure_code=failure_code,
        due_at=None,
        action=None,
    )
    return after.recorded(
        payment.intent, Outcome.DECLINED, at=now, amount_minor=payment.amount.minor
    )


def to_be_reversed(payment: Payment, sequence: int, now: float) -> Payment:
    """The payment whose outcome is unknown: from now on a reversal is owed."""
    return payment.step(
        payment.intent,
        Outcome.UNKNOWN,
        reversal=new_reversal(sequence, now),
        due_at=int(now) + INTENT_S,
    )


def new_reversal(sequence: int, now: float, remaining_minor: int = 0) -> Reversal:
    """A reversal that has not been sent yet."""
    return Reversal(sequence, transmission_time(now), remaining_minor=remaining_minor)


def day_of(store: Store, now: int) -> str:
    """The business date that money moving now belongs to, YYYYMMDD."""
    return business_date(now, store.time_zone, store.cut_off).strftime("%Y%m%d")


def _next_look(payment: Payment) -> int:
    """When an authorization is captured by itself, or else expires."""
    if payment.capture_after_hours is not None:
        return payment.created_at + payment.capture_after_hours * 3600
    return payment.created_at + AUTHORIZATION_LIFE_S
