"""What Alipay+ sends to the gateway: answers, notices and their signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from tests.fuzz.shapes import Json, Parts
from tests.fuzz.target import Target
from tests.unit.networks.wallet_samples import ORDER, answer
from tidegate.domain.errors import MalformedBody, SignatureRejected
from tidegate.networks.alipayplus import messages
from tidegate.networks.alipayplus.signature import verify
from tidegate.pages import qr_svg


def _wallet(status: str, code: str, **others: Any) -> bytes:
    payer = {"pspName": "ALIPAY_HK"}
    return messages.written(answer(status, code, pspCustomerInfo=payer, **others))


def _wallet_answers() -> list[bytes]:
    form = {
        "paymentMethodType": "CONNECT_WALLET",
        "expireTime": "2026-03-04T06:10:00Z",
        "codeDetails": [{"codeValueType": "QRCODE", "codeValue": "https://wallet.example/qr/1"}],
    }
    late = form | {"expireTime": "1772604600000"}
    pending = partial(_wallet, "U", "PAYMENT_IN_PROCESS")
    return [
        _wallet("S", "SUCCESS"),
        _wallet("S", "SUCCESS", paymentStatus="SUCCESS", paymentResultCode="SUCCESS"),
        _wallet("S", "SUCCESS", refundStatus="PROCESSING"),
        _wallet("F", "USER_BALANCE_NOT_ENOUGH"),
        _wallet("S", "SUCCESS", notifyType="PAYMENT_RESULT"),
        pending(orderCodeForm=form),
        pending(orderCodeForm=late),
        pending(normalUrl="https://wallet.example/pay"),
    ]


_ORDERS = (ORDER, replace(ORDER, scenario="MPM"), replace(ORDER, scenario="CPM"))


def _wallet_read(data: bytes) -> None:
    """By all readers, for whichever of them such a message may come."""
    message = messages.parsed(data)
    readers: list[Callable[[], object]] = [
        *(partial(messages.read_pay, message, order) for order in _ORDERS),
        partial(messages.read_inquiry, message, "pay-1"),
        partial(messages.cancelled, message, "pay-1"),
        partial(messages.read_refund, message, "ref-1"),
        partial(messages.read_refund_inquiry, message, "ref-1"),
        partial(messages.read_notice, message),
    ]
    refused = None
    for reader in readers:
        try:
            reader()
        except MalformedBody as error:
            refused = error
    if refused is not None:
        raise refused


def _drawn(data: bytes) -> None:
    """What an order's code is taken for can be drawn on the page."""
    read = messages.read_pay(messages.parsed(data), _ORDERS[1])
    if read.action is not None:
        assert qr_svg(read.action.data["qrCode"]).startswith("<svg")


_SIGNED_AT, _PATH = "2026-11-23T09:30:15Z", "/g2/wallets/alipayplus/S024116/PAY-6"
_BODY = b'{"result":{}}'
_MODULUS = int(
    "9e3086c7bb3b5e61f2809a9b239b6d7cd009831053fb392a05c55395bfd3169d7afdfc47faffb490"
    "4ec8dae731b0286f3a2a3215c35216024599d156769078d904edb7b56aaffcd87c0b669f0b69c0c6"
    "c47406170c9e74bfdfdc6fb77a4c7b109d73ca27ff7dedba6379f4a778258275bce0255fa2250cf6"
    "753dbb3eadc0c939",
    16,
)
_SIGNATURE = (
    "ClzeIWVuQepTvH1EKqlCSY99gi8m3r6G4P3bisjcztep5d53xhO7VorEyWZHpk%2Fa3gujAraFgwqW4%"
    "2B7ZXTo6eeqUyLWTWWtExWjGLt3a4dQ23I2FQnAzQt18pLHyGk50TPnpN3xHo3tBiuEbTkoTD4pSwnR8"
    "r4t0Vt8q%2F4uXp9w%3D"
)
"""Of ``_BODY`` under a key that was forgotten since."""
_WALLET_KEY = RSAPublicNumbers(65537, _MODULUS).public_key()


def _believed(data: bytes) -> None:
    header, _, rest = data.partition(b"\n")
    stamp, _, body = rest.partition(b"\n")
    said = (header.decode("latin-1"), _PATH, "TIDEGATE", stamp.decode("latin-1"))
    verify(_WALLET_KEY, *said, body)
    assert (stamp.decode("latin-1"), body) == (_SIGNED_AT, _BODY), "anybody's word is believed"
    assert messages.seconds(stamp.decode("latin-1")) > 0


TARGETS = (
    Target("alipayplus.answer", _wallet_read, (MalformedBody,), Json(), _wallet_answers),
    Target("alipayplus.code", _drawn, (MalformedBody,), Json(), _wallet_answers, weight=2),
    Target(
        "alipayplus.signature",
        _believed,
        (SignatureRejected, MalformedBody),
        Parts(lambda data: data.splitlines(keepends=True)),
        lambda: [
            f"algorithm=RSA256,keyVersion=1,signature={_SIGNATURE}\n{_SIGNED_AT}\n".encode() + _BODY
        ],
    ),
)
