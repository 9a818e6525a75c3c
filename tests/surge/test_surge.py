"""Ten times the load, most of it on one store: every request is answered, every count is exact, and
no other store notices.

The steady load is three payments a second; that store may send eight.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from local.merchant_client import Answer, Merchant
from local.stack import Stack
from tests.support.operator import a_merchant

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("surge")]
PER_SECOND, HOT_SHARE, LIMIT = 30, 0.8, 8
REFUSED = "B0033"


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.long)])
def test_a_surge_on_one_store(stack: Stack, tmp_path: Path, seconds: int) -> None:
    hot = a_merchant(stack, tmp_path, f"S70{seconds:04d}", requestsPerS=LIMIT)
    cold = a_merchant(stack, tmp_path, f"S71{seconds:04d}", requestsPerS=None)
    kept = [hot.payment(f"KEPT-{number}", "20.00") for number in range(2)]
    assert [one.code for one in kept] == ["S0000", "S0000"]

    answers = surge(hot, cold, seconds)
    assert len(answers) == seconds * PER_SECOND
    assert {one.code for one in answers.values()} <= {"S0000", REFUSED}
    assert {a.code for (shop, _), a in answers.items() if shop == "cold"} == {"S0000"}

    refused = [trans_id for (_, trans_id), one in answers.items() if one.code == REFUSED]
    for (_, trans_id), answer in answers.items():
        if answer.code == REFUSED:
            assert answer.http_status == 429, trans_id
            assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert refused, "nothing was refused: this was no surge"

    # What finishes a payment is let through while what begins one is not.
    assert hot.payment("ONE-MORE", "20.00").code in {REFUSED, "S0000"}
    assert hot.change("capture", "KEPT-0", "KEPT-CAPTURE", "20.00").code == "S0000"

    # To the payment: what was acknowledged is there, what was refused left nothing.
    for (shop, trans_id), answer in answers.items():
        found = (hot if shop == "hot" else cold).query("payment", trans_id)
        assert (found.code == "S0000") == (answer.code == "S0000"), trans_id

    time.sleep(int(answers[("hot", refused[0])].headers["retry-after"]))
    again = hot.payment(refused[0], "20.00")
    assert (again.code, again["payment"]["status"]) == ("S0000", "Authorised")


def surge(hot: Merchant, cold: Merchant, seconds: int) -> dict[tuple[str, str], Answer]:
    """Requests at their times, whether or not earlier ones were answered."""
    random, waiting = Random(seconds), {}
    with ThreadPoolExecutor(24) as pool:
        began = time.monotonic()
        for number in range(seconds * PER_SECOND):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            shop = "hot" if random.random() < HOT_SHARE else "cold"
            call: Future[Answer] = pool.submit(
                (hot if shop == "hot" else cold).payment, f"SURGE-{number}", "20.00"
            )
            waiting[shop, f"SURGE-{number}"] = call
    answers = {name: call.result() for name, call in waiting.items()}
    print(Counter((shop, answer.code) for (shop, _), answer in answers.items()))
    return answers
