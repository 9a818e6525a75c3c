"""An order for a wallet, what Alipay+ answers to it, and what somebody else might."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tidegate.domain.message import CardAcceptor
from tidegate.domain.money import Money
from tidegate.domain.wallet import WalletOrder

ORDER = WalletOrder(
    request_id="pay-1",
    amount=Money(3_100, "HKD"),
    scenario="redirect",
    acceptor=CardAcceptor("M1", "Tea House", "Hong Kong", "344", "5411"),
    store_id="S1",
    title="Two teas",
    expires_at=1_772_604_600,
    notify_url="https://pay.example/g2/wallets/alipayplus/S1/t1",
    brand="AlipayHK",
    return_url="https://shop.example/back",
    platform="WAP",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "resultStatus", "resultCode", "codeDetails", "pspName"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
"""Of the shape of an answer here and there."""


def answer(status: str, code: str, **others: Any) -> dict[str, Any]:
    return {
        "result": {"resultStatus": status, "resultCode": code, "resultMessage": "m"},
        "paymentRequestId": "pay-1",
        "refundRequestId": "ref-1",
        "paymentId": "2026w",
        "refundId": "2026r",
        "paymentAmount": {"currency": "HKD", "value": "3100"},
    } | others
