"""Cards on file: kept with a payment or a check, charged by token, by network token and cryptogram,
and ended; and payouts to cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulation.merchants import Asked, Shop, amount
from tests.simulation.purchases import (
    CARDS,
    ENDINGS,
    PAUSES_S,
    an_amount,
    by_card,
    change_mind,
    when_captured,
)
from tidegate.domain.tokens import id_of

VAULT = "VAULT-T1"
WEB = {"transInitiator": {"platform": "WEB"}}


def keep_a_card(shop: Shop) -> None:
    """A customer's card, and what is done by its tokens as long as they live; sometimes one is
    used while it is being ended."""
    random = shop.world.random
    told = _checked(shop) if random.random() < 0.7 else _paid_and_kept(shop)
    method = (told or {}).get("paymentMethod", {})
    token = method.get("token", {}).get("value")
    if token is None:
        return
    uses = [_pay_by_token, _pay_by_token, _use_network_token]
    for use in random.sample(uses, random.randrange(1, 4)):
        use(shop, method)
        shop.world.scheduler.sleep(random.choice(PAUSES_S))
    if random.random() < 0.6:
        last = [shop.new("deleteToken", token)]
        if random.random() < 0.3:
            last.append(shop.new("deleteToken", token))
        if random.random() < 0.3:
            last.append(_by_token(shop, token))
        for asked, body in last:
            if asked.kind == "deleteToken":
                body.clear()
        shop.together(last)
        if random.random() < 0.4:
            shop.insist(*_by_token(shop, token))


def pay_out(shop: Shop) -> None:
    """Money pushed to a card: an original credit."""
    random = shop.world.random
    asked, body = shop.new("payout")
    number = {"cardNumber": random.choice(CARDS)}
    body |= {
        "transAmount": amount(an_amount(random)),
        "paymentMethod": {"type": "card", "card": {"payoutCardInfo": number}},
        "tradeInfo": {"tradeType": "Funds_Disbursement", "purposeOfPayment": "OCT"},
    }
    shop.insist(asked, body | WEB)


def _checked(shop: Shop) -> Mapping[str, Any] | None:
    """A zero-amount check."""
    random = shop.world.random
    asked, body = shop.new("token")
    body |= {
        "paymentMethod": by_card(random.choice(CARDS), vaultID=VAULT),
        "userInfo": {"reference": f"customer-{random.randrange(3)}"},
    }
    shop.insist(asked, body | WEB)
    return asked.acknowledged


def _paid_and_kept(shop: Shop) -> Mapping[str, Any] | None:
    random = shop.world.random
    minor = an_amount(random)
    asked, body = shop.new("payment")
    kept = {"tokenize": True, "vaultID": VAULT, "userReference": "customer-9"}
    body |= {
        "transAmount": amount(minor),
        "paymentMethod": by_card(random.choice(CARDS), **kept),
    }
    shop.insist(asked, body | when_captured(random))
    change_mind(shop, asked.trans_id, minor, most=2)
    return asked.acknowledged


def _pay_by_token(shop: Shop, method: Mapping[str, Any]) -> None:
    asked, body = _by_token(shop, method["token"]["value"])
    shop.insist(asked, body)
    minor = round(100 * float(body["transAmount"]["value"]))
    change_mind(shop, asked.trans_id, minor, most=2)


def _by_token(shop: Shop, token: str) -> tuple[Asked, dict[str, Any]]:
    """By its cardholder, or by the merchant under an agreement."""
    random = shop.world.random
    asked, body = shop.new("payment")
    asked.about = id_of(token) or ""
    agreement = random.choice(({}, {}, {"recurringProcessingModel": "Subscription"}))
    body |= {
        "transAmount": amount(an_amount(random)),
        "paymentMethod": {"type": "token", "token": {"value": token}, **agreement},
    }
    return asked, body | when_captured(random)


def _use_network_token(shop: Shop, method: Mapping[str, Any]) -> None:
    """Its cryptogram, then a payment with both."""
    network_token = method.get("networkToken")
    if network_token is None:
        return
    asked, body = shop.new("cryptogram")
    body["paymentMethod"] = {
        "type": "networkToken",
        "networkToken": {"tokenID": network_token["tokenID"]},
    }
    shop.insist(asked, body)
    made = (asked.acknowledged or {}).get("paymentMethod", {}).get("networkToken")
    if made is None:
        return
    random = shop.world.random
    minor = an_amount(random, (*ENDINGS, "00"))
    payment, body = shop.new("payment")
    body |= {
        "transAmount": amount(minor),
        "paymentMethod": {
            "type": "token",
            "token": {
                "type": "networkToken",
                "value": made["value"],
                "expiryDate": made["expiryDate"],
                "tokenCryptogram": made["tokenCryptogram"],
                "eci": made["eci"],
                "paymentBrand": made["paymentBrand"],
            },
        },
    }
    shop.insist(payment, body | when_captured(random))
    if random.random() < 0.2:  # it was good once
        again, more = shop.new("payment")
        shop.insist(again, {**body, **more})
    change_mind(shop, payment.trans_id, minor, most=2)
