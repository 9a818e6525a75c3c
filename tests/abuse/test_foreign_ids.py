"""What belongs to another store is not there: the same answer, to the letter, as for what nobody
has ever made, so that nothing can be found out by asking."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from local.merchant_client import Answer, Merchant, trans_info
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.wire import a_payment
from tests.e2e import payer

NewId = Callable[[str], str]
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("abuse")]
VISA = "4761739999000213"
MASTERCARD = {"cardNumber": "5120350100064594", "expiryDate": "1228", "cvc": "123"}
LINK = "evo.e-commerce.linkpay"


class Owned(NamedTuple):
    """One of everything that a store can own."""

    payment: str
    capture: str
    refund: str
    undone: str
    tokenization: str
    token: str
    network_token: str
    cryptogram: str
    user: str
    payout: str
    quote: str
    order: str
    link: str
    held: str
    ticket: str
    vault: str


@pytest.fixture(scope="module")
def owned(shop: Merchant) -> Owned:
    """What the attacked store has; nothing of it is a guess for the attacker."""
    run = secrets.token_hex(4)
    made = {name: f"{name}-{run}" for name in Owned._fields}
    assert shop.payment(made["payment"], "20.00").code == "S0000"
    assert shop.change("capture", made["payment"], made["capture"], "20.00").code == "S0000"
    assert shop.change("refund", made["payment"], made["refund"], "5.00").code == "S0000"
    shop.payment(f"to-be-undone-{run}", "20.00")
    assert shop.change("cancelOrRefund", f"to-be-undone-{run}", made["undone"]).code == "S0000"
    kept = shop.call("POST", "paymentMethod", body=keeping(made["tokenization"], "VAULT-SHOP"))
    made["token"] = kept["paymentMethod"]["token"]["value"]
    made["network_token"] = kept["paymentMethod"]["networkToken"]["tokenID"]
    made["user"] = "cust-1"
    asked = cryptogram_of(made["network_token"], made["cryptogram"])
    assert shop.call("POST", "cryptogram", body=asked).code == "S0000"
    pushed = paid_out(made["payout"])
    assert shop.call("POST", "payout", body=pushed).code == "S0000"
    assert shop.call("POST", "FXRateInquiry", body=quoted(made["quote"])).code == "S0000"
    order = shop.link("POST", LINK, ordered(made["order"]))
    made["link"] = order["linkUrl"].rpartition("/")[2]
    asked_for: dict[str, Any] = {
        "allowAuthentication": True,
        "returnURL": "https://shop.example/back",
    }
    waiting = shop.payment(made["held"], "20.00", pan="5431289719925031", **asked_for)
    made["ticket"] = waiting["action"]["threeDSData"]["url"].partition("#")[0].rpartition("/")[2]
    made["vault"] = "VAULT-SHOP"
    return Owned(**made)


def keeping(trans_id: str, vault: str) -> dict[str, Any]:
    return {
        "merchantTransInfo": trans_info(trans_id),
        "paymentMethod": {"type": "card", "card": {"vaultID": vault, "cardInfo": MASTERCARD}},
        "userInfo": {"reference": "cust-1"},
        "transInitiator": {"platform": "WEB"},
    }


def cryptogram_of(token_id: str, trans_id: str) -> dict[str, Any]:
    means = {"networkToken": {"tokenID": token_id}, "type": "networkToken"}
    return {"merchantTransInfo": trans_info(trans_id), "paymentMethod": means}


def paid_out(trans_id: str) -> dict[str, Any]:
    return a_payment(
        trans_id,
        "5.00",
        paymentMethod={"type": "card", "card": {"payoutCardInfo": {"cardNumber": VISA}}},
        tradeInfo={"tradeType": "Funds_Disbursement", "purposeOfPayment": "OCT"},
    )


def quoted(trans_id: str) -> dict[str, Any]:
    return {
        "merchantTransInfo": trans_info(trans_id),
        "localAmount": {"currency": "HKD", "value": "780.00"},
        "transAmount": {"currency": "USD"},
    }


def ordered(order_id: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    info = {"merchantOrderID": order_id, "merchantOrderTime": now}
    return {"merchantOrderInfo": info, "transAmount": {"currency": "HKD", "value": "100.00"}}


class Probe(NamedTuple):
    """One way to use an id: ``query`` and ``body`` are given it."""

    method: str
    operation: str
    kind: str
    query: str = ""
    body: Callable[[str, str], dict[str, Any]] | None = None
    expected: str = "C0004"


def changing(_id: str, own: str) -> dict[str, Any]:
    amount = {"currency": "HKD", "value": "1.00"}
    return {"merchantTransInfo": trans_info(own), "transAmount": amount}


def by_token(value: str, own: str) -> dict[str, Any]:
    return a_payment(own, paymentMethod={"token": {"value": value}})


AUTHENTICATED: dict[str, Any] = {
    "authentication": {"threeDS": {"redirectData": {"threeDSFinished": "Y"}}}
}
PROBES = {
    **{
        f"GET {operation}": Probe("GET", operation, kind, "merchantTransID")
        for operation, kind in {
            "payment": "payment",
            "capture": "capture",
            "refund": "refund",
            "cancel": "undone",
            "cancelOrRefund": "undone",
            "paymentMethod": "tokenization",
            "cryptogram": "cryptogram",
            "payout": "payout",
        }.items()
    },
    **{
        f"POST {operation}": Probe("POST", operation, "payment", "merchantTransID", changing)
        for operation in ("capture", "cancel", "refund", "cancelOrRefund")
    },
    "GET refund by its payment": Probe("GET", "refund", "payment", "merchantTransID"),
    "PUT payment": Probe("PUT", "payment", "held", "merchantTransID", lambda *_: AUTHENTICATED),
    "GET token": Probe("GET", "paymentMethod", "token", "token", expected="C0008"),
    "GET user": Probe("GET", "paymentMethod", "user", "userReference", expected="C0007"),
    "DELETE token": Probe("DELETE", "paymentMethod", "token", "token", expected="C0008"),
    "DELETE network token": Probe(
        "DELETE", "paymentMethod", "network_token", "networkTokenID", expected="C0008"
    ),
    "PUT token": Probe(
        "PUT",
        "paymentMethod",
        "token",
        "token",
        lambda *_: {"paymentMethod": {"token": {"status": "disabled"}}},
        "C0008",
    ),
    "pay by token": Probe("POST", "payment", "token", "", by_token, "C0008"),
    "cryptogram of a token": Probe(
        "POST", "cryptogram", "network_token", "", cryptogram_of, "C0008"
    ),
    "pay at a quote": Probe(
        "POST",
        "payment",
        "quote",
        "merchantTransID",
        lambda _, own: a_payment(own, localAmount={"currency": "HKD", "value": "780.00"}),
    ),
    "keep in a vault": Probe(
        "POST", "paymentMethod", "vault", "", lambda vault, own: keeping(own, vault), "C0006"
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_another_stores_id_is_as_absent_as_one_that_never_was(
    mallory: Merchant, owned: Owned, new_id: NewId, audited: Audited, name: str
) -> None:
    probe = PROBES[name]
    foreign = getattr(owned, probe.kind)
    absent = foreign[:-3] + "000"

    def ask(of: str) -> tuple[int, str]:
        body = probe.body(of, new_id("MINE")) if probe.body else None
        query = {probe.query: of} if probe.query else None
        answer = mallory.call(probe.method, probe.operation, query=query, body=body)
        return answer.http_status, json.dumps(answer.body).replace(of, "ID")

    assert ask(foreign) == ask(absent)
    audited("reference", sid=mallory.sid, code=probe.expected)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{LINK}/{{}}", None),
        ("GET", f"{LINK}Refund/{{}}", None),
        ("POST", f"{LINK}Refund/{{}}", {"transAmount": {"currency": "HKD", "value": "1.00"}}),
        (
            "POST",
            f"{LINK}CancelorRefund/{{}}",
            {"transAmount": {"currency": "HKD", "value": "1.00"}},
        ),
    ],
)
def test_another_stores_order(
    mallory: Merchant,
    owned: Owned,
    new_id: NewId,
    audited: Audited,
    method: str,
    path: str,
    body: Any,
) -> None:
    def ask(order_id: str) -> tuple[int, str]:
        sent = None if body is None else body | {"merchantTransInfo": trans_info(new_id("MINE"))}
        answer = mallory.link(method, path.format(order_id), sent)
        return answer.http_status, json.dumps(answer.body).replace(order_id, "ID")

    assert ask(owned.order) == ask("order-of-nobody")
    audited("reference", sid=mallory.sid)


def test_the_shop_still_has_all_of_it(shop: Merchant, owned: Owned, new_id: NewId) -> None:
    assert shop.query("payment", owned.payment)["payment"]["status"] == "Partial Refunded"
    charged = shop.call("POST", "payment", body=by_token(owned.token, new_id("CHARGE")))
    assert charged["payment"]["status"] == "Authorised"
    order = shop.link("GET", f"{LINK}/{owned.order}")
    assert order["merchantOrderInfo"]["status"] == "Pending"


@pytest.mark.parametrize("kind", ["link", "ticket"])
def test_an_address_for_payers_needs_its_secret(
    stack: Stack, owned: Owned, audited: Audited, kind: str
) -> None:
    """Who knows a store's and an order's or payment's id still knows no address."""
    address = getattr(owned, kind)
    sid, thing, secret = base64.urlsafe_b64decode(address + "==").decode().split("|")
    assert len(secret) >= 32, "128 bits that nobody guesses"
    where = {
        "link": f"{stack.base_url}/g2/pay/{{}}/order",
        "ticket": f"{stack.base_url}/g2/3ds/{{}}",
    }[kind]
    assert payer.get(where.format(address)).status == 200

    def named(*parts: str) -> payer.Seen:
        name = base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")
        return payer.get(where.format(name))

    wrong = named(sid, thing, secret[:-1] + ("0" if secret[-1] != "0" else "1"))
    absent = named(sid, "nothing", secret)
    foreign = named("S820002", thing, secret)
    assert wrong == absent == foreign == payer.get(where.format("AAAA"))
    assert wrong.status == 404
    audited("reference", code={"link": "C0005", "ticket": "C0004"}[kind])


