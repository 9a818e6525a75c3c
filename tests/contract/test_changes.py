"""What may be done to which payment, and what is answered where it may not (contract, sections
2.8 to 2.10)."""

from __future__ import annotations

import pytest

from tests.support.cards import TO_BE_CONFIRMED
from tests.support.gateway import Gateway
from tidegate.api.evocloud import responses, responses_tokens
from tidegate.domain.brands import brand_named
from tidegate.domain.errors import (
    DuplicateTransaction,
    FieldMismatch,
    OperationUnsupported,
    WrongStatus,
)
from tidegate.domain.transitions import Status
from tidegate.services.commands import PayByWallet

DAY_S = 24 * 3600
WALLET = PayByWallet("redirect", "AlipayHK")


def test_a_wallet_has_no_separate_capture() -> None:
    gateway = Gateway()
    assert gateway.pay(means=WALLET).status is Status.CAPTURED
    with pytest.raises(OperationUnsupported):
        gateway.change("capture", "CAP-1", 10_000)
    gateway.change("refund", "REF-1", 10_000)
    with pytest.raises(OperationUnsupported):
        gateway.change("capture", "CAP-1", 10_000)
    with pytest.raises(DuplicateTransaction):
        gateway.change("capture", "REF-1", 10_000)


@pytest.mark.parametrize("kind", ["capture", "refund"])
def test_while_a_wallets_payer_has_to_act_nothing_is_captured_or_refunded(kind: str) -> None:
    gateway = Gateway()
    gateway.wallet.replies.append(TO_BE_CONFIRMED)
    assert responses.wire_status(gateway.pay(means=WALLET)) == "Pending"
    with pytest.raises(WrongStatus):
        gateway.change(kind, "OP-1", 10_000)


def test_a_payment_is_refunded_within_a_year() -> None:
    gateway = Gateway()
    gateway.pay(hours=0)
    gateway.clock.at += 365 * DAY_S
    assert gateway.change("refund", "REF-1", 1_000).operation.failure_code is None
    gateway.clock.at += 1
    with pytest.raises(WrongStatus):
        gateway.change("refund", "REF-2", 1_000)
    with pytest.raises(DuplicateTransaction):
        gateway.change("refund", "REF-1", 1_000)


@pytest.mark.parametrize("hours", [0, None])
def test_a_cancel_or_refund_is_in_the_payments_currency(hours: int | None) -> None:
    gateway = Gateway()
    gateway.pay(hours=hours)
    with pytest.raises(FieldMismatch):
        gateway.change("cancel_or_refund", "COR-1", 10_000, currency="USD")
    done = gateway.change("cancel_or_refund", "COR-1", 10_000)
    assert done.payment.status is (Status.CANCELLED if hours is None else Status.REFUNDED)


def test_the_result_of_the_security_code_is_told_as_it_was_sent() -> None:
    told = responses.created(Gateway().pay())["payment"]["pspTransInfo"]
    assert (told["cvcCheckResult"], told["cvcCheckResultRaw"]) == ("M", "M")


@pytest.mark.parametrize("spelled", ["Alipayplus", "alipay+", "ALIPAYPLUS"])
def test_lists_call_a_brand_by_its_display_name(spelled: str) -> None:
    brand = brand_named(spelled)
    (listed,) = responses_tokens.brands([brand], "https://pay.example")["paymentMethod"][
        "paymentBrandList"
    ]
    assert (brand.name, listed["brandName"]) == ("Alipayplus", "Alipay+")
    assert listed["brandImage"] == "https://pay.example/Alipayplus.svg"


@pytest.mark.parametrize(
    "spelled",
    [
        "Visa",
        "MASTERCARD",
        "AMEX",
        "American_Express",
        "JCB",
        "Diners",
        "Discover",
        "UnionPay",
        "TPN",
        "UPI",
        "Alipay",
        "AlipayHK",
        "WeChat_Pay",
        "TrueMoney",
        "TNG",
        "GCash",
        "DANA",
        "bKash",
        "Kakao_Pay",
        "Easypaisa",
        "JkoPay",
        "GrabPay",
        "Boost",
        "Paypay",
        "LINE_Pay",
        "Merpay",
    ],
)
def test_every_card_and_wallet_of_the_contract_is_known(spelled: str) -> None:
    assert brand_named(spelled).name
