"""A request that was overheard and is sent again: too late it is refused, in time it does nothing
twice, because ids are used once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack
from tests.abuse.conftest import SKEW_S, Audited
from tests.abuse.wire import Sent, a_payment, signed

NewId = Callable[[str], str]
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("abuse")]


def sent_at(shop: Merchant, sent: Sent, offset_s: int) -> Sent:
    """The same request, properly signed by a clock that is off."""
    moment = datetime.now(UTC) + timedelta(seconds=offset_s)
    stamp = moment.isoformat(timespec="seconds")
    value = shop.sign(sent.method, sent.target, stamp, sent.headers["MsgID"], sent.raw)
    return sent.under(DateTime=stamp, Authorization=value)


@pytest.mark.parametrize("offset_s", [-SKEW_S - 30, SKEW_S + 30, -10 * 365 * 86400])
def test_outside_the_clocks_window_it_is_refused(
    shop: Merchant, new_id: NewId, audited: Audited, offset_s: int
) -> None:
    trans_id = new_id("LATE")
    sent = signed(shop, "POST", "payment", a_payment(trans_id))
    assert sent_at(shop, sent, offset_s).deliver(shop).code == "V0010"
    assert shop.query("payment", trans_id).code == "C0004"
    audited("signature", sid=shop.sid, field="DateTime")


@pytest.mark.parametrize("offset_s", [-SKEW_S + 60, SKEW_S - 60])
def test_inside_of_it_clocks_may_differ(shop: Merchant, new_id: NewId, offset_s: int) -> None:
    sent = signed(shop, "POST", "payment", a_payment(new_id("OFF")))
    assert sent_at(shop, sent, offset_s).deliver(shop).code == "S0000"


def test_a_payment_sent_five_times_is_one(
    stack: Stack, shop: Merchant, new_id: NewId, audited: Audited
) -> None:
    trans_id = new_id("AGAIN")
    minor = random.randrange(100_000, 900_000) * 100  # of no other payment here; approved
    sent = signed(shop, "POST", "payment", a_payment(trans_id, f"{minor // 100}.00"))
    answers = [sent.deliver(shop) for _ in range(5)]
    assert [one.code for one in answers] == ["S0000", *4 * ["C0009"]]
    audited("replay", sid=shop.sid, code="C0009")
    rrn = answers[0]["payment"]["evoTransInfo"]["retrievalReferenceNum"]
    booked = Operations(stack).books("visa")["authorizations"]
    assert [one["rrn"] for one in booked if one["amount_minor"] == minor] == [rrn]


@pytest.mark.parametrize("kind", ["capture", "refund", "cancelOrRefund"])
def test_what_is_done_to_a_payment_is_done_once(
    shop: Merchant, new_id: NewId, audited: Audited, kind: str
) -> None:
    """Half of it, so that a second time would be possible."""
    payment_id = new_id("PAY")
    captured = {} if kind == "capture" else {"captureAfterHours": "0"}
    shop.payment(payment_id, "20.00", **captured)
    body = {
        "merchantTransInfo": a_payment(new_id("DO"))["merchantTransInfo"],
        "transAmount": {"currency": "HKD", "value": "10.00"},
    }
    sent = signed(shop, "POST", f"{kind}?merchantTransID={payment_id}", body)
    first, again = sent.deliver(shop), sent.deliver(shop)
    assert (first.code, again.code) == ("S0000", "C0009")
    payment = shop.query("payment", payment_id)["payment"]
    audited("replay", sid=shop.sid, code="C0009")
    assert payment["status"] == ("Captured" if kind == "capture" else "Partial Refunded")


def test_under_its_idempotency_key_it_is_the_same_answer(shop: Merchant, new_id: NewId) -> None:
    sent = signed(shop, "POST", "payment", a_payment(new_id("SAME")))
    sent = sent.under(**{"Idempotency-Key": new_id("KEY")})
    first, again = sent.deliver(shop), sent.deliver(shop)
    assert (first.code, again.code) == ("S0000", "S0000")
    ids = {one["payment"]["evoTransInfo"]["evoTransID"] for one in (first, again)}
    assert len(ids) == 1
