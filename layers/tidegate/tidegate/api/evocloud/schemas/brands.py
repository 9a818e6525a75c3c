"""GET paymentMethod without a token: the filter over the store's brands (contract, 2.11)."""

from __future__ import annotations

from tidegate.api.evocloud.request import Request
from tidegate.domain.brands import Wanted
from tidegate.domain.errors import InvalidFormat, InvalidValue


def wanted(request: Request) -> Wanted:
    """The filter; raises InvalidFormat, InvalidValue."""
    bin_ = request.parameter("cardBIN")
    if bin_ is not None and not (bin_.isascii() and bin_.isdigit() and 6 <= len(bin_) <= 12):
        raise InvalidFormat("6 to 12 digits", field="cardBIN")
    tokenize = request.parameter("tokenize")
    if tokenize not in {None, "true", "false"}:
        raise InvalidValue("true or false", field="tokenize")
    name = request.parameter("paymentBrand")
    if name is not None and len(name.encode("utf-8", "surrogatepass")) > 32:
        raise InvalidValue("at most 32 bytes", field="paymentBrand")
    currency = request.parameter("currency")
    if currency is not None and not (len(currency) == 3 and currency.isascii()):
        raise InvalidFormat("three letters, ISO 4217", field="currency")
    return Wanted(bin_, name, currency, tokenize == "true")
