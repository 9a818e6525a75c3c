"""EMV 3-D Secure over HTTP: every outcome of the access control server, page and integrator mode,
a soft decline that is stepped up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Answer, Merchant
from local.stack import Stack
from tests.e2e import payer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
BACK = "https://shop.example/back?order=7"
FINISHED = f"{BACK}&status=finished"
FRICTIONLESS = {"Visa": "4761340000000043", "Mastercard": "5120350100064594"}


def begin(merchant: Merchant, trans_id: str, pan: str, **more: Any) -> Answer:
    given = {"allowAuthentication": True, "returnURL": BACK, **more}
    return merchant.payment(trans_id, "40.00", pan=pan, **given)


@pytest.mark.parametrize(
    ("pan", "status", "eci"),
    [
        (FRICTIONLESS["Visa"], "Y", "05"),
        ("4761340001000000", "A", "06"),
        ("4761340002000009", "Y", "05"),
        (FRICTIONLESS["Mastercard"], "Y", "02"),
        ("5120350001000002", "A", "01"),
        ("5120350002000001", "Y", "02"),
    ],
)
def test_an_authenticated_payment_goes_on(
    merchant: Merchant, new_id: NewId, pan: str, status: str, eci: str
) -> None:
    trans_id = new_id("P3D")
    begun = begin(merchant, trans_id, pan)
    assert begun["payment"]["status"] == "Verifying"
    assert begun["action"]["type"] == "threeDSRedirect"
    assert payer.authenticate(begun["action"]["threeDSData"]["url"]) == FINISHED
    found = merchant.query("payment", trans_id)
    assert found["payment"]["status"] == "Authorised"
    assert found["payment"]["pspTransInfo"]["cvcCheckResult"] == "M"
    proof = found["authentication"]["threeDS"]["mpiData"]
    assert (proof["status"], proof["eci"], len(proof["cavv"])) == (status, eci, 28)
    assert "action" not in found.body


@pytest.mark.parametrize(
    "pan",
    [
        "4761340003000008",
        "4761340004000007",
        "4761340005000006",
        "4761340006000005",
        "4761340007000004",
        "5120350004000009",
    ],
)
def test_a_payer_who_is_not_authenticated_is_not_charged(
    stack: Stack, merchant: Merchant, new_id: NewId, pan: str
) -> None:
    trans_id = new_id("P3D")
    begun = begin(merchant, trans_id, pan)
    assert payer.authenticate(begun["action"]["threeDSData"]["url"]) == FINISHED
    payment = merchant.query("payment", trans_id)["payment"]
    assert (payment["status"], payment["failureCode"]) == ("Failed", "B0021")
    host = "visa" if pan.startswith("4") else "mastercard"
    books = json.loads(payer.get(f"{stack.url(host)}/books").text)
    rrn = payment["evoTransInfo"]["retrievalReferenceNum"]
    assert rrn not in {one["rrn"] for one in books["authorizations"]}


def test_a_wrong_code_three_times(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("P3D")
    begun = begin(merchant, trans_id, "4761340002000009")
    payer.authenticate(begun["action"]["threeDSData"]["url"], code="000000")
    assert merchant.query("payment", trans_id)["payment"]["failureCode"] == "B0021"


def test_authentication_alone(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("P3O")
    begun = begin(merchant, trans_id, FRICTIONLESS["Visa"], authenticationOnly=True)
    payer.authenticate(begun["action"]["threeDSData"]["url"])
    payment = merchant.query("payment", trans_id)["payment"]
    assert payment["status"] == "Verified"
    assert "pspTransInfo" not in payment


def test_a_cardholder_cannot_say_himself_how_his_challenge_ended(
    merchant: Merchant, new_id: NewId
) -> None:
    trans_id = new_id("P3F")
    given = {"type": "threeDSIntegrator"}
    begun = begin(merchant, trans_id, "4761340003000008", authentication=given)
    step = put(merchant, trans_id, threeDSComplnd="Y")
    page = step["action"]["threeDSData"]["url"].removesuffix("/challenge")
    known = json.loads(payer.decoded(payer.hidden(payer.get(f"{page}/challenge").text)["creq"]))
    forged = {
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": known["threeDSServerTransID"],
        "acsTransID": known["acsTransID"],
        "dsTransID": known["acsTransID"],
        "transStatus": "Y",
        "eci": "05",
        "authenticationValue": "AAABBBCCCDDDEEEFFFGGGHHH000=",
    }
    assert begun["payment"]["status"] == "Verifying"
    assert payer.post(f"{page}/results", forged).status == 404
    assert put(merchant, trans_id, threeDSFinished="Y")["payment"]["status"] == "Failed"


def test_a_proof_from_elsewhere(merchant: Merchant, new_id: NewId) -> None:
    proof = {
        "cavv": "AAABBBCCCDDDEEEFFFGGGHHH000=",
        "eci": "05",
        "dsTransID": "6b0c2f0e-5a40-4a4f-9a52-0c7a7f6b1d11",
        "threeDSVersion": "2.2.0",
    }
    paid = merchant.payment(new_id("P3E"), "40.00", authentication={"threeDS": {"mpiData": proof}})
    assert paid["payment"]["status"] == "Authorised"
    assert paid["authentication"]["threeDS"]["mpiData"]["eci"] == "05"
    unproven = proof | {"eci": "07"}
    paid = merchant.payment(
        new_id("P3E"), "40.00", authentication={"threeDS": {"mpiData": unproven}}
    )
    assert paid["payment"]["status"] == "Authorised"
    assert paid["authentication"]["threeDS"]["mpiData"]["status"] == "U"
    spoilt = proof | {"cavv": "AAAA"}
    refused = merchant.payment(
        new_id("P3E"), "40.00", authentication={"threeDS": {"mpiData": spoilt}}
    )
    assert refused.code == "V0002"
    del proof["dsTransID"]
    refused = merchant.payment(
        new_id("P3E"), "40.00", authentication={"threeDS": {"mpiData": proof}}
    )
    assert refused.code == "V0007"


def test_the_merchants_own_page_runs_the_steps(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("P3I")
    given = {"type": "threeDSIntegrator", "browserInfo": {"colorDepth": 24, "language": "en"}}
    begun = begin(merchant, trans_id, "4761340002000009", authentication=given)
    assert begun["action"]["type"] == "threeDSIdentify"
    assert "threeDSMethodData" in payer.get(begun["action"]["threeDSData"]["url"]).text
    step = put(merchant, trans_id, threeDSComplnd="Y")
    assert step["action"]["type"] == "threeDSChallenge"
    early = put(merchant, trans_id, threeDSCompInd="Y")
    assert early.code == "B0012"
    page = payer.get(step["action"]["threeDSData"]["url"]).text
    url = page.split('action="')[1].split('"')[0]
    assert payer.challenge({"url": url, **payer.hidden(page)}) == FINISHED
    assert merchant.query("payment", trans_id)["payment"]["status"] == "Verifying"
    key = new_id("key")
    done = put(merchant, trans_id, key, threeDSFinished="Y")
    assert (done.code, done["payment"]["status"]) == ("S0000", "Authorised")
    again = put(merchant, trans_id, key, threeDSFinished="Y")
    assert (again.code, again["payment"]) == ("S0000", done["payment"])
    assert put(merchant, trans_id, threeDSFinished="Y").code == "B0012"


def put(merchant: Merchant, trans_id: str, key: str | None = None, **data: str) -> Answer:
    body = {"authentication": {"threeDS": {"redirectData": data}}}
    query = {"merchantTransID": trans_id}
    headers = {"Idempotency-Key": key} if key else None
    return merchant.call("PUT", "payment", query=query, body=body, headers=headers)


def test_a_soft_decline_is_stepped_up(merchant: Merchant, new_id: NewId) -> None:
    trans_id = new_id("P65")
    soft = merchant.payment(trans_id, "40.65", returnURL=BACK)
    assert (soft.code, soft["payment"]["status"]) == ("S0000", "Verifying")
    payer.authenticate(soft["action"]["threeDSData"]["url"])
    assert merchant.query("payment", trans_id)["payment"]["status"] == "Authorised"
    hopeless = merchant.payment(new_id("P65"), "40.65")
    assert (hopeless.code, hopeless["payment"]["status"]) == ("B0019", "Failed")


def test_a_stranger_finds_no_payment(stack: Stack) -> None:
    assert payer.get(f"{stack.base_url}/g2/3ds/bm90aGluZw").status == 404
    assert payer.post(f"{stack.base_url}/g2/3ds/bm90aGluZw", {}).status == 404
