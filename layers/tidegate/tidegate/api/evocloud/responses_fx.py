"""Bodies of FXRateInquiry's answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tidegate.api.evocloud.result_codes import SUCCESS, message_of
from tidegate.domain.fx import Quote, Rate
from tidegate.domain.money import Money


def quoted(quote: Quote) -> dict[str, Any]:
    """POST FXRateInquiry."""
    body = _success(
        {
            "merchantTransInfo": {
                "merchantTransID": quote.trans_id,
                "merchantTransTime": quote.trans_time,
            },
            "localAmount": _amount(quote.local),
            "transAmount": _amount(quote.amount),
            "fxRate": fx_rate(quote.rate),
            "expiryTime": datetime.fromtimestamp(quote.expires_at, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
        }
    )
    return body if quote.metadata is None else {**body, "metadata": quote.metadata}


def daily(rate: Rate) -> dict[str, Any]:
    """GET FXRateInquiry."""
    return _success({"fxRate": fx_rate(rate)})


def fx_rate(rate: Rate) -> dict[str, str]:
    """``fxRate``, and any other rate of the contract."""
    return {
        "baseCurrency": rate.base,
        "quoteCurrency": rate.quote,
        "value": rate.text,
        "date": rate.date.isoformat(),
        "source": rate.source,
    }


def _success(inquiry: dict[str, Any]) -> dict[str, Any]:
    result = {"code": SUCCESS, "message": message_of(SUCCESS)}
    return {"result": result, "fxRateInquiry": inquiry}


def _amount(money: Money) -> dict[str, str]:
    return {"currency": money.currency, "value": money.value}
