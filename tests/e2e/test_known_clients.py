"""CardInfoLink's published clients, unchanged, from the environment of their own: create, pay,
query, refund. And schemathesis over our OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT
from local.environments import python as interpreter_of
from local.stack import Stack
from tests.e2e.conftest import eventually
from tidegate.api.evocloud.operations import OPERATIONS

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
CLIENTS = Path(__file__).resolve().parents[1] / "clients"


@pytest.fixture
def drive(stack: Stack) -> Callable[..., dict[str, Any]]:
    """Runs one program of ``tests/clients`` against the stack."""
    environment = {
        "PATH": os.environ["PATH"],
        "EVOCLOUD_BASE_URL": stack.store["baseUrl"],
        "EVOCLOUD_SID": stack.store["sid"],
        "EVOCLOUD_SIGN_KEY": stack.store["signKey"],
    }

    def run(program: str, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [str(interpreter_of("clients")), str(CLIENTS / f"{program}.py"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
        return found

    return run


def pay(link_url: str) -> None:
    """What the payer does on the page; the card is one that needs no challenge."""
    page = json.loads(
        post(
            f"{link_url}/payment",
            {"card": {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}},
        )
    )
    ticket, _, sealed = page["attempt"]["action"]["url"].partition("#")
    done = json.loads(post(ticket, {"browser": {}, "sealed": sealed, "methodCompleted": "Y"}))
    assert done["next"] == "done"


def post(url: str, body: dict[str, Any]) -> bytes:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def test_the_python_sdk_creates_queries_and_refunds(
    drive: Callable[..., dict[str, Any]], new_id: NewId
) -> None:
    order_id, refund_id = new_id("SDK"), new_id("SDKR")
    made = drive("sdk", "create", order_id, "88.00")
    assert made["result"]["code"] == "S0000"
    assert drive("sdk", "query", order_id)["merchant_order_info"]["status"] == "Pending"
    pay(made["link_url"])
    found = drive("sdk", "query", order_id)
    assert found["merchant_order_info"]["status"] == "Paid"
    refund = drive("sdk", "refund", order_id, refund_id, "30.00")
    assert refund["status"] == "succeeded"
    assert drive("sdk", "refund-query", refund_id)["status"] == "succeeded"
    status = drive("sdk", "query", order_id)["merchant_order_info"]["status"]
    assert status == "Partial Refunded"


def test_the_python_sdk_reads_our_refusals(
    drive: Callable[..., dict[str, Any]], new_id: NewId
) -> None:
    assert "B0024" in drive("sdk", "query", new_id("NONE"))["error"]


def test_a_create_that_the_sdk_repeats_is_the_same_order(
    drive: Callable[..., dict[str, Any]], new_id: NewId
) -> None:
    order_id = new_id("SDK")
    first, again = (drive("sdk", "create", order_id, "88.00") for _ in range(2))
    assert first["link_url"] == again["link_url"]
    assert "B0019" in drive("sdk", "create", order_id, "89.00")["error"]


def test_the_agent_toolkit_creates_queries_and_refunds(
    drive: Callable[..., dict[str, Any]], new_id: NewId
) -> None:
    order_id = new_id("KIT")
    given = {"merchant_order_id": order_id, "currency": "HKD", "amount": "20.00"}
    made = drive("toolkit", "create_linkpay_order", json.dumps(given))
    assert made["success"] is True, made
    link = next(value for key, value in made["data"].items() if "link" in key.lower())
    pay(link)
    query = json.dumps({"merchant_order_id": order_id})

    def paid() -> bool:
        found = drive("toolkit", "query_linkpay_order", query)
        return found["success"] is True and "Paid" in json.dumps(found["data"])

    eventually(paid)
    given = {
        "original_merchant_order_id": order_id,
        "merchant_trans_id": new_id("KITR"),
        "currency": "HKD",
        "refund_amount": "5.00",
        "reason": "requested_by_customer",
    }
    refund = drive("toolkit", "create_linkpay_refund", json.dumps(given))
    assert refund["success"] is True, refund


def test_the_document_is_served_and_every_operation_is_routed(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.base_url}/openapi.json", timeout=10) as answer:
        document = json.load(answer)
    assert document["openapi"].startswith("3.1")
    methods = [name for item in document["paths"].values() for name in item]
    assert len(methods) - methods.count("parameters") == len(OPERATIONS)


@pytest.mark.parametrize(
    "examples", [12, pytest.param(200, marks=pytest.mark.long)], ids=["300", "5000"]
)
def test_schemathesis_finds_no_fault_and_nothing_undocumented(
    stack: Stack, tmp_path: Path, examples: int
) -> None:
    """About ``examples`` requests of each of the 26 operations, signed as a merchant's are."""
    done = subprocess.run(
        [
            str(interpreter_of("clients").with_name("schemathesis")),
            "run",
            f"{stack.base_url}/openapi.json",
            "--max-examples",
            str(examples),
            "--phases",
            "fuzzing",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_schema_conformance",
            "--seed",
            "20250304",
            "--workers",
            "1",  # Python 3.11 parses no source in two threads at once, and hypothesis may
            "--request-timeout",
            "40",
            "--no-color",
            "--report-har-path",
            str(tmp_path / "requests.har"),
        ],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SCHEMATHESIS_HOOKS": "tests.clients.signing",
            "PYTHONPATH": str(ROOT),
            "EVO_SIGN_KEY": stack.store["signKey"],
            "EVO_MERCHANT_SID": stack.store["sid"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
