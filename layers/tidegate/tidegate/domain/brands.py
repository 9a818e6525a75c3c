"""Payment brands by the contract's names (section 3.3): what each one is and can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tidegate.domain.errors import BrandUnsupported

MethodType = Literal["card", "e-wallet"]


@dataclass(frozen=True, slots=True)
class Brand:
    """One brand. What a store can take of it is decided by its routes."""

    name: str
    """Canonical spelling, as in answers."""
    type: MethodType = "card"
    scenarios: tuple[str, ...] = ("EC",)
    """``EC`` and ``inStore``."""
    tokenizable: bool = False
    code_prefixes: tuple[str, ...] = ()
    """Leading digits of a wallet's payment codes (CPM)."""
    aliases: tuple[str, ...] = ()
    shown: str | None = None
    """How lists call it, where that is not its name."""


BRANDS = (
    Brand("Visa", tokenizable=True),
    Brand("Mastercard", tokenizable=True),
    Brand("AMEX", aliases=("American_Express",)),
    Brand("JCB"),
    Brand("Diners"),
    Brand("Discover"),
    Brand("UnionPay", aliases=("UPI",)),
    Brand("TPN"),
    Brand("Alipay", "e-wallet", ("EC", "inStore"), code_prefixes=("25", "26", "27", "28")),
    Brand("AlipayHK", "e-wallet", ("EC", "inStore"), code_prefixes=("29", "30")),
    Brand("Alipayplus", "e-wallet", ("EC", "inStore"), aliases=("Alipay+",), shown="Alipay+"),
    Brand("WeChat_Pay", "e-wallet", ("EC", "inStore"), code_prefixes=("10", "11", "12", "13")),
    Brand("TrueMoney", "e-wallet", ("EC", "inStore")),
    Brand("TNG", "e-wallet", ("EC", "inStore")),
    Brand("GCash", "e-wallet", ("EC", "inStore")),
    Brand("DANA", "e-wallet", ("EC", "inStore")),
    Brand("bKash", "e-wallet", ("EC", "inStore")),
    Brand("Kakao_Pay", "e-wallet", ("EC", "inStore")),
    Brand("Easypaisa", "e-wallet", ("EC", "inStore")),
    Brand("JkoPay", "e-wallet", ("EC", "inStore")),
    Brand("GrabPay", "e-wallet", ("EC", "inStore")),
    Brand("Boost", "e-wallet", ("EC", "inStore")),
    Brand("Paypay", "e-wallet", ("EC", "inStore")),
    Brand("LINE_Pay", "e-wallet", ("EC", "inStore")),
    Brand("Merpay", "e-wallet", ("EC", "inStore")),
)
_BY_NAME = {name.lower(): brand for brand in BRANDS for name in (brand.name, *brand.aliases)}


def brand_named(name: str, *, field: str = "paymentBrand") -> Brand:
    """A brand by any spelling of its name; raises BrandUnsupported for an unknown one."""
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise BrandUnsupported("a brand that nobody here knows", field=field) from None


def brand_of_code(code: str) -> Brand | None:
    """The wallet whose payment codes begin like this one; None where none does."""
    return next((one for one in BRANDS if code.startswith(one.code_prefixes)), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter over the brands of a store; only one of BIN, name and currency counts, in this
    order."""

    bin: str | None = None
    name: str | None = None
    currency: str | None = None
    tokenize: bool = False
