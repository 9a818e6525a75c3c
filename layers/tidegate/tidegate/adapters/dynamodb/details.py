"""What only some payments have: wallets, authentication, cards on file, quotes, orders."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from tidegate.adapters.dynamodb.fields import Fields, pack_account, unpack_account
from tidegate.domain.money import Money
from tidegate.domain.payment import Conversion, Payment

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.authentication import Authentication
    from tidegate.domain.wallet import Action

_WALLET = "e-wallet"


def pack_details(payment: Payment) -> dict[str, str | int | None]:
    """Attributes of a payment beyond those that every payment has; None where absent."""
    action, authentication, conversion = (
        payment.action,
        payment.authentication,
        payment.conversion,
    )
    return {
        "m": "w" if payment.method == _WALLET else None,
        "ad": pack_account(payment.account),
        "sn": payment.scenario,
        "ac": None if action is None else _compact([action.type, dict(action.data)]),
        "ex": payment.expires_at,
        "ru": payment.return_url,
        "au": None if authentication is None else _compact(astuple(authentication)),
        "su": payment.step_up,
        "sk": payment.stored_card,
        "sm": 1 if payment.stores_card else None,
        "gt": 1 if payment.gateway_token else None,
        "nt": 1 if payment.network_token else None,
        "ei": payment.proof_eci,
        "sd": payment.stored,
        "og": payment.original_reference,
        "ur": payment.user_reference,
        "fx": None if conversion is None else _pack_conversion(conversion),
        "od": payment.order,
        "py": payment.payer,
    }


def unpack_details(item: Fields) -> dict[str, Any]:
    """The reverse, as arguments of ``Payment``."""
    action, authentication, conversion = item.maybe("ac"), item.maybe("au"), item.maybe("fx")
    return {
        "method": _WALLET if item.maybe("m") else "card",
        "account": unpack_account(item.maybe("ad")),
        "scenario": item.maybe("sn"),
        "action": None if action is None else _unpack_action(action),
        "expires_at": item.maybe_number("ex"),
        "return_url": item.maybe("ru"),
        "authentication": None
        if authentication is None
        else _unpack_authentication(authentication),
        "step_up": item.maybe("su"),
        "stored_card": item.maybe("sk"),
        "stores_card": bool(item.number("sm")),
        "gateway_token": bool(item.number("gt")),
        "network_token": bool(item.number("nt")),
        "proof_eci": item.maybe("ei"),
        "stored": item.maybe("sd"),
        "original_reference": item.maybe("og"),
        "user_reference": item.maybe("ur"),
        "conversion": None if conversion is None else _unpack_conversion(conversion),
        "order": item.maybe("od"),
        "payer": item.maybe("py"),
    }


def _unpack_action(text: str) -> Action:
    from tidegate.domain.wallet import Action

    return Action(*json.loads(text))


def _unpack_authentication(text: str) -> Authentication:
    from tidegate.domain.authentication import Authentication

    return Authentication(*json.loads(text))


def _pack_conversion(one: Conversion) -> str:
    parts = (one.quote_id, one.local.minor, one.local.currency, one.rate, one.date, one.source)
    return "|".join(map(str, parts))


def _unpack_conversion(text: str) -> Conversion:
    quote_id, minor, currency, rate, date, source = text.split("|", 5)
    return Conversion(quote_id, Money(int(minor), currency), rate, date, source)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
