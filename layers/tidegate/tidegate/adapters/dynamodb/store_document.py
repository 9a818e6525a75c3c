"""A store as a JSON document, as it stands in the table and in the operator's files.

Sign keys and the payout account are not part of it: they are sealed beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tidegate.domain.errors import InvalidValue, MissingField
from tidegate.domain.fees import FeePlan, Rate
from tidegate.domain.message import CardAcceptor
from tidegate.domain.money import CURRENCIES
from tidegate.domain.routing import Route
from tidegate.domain.store import PayoutAccount, RiskLimits, SignKey, Store

MAX_ZONE = 64
_LONG_NUMBER = re.compile(r"\d{9,}")
"""No number that may be a card's is quoted."""
Value = TypeVar("Value")
AUTHENTICATION_POLICIES = ("none", "optional", "required")
LINK_REFUND_EVENTS = ("Refund", "LinkPay Refund")
SIGN_TYPES = ("SHA256", "SHA512", "HMAC-SHA256", "HMAC-SHA512")


def write_store(store: Store) -> dict[str, Any]:
    """The document of a store, without its secrets."""
    return {
        "sid": store.sid,
        "version": store.version,
        "active": store.active,
        "signType": store.sign_type,
        "currencies": list(store.currencies),
        "routes": {
            brand: [{"network": route.network, "acquirerID": route.acquirer_id} for route in ways]
            for brand, ways in store.routes
        },
        "acceptor": {
            "id": store.acceptor.id,
            "name": store.acceptor.name,
            "city": store.acceptor.city,
            "country": store.acceptor.country,
            "mcc": store.acceptor.mcc,
        },
        "terminalID": store.terminal_id,
        "feePlans": [_write_plan(plan) for plan in store.fee_plans],
        "timeZone": store.time_zone,
        "cutOff": store.cut_off.strftime("%H:%M"),
        "settlementCurrency": store.settlement_currency,
        "captureAfterHours": store.capture_after_hours,
        "webhook": store.webhook,
        "email": store.email,
        "mailEachPayment": store.mail_each_payment,
        "vaultID": store.vault_id,
        "maxSkewS": store.max_skew_s,
        "requestsPerS": store.requests_per_s,
        "authentication": store.authentication,
        "linkRefundEvent": store.link_refund_event,
        "sdkNotices": store.sdk_notices,
        "risk": {
            "maxAmountMinor": store.risk.max_amount_minor,
            "blockedBins": list(store.risk.blocked_bins),
        },
    }


def read_store(
    document: Mapping[str, Any], sign_keys: tuple[SignKey, ...], payout: PayoutAccount
) -> Store:
    """The store of a document.

    Raises MissingField or InvalidValue, naming the field, for documents that an operator wrote.
    """
    risk = _object(document, "risk")
    store = Store(
        sid=_text(document, "sid"),
        version=_whole(document, "version", 1),
        active=bool(document.get("active", True)),
        sign_type=_one_of(document, "signType", SIGN_TYPES),
        sign_keys=sign_keys,
        currencies=_texts(document, "currencies"),
        routes=tuple(
            (
                brand,
                tuple(
                    Route(_text(way, "network"), _text(way, "acquirerID"))
                    for way in _objects(document["routes"], brand)
                ),
            )
            for brand in _object(document, "routes")
        ),
        acceptor=CardAcceptor(
            **{
                name: _text(_object(document, "acceptor"), name)
                for name in ("id", "name", "city", "country", "mcc")
            }
        ),
        terminal_id=_text(document, "terminalID"),
        fee_plans=tuple(_read_plan(plan) for plan in _objects(document, "feePlans")),
        time_zone=_text(document, "timeZone"),
        cut_off=_cut_off(document),
        settlement_currency=_text(document, "settlementCurrency"),
        payout_account=payout,
        capture_after_hours=_of(document, "captureAfterHours", int),
        webhook=_of(document, "webhook", str),
        email=_of(document, "email", str),
        mail_each_payment=bool(document.get("mailEachPayment", False)),
        vault_id=_of(document, "vaultID", str) or "",
        max_skew_s=_of(document, "maxSkewS", int),
        requests_per_s=_of(document, "requestsPerS", int),
        authentication=_one_of(document, "authentication", AUTHENTICATION_POLICIES),
        link_refund_event=_one_of(document, "linkRefundEvent", LINK_REFUND_EVENTS),
        sdk_notices=bool(document.get("sdkNotices", False)),
        risk=RiskLimits(_of(risk, "maxAmountMinor", int), _texts(risk, "blockedBins")),
    )
    _check(store)
    return store


