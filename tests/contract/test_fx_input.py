"""FXRateInquiry: bad input gets the documented code and names the field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract import wire
from tests.contract.bodies import changed
from tests.support.fx_memory import ONE_DAY, Exchange
from tidegate.api.evocloud import responses_fx
from tidegate.api.evocloud.request import Request
from tidegate.api.evocloud.schemas import fx
from tidegate.domain.errors import TidegateError
from tidegate.domain.money import Money

INFO = {"merchantTransID": "FX-1", "merchantTransTime": "2025-03-04T13:00:00Z"}
BODY: dict[str, Any] = {
    "merchantTransInfo": INFO,
    "localAmount": {"currency": "HKD", "value": "780.00"},
    "transAmount": {"currency": "USD"},
}


def post(body: dict[str, Any]) -> Request:
    return Request.of(wire.event(operation="FXRateInquiry", body=body))


def get(**query: str | list[str]) -> Request:
    many = {name: [given] if isinstance(given, str) else given for name, given in query.items()}
    return Request.of(wire.event("GET", "FXRateInquiry", query=many))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("merchantTransInfo", None, "V0001"),
        ("merchantTransInfo.merchantTransID", "", "V0001"),
        ("merchantTransInfo.merchantTransTime", None, "V0001"),
        ("localAmount", None, "V0001"),
        ("localAmount.currency", None, "V0001"),
        ("localAmount.value", "", "V0001"),
        ("transAmount", None, "V0001"),
        ("transAmount.currency", None, "V0001"),
        ("merchantTransInfo.merchantTransID", "F" * 33, "V0002"),
        ("merchantTransInfo.merchantTransTime", "2025-03-04", "V0000"),
        ("localAmount.value", 780, "V0000"),
        ("localAmount.value", 780.0, "V0000"),
        ("localAmount.value", "7e2", "V0000"),
        ("localAmount.value", "0", "V0002"),
        ("localAmount.value", "0.00", "V0002"),
        ("localAmount.value", "-780.00", "V0002"),
        ("localAmount.value", "780.001", "V0002"),
        ("localAmount.currency", "hkd", "V0000"),
        ("localAmount.currency", "QQQ", "B0007"),
        ("transAmount.currency", "usd", "V0000"),
        ("transAmount.currency", "QQQ", "B0007"),
        ("transAmount.currency", "HKD", "V0008"),
        ("metadata", 17, "V0000"),
    ],
)
def test_a_bad_inquiry_is_refused_by_field(path: str, value: Any, code: str) -> None:
    with pytest.raises(TidegateError) as refused:
        fx.inquiry(post(changed(path, value, BODY)))
    assert (refused.value.code, refused.value.field) == (code, path)


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({}, "V0001", "baseCurrency"),
        ({"baseCurrency": "HKD"}, "V0001", "quoteCurrency"),
        ({"baseCurrency": "", "quoteCurrency": "USD"}, "V0001", "baseCurrency"),
        ({"baseCurrency": ["HKD", "JPY"], "quoteCurrency": "USD"}, "V0002", "baseCurrency"),
        ({"baseCurrency": "hkd", "quoteCurrency": "USD"}, "V0000", "baseCurrency"),
        ({"baseCurrency": "HKD", "quoteCurrency": "QQQ"}, "B0007", "quoteCurrency"),
        ({"baseCurrency": "HKD", "quoteCurrency": "HKD"}, "V0008", "quoteCurrency"),
    ],
)
def test_a_bad_pair_is_refused_by_field(query: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(TidegateError) as refused:
        fx.pair(get(**query))
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_value_for_what_is_asked_for_is_ignored() -> None:
    body = changed("transAmount", {"currency": "USD", "value": "1.00"}, BODY)
    asked = fx.inquiry(post(body))
    assert (asked.local, asked.currency) == (Money(78000, "HKD"), "USD")


def test_answers_have_the_contracts_fields() -> None:
    exchange = Exchange(ONE_DAY)
    asked = fx.inquiry(post(BODY | {"metadata": "basket 17"}))
    rate = {
        "baseCurrency": "HKD",
        "quoteCurrency": "USD",
        "value": "0.1274585862",
        "date": "2025-03-04",
        "source": "ECB",
    }
    result = {"code": "S0000", "message": "Success"}
    assert responses_fx.quoted(exchange.quote("S900001", asked)) == {
        "result": result,
        "fxRateInquiry": {
            "merchantTransInfo": INFO,
            "localAmount": {"currency": "HKD", "value": "780.00"},
            "transAmount": {"currency": "USD", "value": "99.42"},
            "fxRate": rate,
            "expiryTime": "2025-03-04T09:40:11Z",
        },
        "metadata": "basket 17",
    }
    daily = exchange.rates.rate(
        *fx.pair(get(baseCurrency="HKD", quoteCurrency="USD")), ONE_DAY.date
    )
    assert responses_fx.daily(daily) == {"result": result, "fxRateInquiry": {"fxRate": rate}}
