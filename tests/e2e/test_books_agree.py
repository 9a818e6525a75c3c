"""Whatever was lost on the way: in the end the hosts' books and ours say the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
NewId = Callable[[str], str]

AMOUNTS = ["10.62", "20.68", "30.00", "40.62", "50.00", "60.68", "70.51"]
CARDS = {"visa": ("4761340000000043", "1249"), "mastercard": ("5120350100064594", "1030")}
UNKNOWN = {"Pending"}
SIDE_BY_SIDE = 7


def test_any_mix_of_lost_answers_ends_with_equal_books(
    stack: Stack, merchant: Merchant, new_id: NewId
) -> None:
    operations = Operations(stack)
    ours: dict[str, tuple[str, str]] = {}
    answers = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as payers:  # each waits for what does not come
        for value in AMOUNTS:
            for network, (pan, expiry) in CARDS.items():
                trans_id = new_id("MIX")
                ours[trans_id] = network, value
                pay = partial(merchant.payment, trans_id, value, pan=pan, expiry=expiry)
                answers.append(payers.submit(pay))
    assert all(answer.result() for answer in answers)

    refunded, refund = new_id("MIX"), new_id("REF")
    ours[refunded] = "visa", "90.00"
    merchant.payment(refunded, "90.00", captureAfterHours="0")
    lost = merchant.change("refund", refunded, refund, "10.62")
    assert lost["refund"]["status"] in {"Received", "Failed"}

    def settled() -> bool:
        operations.sweep()
        return not UNKNOWN & {
            str(merchant.query("payment", trans_id)["payment"]["status"]) for trans_id in ours
        }

    eventually(settled, within_s=120, every_s=2)
    eventually(lambda: merchant.query("refund", refund)["refund"]["status"] == "Failed")

    booked = {
        (network, entry["rrn"]): entry["remaining_minor"]
        for network in ("visa", "mastercard")
        for entry in operations.books(network)["authorizations"]
        if not entry["reversed"]
    }
    for trans_id, (network, value) in ours.items():
        payment = merchant.query("payment", trans_id)["payment"]
        expected = 0
        if payment["status"] in {"Authorised", "Captured"}:
            expected = int(value.replace(".", ""))
        rrn = payment["evoTransInfo"]["retrievalReferenceNum"]
        assert booked.get((network, rrn), 0) == expected, (trans_id, value, payment["status"])
    found = merchant.query("refund", refund)["refund"]["evoTransInfo"]
    assert booked.get(("visa", found["retrievalReferenceNum"]), 0) == 0