def _check(store: Store) -> None:
    """What a type cannot say; each sentence names the field."""
    if not re.fullmatch(r"S\d{6}", store.sid):
        raise InvalidValue("sid is S and six digits", field="sid")
    for currency in (*store.currencies, store.settlement_currency):
        if currency not in CURRENCIES:
            named = _LONG_NUMBER.sub("…", currency)
            raise InvalidValue(f"{named!r} is no ISO 4217 currency", field="currencies")
    if not store.currencies or not store.routes or not store.fee_plans:
        raise MissingField("a store has at least one currency, one route and one fee plan")
    if [plan.version for plan in store.fee_plans] != list(range(1, len(store.fee_plans) + 1)):
        raise InvalidValue("feePlans are versions 1, 2, 3 …, oldest first", field="feePlans")
    if not _is_zone(store.time_zone):
        named = _LONG_NUMBER.sub("…", store.time_zone[:MAX_ZONE])
        raise InvalidValue(f"{named!r} is no time zone", field="timeZone")
    for field, value, pattern in (
        ("terminalID", store.terminal_id, r"[A-Za-z0-9]{8}"),
        ("acceptor.id", store.acceptor.id, r"[A-Za-z0-9]{1,15}"),
        ("acceptor.mcc", store.acceptor.mcc, r"\d{4}"),
        ("acceptor.country", store.acceptor.country, r"\d{3}"),
    ):
        if not re.fullmatch(pattern, value):
            raise InvalidValue(f"{field} must match {pattern}", field=field)
    hours = store.capture_after_hours
    if hours is not None and not 0 <= hours <= 168:
        raise InvalidValue("captureAfterHours is 0 to 168, or null", field="captureAfterHours")


def _is_zone(name: str) -> bool:
    try:
        return len(name) <= MAX_ZONE and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America" is a folder
        return False


def _write_plan(plan: FeePlan) -> dict[str, Any]:
    return {
        "version": plan.version,
        "default": _write_rate(plan.default),
        "byBrand": {brand: _write_rate(rate) for brand, rate in plan.by_brand},
        "refundFixedMinor": plan.refund_fixed_minor,
    }


def _write_rate(rate: Rate) -> dict[str, Any]:
    return {"percent": str(rate.percent), "fixedMinor": rate.fixed_minor}


def _read_plan(plan: Mapping[str, Any]) -> FeePlan:
    return FeePlan(
        version=_whole(plan, "version", 1),
        default=_read_rate(_object(plan, "default")),
        by_brand=tuple(
            (brand, _read_rate(_object(plan["byBrand"], brand)))
            for brand in _object(plan, "byBrand")
        ),
        refund_fixed_minor=_whole(plan, "refundFixedMinor", 0),
    )


def _read_rate(rate: Mapping[str, Any]) -> Rate:
    try:
        return Rate(Decimal(_text(rate, "percent")), _whole(rate, "fixedMinor", 0))
    except InvalidOperation:
        raise InvalidValue("percent is a decimal number", field="feePlans") from None


def _cut_off(document: Mapping[str, Any]) -> time:
    text = _text(document, "cutOff")
    if not re.fullmatch(r"(?a:([01]\d|2[0-3]):[0-5]\d)", text):  # no seconds, and above all no zone
        raise InvalidValue("cutOff is a time of day, HH:MM", field="cutOff")
    return time.fromisoformat(text)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise MissingField(f"{name} is missing", field=name)
    return value


def _of(document: Mapping[str, Any], name: str, kind: type[Value]) -> Value | None:
    value = document.get(name)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise InvalidValue(f"{name} has a value of another kind", field=name)
    return value


def _whole(document: Mapping[str, Any], name: str, default: int) -> int:
    value = _of(document, name, int)
    return default if value is None else value


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    return _of(document, name, dict) or {}


def _objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = _of(document, name, list) or []
    if not all(isinstance(one, dict) for one in found):
        raise InvalidValue(f"{name} is a list of objects", field=name)
    return found


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = _of(document, name, list) or []
    if not all(isinstance(one, str) for one in found):
        raise InvalidValue(f"{name} is a list of texts", field=name)
    return tuple(found)


def _one_of(document: Mapping[str, Any], name: str, values: tuple[str, ...]) -> Any:
    value = document.get(name, values[0])
    if value not in values:
        raise InvalidValue(f"{name} is one of {', '.join(values)}", field=name)
    return value