def test_a_wallets_notice_is_believed_by_its_signature_alone(
    stack: Stack, owned: Owned, shop: Merchant, audited: Audited
) -> None:
    """The same refusal whether or not there is such a payment."""
    body = {"notifyType": "PAYMENT_RESULT", "paymentResult": {"resultStatus": "S"}}
    answers = [
        payer.post(f"{stack.base_url}/g2/wallets/alipayplus/{shop.sid}/{trans_id}", body)
        for trans_id in (owned.payment, "nothing")
    ]
    assert answers[0] == answers[1]
    assert answers[0].status == 400
    audited("signature", sid=shop.sid, network="alipayplus", code="V0010")


@pytest.mark.parametrize(
    "spelling", ["S81000%31", "%53810001", "S810001%20", "S810001%2F..%2FS820002"]
)
def test_a_store_in_other_letters_needs_its_key_all_the_same(
    mallory: Merchant, owned: Owned, spelling: str
) -> None:
    """Signed by the attacker for the path as he sends it, and for the path as it is decoded."""
    target = f"/g2/v1/payment/mer/{spelling}/payment?merchantTransID={owned.payment}"
    answer: Answer = mallory.send("GET", target, b"", mallory.headers("GET", target, b""))[0]
    assert answer.code in {"V0010", "C0002", "V0003", "V0002"}
    assert "payment" not in answer.body


def test_no_store_is_named_in_a_body(mallory: Merchant, shop: Merchant, new_id: NewId) -> None:
    trans_id = new_id("SID")
    body = a_payment(trans_id) | {"sid": shop.sid, "storeInfo": {"sid": shop.sid}}
    assert mallory.call("POST", "payment", body=body).code == "S0000"
    assert shop.query("payment", trans_id).code == "C0004"
    assert mallory.query("payment", trans_id).code == "S0000"
