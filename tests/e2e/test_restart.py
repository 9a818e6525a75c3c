"""A stack that is stopped and started again has everything it acknowledged."""

from __future__ import annotations

import pytest

from local.merchant_client import Merchant
from local.operations import Operations
from local.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("restart")]


def test_what_was_acknowledged_is_found_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    state_dir = tmp_path_factory.mktemp("restart")
    acknowledged: dict[str, str] = {}
    with Stack(state_dir) as stack:
        merchant = _merchant(stack)
        for number in range(12):
            answer = merchant.payment(f"KEEP-{number}", f"{10 + number}.00")
            acknowledged[f"KEEP-{number}"] = answer["payment"]["evoTransInfo"]["evoTransID"]
        merchant.change("capture", "KEEP-0", "CAP-0", "10.00")
    with Stack(state_dir) as stack:
        merchant = _merchant(stack)
        for trans_id, evo_id in acknowledged.items():
            found = merchant.query("payment", trans_id)
            assert found["payment"]["evoTransInfo"]["evoTransID"] == evo_id
        assert merchant.query("capture", "CAP-0")["payment"]["status"] == "Captured"
        assert merchant.change("refund", "KEEP-0", "REF-0", "10.00").code == "S0000"
        booked = Operations(stack).books("visa")["authorizations"]
        assert sum(one["kind"] == "purchase" for one in booked) == len(acknowledged)


def _merchant(stack: Stack) -> Merchant:
    store = stack.store
    return Merchant(store["baseUrl"], store["sid"], store["signKey"], store["signType"])
