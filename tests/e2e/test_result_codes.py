"""Every result code that we say we send is sent: one documented request for each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from local.merchant_client import Answer, Merchant, trans_info
from local.stack import Stack
from tests.e2e import payer
from tests.support.operator import a_merchant
from tidegate.api.evocloud.result_codes import LINKPAY_CODES, RESULT_CODES

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
NewId = Callable[[str], str]
VISA = "4761340000000043"
WALLET = {"type": "e-wallet", "e-wallet": {"paymentBrand": "AlipayHK"}}
OUR_OWN_FAULT = "E0000"
LINK = "evo.e-commerce.linkpay"
V0 = "/g2/v0/payment/mer"


class Ways:
    """How each code is reached."""

    def __init__(
        self, stack: Stack, merchant: Merchant, others: tuple[Merchant, Merchant], new_id: NewId
    ) -> None:
        self.stack, self.merchant, self.new_id = stack, merchant, new_id
        self.strict, self.closed = others

    def pay(self, value: str = "10.00", currency: str = "HKD", **more: Any) -> Answer:
        shop = more.pop("shop", self.merchant)
        answer: Answer = shop.payment(more.pop("id", self.new_id("RC")), value, currency, **more)
        return answer

    def by(self, method: dict[str, Any], **more: Any) -> Answer:
        body = {
            "merchantTransInfo": trans_info(self.new_id("RC")),
            "transAmount": {"currency": "HKD", "value": "10.00"},
            "paymentMethod": method,
            **more,
        }
        return self.merchant.call("POST", "payment", body=body)

    def tokenize(self, **more: Any) -> Answer:
        card = {
            "vaultID": more.pop("vault", self.stack.store["vaultID"]),
            "cardInfo": {"cardNumber": more.pop("pan", VISA), "expiryDate": "1249"},
        }
        user = {"reference": "u", "email": "a@b.example", "locale": "en_US"}
        body = {
            "merchantTransInfo": trans_info(self.new_id("RC")),
            "paymentMethod": {"type": "card", "card": card},
            "userInfo": user,
            "transInitiator": {"platform": "WEB"},
            **more,
        }
        return self.merchant.call("POST", "paymentMethod", body=body)

    def unsigned(self, method: str, target: str) -> Answer:
        return self.merchant.send(method, target, b"", {})[0]

    def used_cryptogram(self) -> Answer:
        network = self.tokenize(networkTokenOnly=True)["paymentMethod"]["networkToken"]
        body = {
            "merchantTransInfo": trans_info(self.new_id("RC")),
            "paymentMethod": {"networkToken": {"tokenID": network["tokenID"]}},
        }
        made = self.merchant.call("POST", "cryptogram", body=body)["paymentMethod"]["networkToken"]
        names = ("value", "expiryDate", "tokenCryptogram", "eci", "paymentBrand")
        token = {"type": "networkToken", **{name: made[name] for name in names}}
        self.by({"token": token})
        return self.by({"token": token})

    def failed_authentication(self) -> Answer:
        given = {"type": "threeDSIntegrator", "browserInfo": {"language": "en"}}
        trans_id = self.new_id("RC")
        self.pay(
            id=trans_id, pan="4761340004000007", allowAuthentication=True, authentication=given
        )
        data = {"authentication": {"threeDS": {"redirectData": {"threeDSCompInd": "Y"}}}}
        query = {"merchantTransID": trans_id}
        return self.merchant.call("PUT", "payment", query=query, body=data)

    def after(self, kind: str, value: str, currency: str = "HKD") -> Answer:
        paid = self.pay()["payment"]["merchantTransInfo"]["merchantTransID"]
        return self.merchant.change(kind, paid, self.new_id("RC"), value, currency=currency)

    def twice(self) -> Answer:
        trans_id = self.new_id("RC")
        self.pay(id=trans_id)
        return self.pay(id=trans_id)

    def rate(self) -> Answer:
        pair = {"baseCurrency": "HKD", "quoteCurrency": "VND"}
        return self.merchant.call("GET", "FXRateInquiry", query=pair)

    def at_the_till(self, code: str) -> Answer:
        till = {"platform": "POS", "paymentScenario": "inStore", "inStorePaymentScenario": "CPM"}
        wallet = {"type": "e-wallet", "e-wallet": {"paymentCode": code}}
        return self.by(wallet, transInitiator=till)

    def of(self, **changes: Any) -> Merchant:
        mine = vars(self.merchant) | changes
        return Merchant(**mine)

    def table(self) -> dict[str, Callable[[], Answer]]:
        v1 = f"/g2/v1/payment/mer/{self.merchant.sid}"
        secret = base64.b64encode(b"nothing that our key opens").decode()
        return {
            "S0000": self.pay,
            "V0000": lambda: self.pay(currency="HKDX"),
            "V0001": lambda: self.merchant.call("POST", "payment", body={}),
            "V0002": lambda: self.pay(id="with a space"),
            "V0003": lambda: self.unsigned("GET", v1.replace("v1", "v9") + "/payment"),
            "V0004": lambda: self.by({"type": "card", "card": {"encryptedCardInfo": secret}}),
            "V0005": lambda: self.merchant.call("POST", "payment", body=b'{"a":1,"a":2}'),
            "V0006": lambda: self.unsigned("PATCH", f"{v1}/payment"),
            "V0007": lambda: self.pay(allowAuthentication=True),
            "V0008": lambda: self.by({"type": "e-wallet", "e-wallet": {"paymentBrand": "Visa"}}),
            "V0009": lambda: self.pay(localAmount={"currency": "USD", "value": "1.00"}),
            "V0010": lambda: self.pay(headers={"Authorization": "0" * 64}),
            "C0002": lambda: self.pay(shop=self.of(sid="S999999")),
            "C0004": lambda: self.merchant.query("payment", "never"),
            "C0006": lambda: self.tokenize(vault="SOMEBODY-ELSES"),
            "C0007": lambda: self.merchant.call(
                "GET", "paymentMethod", query={"userReference": "nobody"}
            ),
            "C0008": lambda: self.by({"token": {"value": "pmt_" + "0" * 32}}),
            "C0009": self.twice,
            "C0011": lambda: self.after("capture", "1.00", "USD"),
            "B0003": lambda: self.pay(shop=self.closed),
            "B0005": lambda: self.by({"type": "bankTransfer", "bankTransfer": {}}),
            "B0006": lambda: self.by({"type": "e-wallet", "e-wallet": {"paymentBrand": "DANA"}}),
            "B0007": lambda: self.pay(currency="CHF"),
            "B0009": lambda: self.pay(pan="6210940000000000"),
            "B0011": lambda: self.pay(authentication={"type": "SecurePlus"}),
            "B0012": lambda: self.after("refund", "1.00"),
            "B0013": lambda: self.after("capture", "10.01"),
            "B0019": lambda: self.pay(shop=self.strict, allowAuthentication=False),
            "B0021": self.failed_authentication,
            "B0032": lambda: self.tokenize(paymentMethod=WALLET),
            "B0033": lambda: self.pay(
                "999.00",
                shop=self.strict,
                authentication={"threeDS": {"mpiData": PROOF}},
            ),
            "B0035": self.rate,
            "B0040": lambda: self.pay(pan="4761340000000044"),
            "I0051": lambda: self.pay("10.51"),
            "I0054": lambda: self.pay("10.54"),
            "I0061": lambda: self.pay("10.61"),
            "I0093": lambda: self.pay("10.05"),
            "I0111": lambda: self.at_the_till("281234567890123400"),
            "P0000": lambda: self.tokenize(pan="4761730000000011", networkTokenOnly=True),
            "P0059": self.used_cryptogram,
            "P0098": lambda: self.pay("10.91"),
        }

    def order(self, **more: Any) -> Answer:
        order_id = more.pop("id", self.new_id("LP"))
        return self.merchant.link("POST", LINK, order_body(order_id, **more))

    def refund_order(self, order_id: str, refund_id: str, value: str) -> Answer:
        body = {
            "merchantTransInfo": trans_info(refund_id),
            "transAmount": {"currency": "HKD", "value": value},
        }
        return self.merchant.link("POST", f"{LINK}Refund/{order_id}", body)

    def paid_order(self) -> str:
        order_id = self.new_id("LP")
        link = self.order(id=order_id)["linkUrl"]
        card = {"cardNumber": VISA, "expiryDate": "1249", "cvc": "321"}
        page = json.loads(payer.post(f"{link}/payment", {"card": card}).text)
        payer.authenticate(page["attempt"]["action"]["url"])
        return order_id

    def order_again(self) -> Answer:
        order_id = self.new_id("LP")
        self.order(id=order_id)
        return self.order(id=order_id, value="8.00")

    def refund_again(self) -> Answer:
        order_id, refund_id = self.paid_order(), self.new_id("LPR")
        self.refund_order(order_id, refund_id, "1.00")
        return self.refund_order(order_id, refund_id, "1.00")

    def key_again(self) -> Answer:
        key = {"Idempotency-Key": self.new_id("KEY")}
        made = [
            self.merchant.call(
                "POST", LINK, body=order_body(self.new_id("LP")), headers=key, prefix=V0
            )
            for _ in range(2)
        ]
        return made[1]

    def closed_again(self) -> Answer:
        order_id = self.new_id("LP")
        self.order(id=order_id)
        for _ in range(2):
            body = {
                "merchantTransInfo": trans_info(self.new_id("LPC")),
                "transAmount": {"currency": "HKD", "value": "9.00"},
            }
            answer = self.merchant.link("POST", f"{LINK}CancelorRefund/{order_id}", body)
        return answer

    def linkpay_table(self) -> dict[str, Callable[[], Answer]]:
        v0 = f"/g2/v0/payment/mer/{self.merchant.sid}/{LINK}"
        unpaid = {"enabledPaymentMethod": ["DANA"]}
        return {
            "S0000": self.order,
            "V0000": lambda: self.order(currency="HKDX"),
            "V0001": lambda: self.merchant.link("POST", LINK, {}),
            "V0002": lambda: self.order(validTime=1),
            "V0003": lambda: self.unsigned("GET", v0.replace("v0", "v9")),
            "V0005": lambda: self.merchant.call("POST", LINK, body=b"{", prefix=V0),
            "V0006": lambda: self.unsigned("PUT", v0),
            "C0009": self.refund_again,
            "C0011": self.key_again,
            "B0001": lambda: self.of(sid="S999999").link("GET", f"{LINK}/LP-1"),
            "B0004": lambda: self.closed.link("GET", f"{LINK}/LP-1"),
            "B0007": lambda: self.merchant.link("GET", f"{LINK}/LP-1", Authorization="0" * 64),
            "B0008": lambda: self.merchant.call("POST", LINK, body=b"", prefix=V0),
            "B0010": lambda: self.order(info=unpaid),
            "B0014": lambda: self.refund_order(
                self.order()["merchantOrderInfo"]["merchantOrderID"], self.new_id("LPR"), "1.00"
            ),
            "B0016": lambda: self.order(currency="CHF"),
            "B0017": lambda: self.order(value="0.001"),
            "B0019": self.order_again,
            "B0024": lambda: self.merchant.link("GET", f"{LINK}/nothing"),
            "B0027": self.closed_again,
            "B0044": lambda: self.refund_order(self.paid_order(), self.new_id("LPR"), "9.01"),
        }


def order_body(order_id: str, **more: Any) -> dict[str, Any]:
    info = {
        "merchantOrderID": order_id,
        "merchantOrderTime": "2026-03-04T09:10:11Z",
        **more.pop("info", {}),
    }
    amount = {"currency": more.pop("currency", "HKD"), "value": more.pop("value", "9.00")}
    return {"merchantOrderInfo": info, "transAmount": amount, **more}


PROOF = {
    "cavv": "AAABBBCCCDDDEEEFFFGGGHHH000=",
    "eci": "05",
    "dsTransID": "6b0c2f0e-5a40-4a4f-9a52-0c7a7f6b1d11",
}


@pytest.fixture(scope="module")
def others(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Merchant, Merchant]:
    """A store that authenticates every payer and takes no more than 500.00; and a closed one."""
    folder = tmp_path_factory.mktemp("stores")
    limits = {"authentication": "required", "risk": {"maxAmountMinor": 50_000}}
    strict = a_merchant(stack, folder, "S024191", **limits)
    return strict, a_merchant(stack, folder, "S024192", active=False)


def told(table: dict[str, Any]) -> list[str]:
    """Codes that we say we send, our own fault aside."""
    return [code for code, known in table.items() if known.reached_by and code != OUR_OWN_FAULT]


@pytest.mark.parametrize("code", told(RESULT_CODES))
def test_a_code_of_the_merchant_api(
    stack: Stack, merchant: Merchant, others: tuple[Merchant, Merchant], new_id: NewId, code: str
) -> None:
    ways = Ways(stack, merchant, others, new_id).table()
    assert set(ways) == set(told(RESULT_CODES))
    answer = ways[code]()
    assert answer.code == code, answer.body
    assert answer.http_status == {"V0003": 404, "V0006": 405}.get(code, 200)


@pytest.mark.parametrize("code", told(LINKPAY_CODES))
def test_a_code_of_linkpay(
    stack: Stack, merchant: Merchant, others: tuple[Merchant, Merchant], new_id: NewId, code: str
) -> None:
    ways = Ways(stack, merchant, others, new_id).linkpay_table()
    assert set(ways) == set(told(LINKPAY_CODES))
    answer = ways[code]()
    assert answer.code == code, answer.body
