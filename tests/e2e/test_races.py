"""What happens when many ask at once: only the conditions stand between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from local.merchant_client import Answer, Merchant

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_twenty_refunds_at_once_never_exceed_what_was_captured(
    merchant: Merchant, new_id: NewId
) -> None:
    payment = new_id("PAY")
    merchant.payment(payment, "100.00", captureAfterHours="0")
    ids = [new_id("REF") for _ in range(20)]
    answers = at_once([partial(merchant.change, "refund", payment, own, "10.00") for own in ids])
    codes = Counter(answer.code for answer in answers)
    assert codes["S0000"] == 10, codes
    assert set(codes) <= {"S0000", "B0012", "B0013"}
    found = merchant.query("payment", payment)
    assert found["payment"]["status"] == "Refunded"
    refunded = [merchant.query("refund", own) for own in ids]
    assert Counter(answer.code for answer in refunded) == {"S0000": 10, "C0004": 10}


def test_captures_against_cancels_end_in_exactly_one_of_them(
    merchant: Merchant, new_id: NewId
) -> None:
    for _ in range(3):
        payment = new_id("PAY")
        merchant.payment(payment, "30.00")
        captures = [new_id("CAP") for _ in range(4)]
        cancels = [new_id("CAN") for _ in range(4)]
        answers = at_once(
            [partial(merchant.change, "capture", payment, own, "30.00") for own in captures]
            + [partial(merchant.change, "cancel", payment, own) for own in cancels]
        )
        codes = Counter(answer.code for answer in answers)
        assert codes == {"S0000": 1, "B0012": 7}, codes
        won = next(answer for answer in answers if answer.code == "S0000")
        status = merchant.query("payment", payment)["payment"]["status"]
        assert status == ("Captured" if "capture" in won.body else "Cancelled")


def test_twenty_creates_with_one_id_make_one_payment(merchant: Merchant, new_id: NewId) -> None:
    payment = new_id("PAY")
    answers = at_once([lambda: merchant.payment(payment, "42.00") for _ in range(20)])
    codes = Counter(answer.code for answer in answers)
    assert codes == {"S0000": 1, "C0009": 19}, codes


def test_twenty_creates_under_one_idempotency_key_are_one_answer(
    merchant: Merchant, new_id: NewId
) -> None:
    payment, key = new_id("PAY"), {"Idempotency-Key": new_id("KEY")}
    body = {
        "merchantTransInfo": {
            "merchantTransID": payment,
            "merchantTransTime": "2026-03-04T09:10:11Z",
        },
        "transAmount": {"currency": "HKD", "value": "43.00"},
        "paymentMethod": {
            "type": "card",
            "card": {"cardInfo": {"cardNumber": "4761340000000043", "expiryDate": "1249"}},
        },
    }
    answers = at_once(
        [lambda: merchant.call("POST", "payment", body=body, headers=key) for _ in range(10)]
    )
    assert {answer.code for answer in answers} == {"S0000"}
    ids = {answer["payment"]["evoTransInfo"]["evoTransID"] for answer in answers}
    assert len(ids) == 1
    assert {answer["payment"]["status"] for answer in answers} <= {"Authorised", "Pending"}
