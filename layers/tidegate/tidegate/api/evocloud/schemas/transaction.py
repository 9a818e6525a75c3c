"""``merchantTransInfo`` and ``transAmount``: what every request has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StrictStr

from tidegate.api.evocloud.schemas.fields import (
    S32,
    Currency,
    Identifier,
    Rule,
    WireModel,
    at_most,
    fault,
)
from tidegate.domain.money import Money


def _moment(text: str) -> str:
    for parse in (datetime.fromisoformat, _compact):
        try:
            moment = parse(text)
        except ValueError:
            continue
        if moment.tzinfo is not None:  # a date alone has none
            return text
    raise fault("V0000", "must be an ISO 8601 date and time with its zone")


def _compact(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S%z")


Moment = Annotated[StrictStr, at_most(64), Rule(_moment, {"format": "date-time"})]


class MerchantTransInfo(WireModel):
    """The merchant's own name for a transaction."""

    merchantTransID: Identifier
    merchantTransTime: Moment
    merchantOrderReference: S32 | None = None


class TransAmount(WireModel):
    """An amount in major units."""

    currency: Currency
    value: StrictStr

    def money(self) -> Money:
        """As integers; raises CurrencyUnsupported, InvalidFormat, InvalidValue."""
        return Money.parse(self.value, self.currency)
