"""A request that is repeated under its Idempotency-Key: nothing is done twice, and the answer is
the first one's as it stands now, also for PUT and DELETE, which the command-line client repeats
by itself (contract, section 1.7)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.cards import CHALLENGED
from tests.support.gateway import Gateway
from tidegate.api.evocloud import responses
from tidegate.domain.authentication import AuthenticationAnswer
from tidegate.domain.errors import FieldMismatch, TokenUnknown, WrongStatus
from tidegate.domain.fx import Quote, Rate
from tidegate.domain.money import Money
from tidegate.domain.payment import PAYMENTS, IdempotencyRecord, Payment
from tidegate.domain.tokens import TokenStatus
from tidegate.domain.transitions import Operation, Status
from tidegate.services.card_tokens import CardChange, Tokenization
from tidegate.services.commands import AdditionalInfo, Authenticate, KeepCard, PayByToken

SID = "S024116"
METHOD_DONE = AdditionalInfo(None, "Y", finished=False)
BACK_FROM_CHALLENGE = AdditionalInfo(None, None, finished=True)


def key(name: str = "KEY-1", body: str = "a") -> IdempotencyRecord:
    return IdempotencyRecord(SID, name, "", body * 64)


def kept(gateway: Gateway, trans_id: str = "TOK-1", *, gateway_token: bool = True) -> Tokenization:
    payment = gateway.pay(
        trans_id,
        0,
        intent=Operation.TOKENIZE,
        keep=KeepCard("cust-42", "VAULT-T1", gateway_token=gateway_token),
    )
    return gateway.card_tokens.outcome(payment)


def token_of(made: Tokenization) -> str:
    assert made.card is not None
    return made.card.token


def in_integrator_mode(gateway: Gateway, *answers: AuthenticationAnswer) -> Payment:
    gateway.directory.method = "https://issuer.example/method"
    gateway.directory.answers.extend(answers)
    wish = Authenticate(wanted=True, mode="threeDSIntegrator")
    return gateway.pay("PAY-5", authenticate=wish, return_url="https://shop.example/back")


def test_a_payment_is_answered_again_though_its_token_has_ended() -> None:
    gateway = Gateway()
    token = token_of(kept(gateway))
    record = IdempotencyRecord(SID, "KEY-1", "PAY-1", "a" * 64)
    first = gateway.pay(means=PayByToken(token), idempotency=record)
    gateway.card_tokens.delete(SID, token)
    again = gateway.pay(means=PayByToken(token), idempotency=record)
    assert responses.created(again) == responses.created(first)
    with pytest.raises(TokenUnknown):
        gateway.pay("PAY-2", means=PayByToken(token))


def test_a_payment_is_answered_again_though_its_quote_has_expired() -> None:
    gateway = Gateway()
    now = int(gateway.clock.at)
    gateway.quotes.create(a_quote(now))
    record = IdempotencyRecord(SID, "KEY-1", "PAY-1", "a" * 64)
    given: dict[str, Any] = {"minor": 10_036, "currency": "USD", "quote_id": "FX-1"}
    first = gateway.pay(idempotency=record, **given)
    gateway.clock.at += 3600
    assert responses.created(gateway.pay(idempotency=record, **given)) == responses.created(first)


def test_a_deletion_is_answered_again() -> None:
    gateway = Gateway()
    token = token_of(kept(gateway))
    gateway.card_tokens.delete(SID, token, key())
    gateway.card_tokens.delete(SID, token, key())
    assert gateway.tokens.deleted == ["ref-1"]
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.delete(SID, token, key("KEY-2"))
    with pytest.raises(FieldMismatch):
        gateway.card_tokens.delete(SID, token, key(body="b"))


def test_a_refused_deletion_stays_refused() -> None:
    gateway = Gateway()
    for _ in range(2):
        with pytest.raises(TokenUnknown):
            gateway.card_tokens.delete(SID, "pmt_" + "0" * 32, key())


def test_a_deletion_that_was_cut_short_is_carried_out_by_its_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gateway = Gateway()
    token = token_of(kept(gateway))
    with monkeypatch.context() as patch:
        patch.setattr(gateway.stored_cards, "update", killed)
        with pytest.raises(RuntimeError):
            gateway.card_tokens.delete(SID, token, key())
    gateway.card_tokens.delete(SID, token, key())
    with pytest.raises(TokenUnknown):
        gateway.card_tokens.of_token(SID, token)


def test_a_change_of_a_token_is_made_once() -> None:
    gateway = Gateway()
    token = token_of(kept(gateway))
    disable = CardChange(status=TokenStatus.DISABLED)
    gateway.card_tokens.change(SID, token, disable, key())
    enabled = gateway.card_tokens.change(SID, token, CardChange(status=TokenStatus.ENABLED))
    assert gateway.card_tokens.change(SID, token, disable, key()) == enabled
    with pytest.raises(FieldMismatch):
        gateway.card_tokens.change(SID, token, disable, key(body="b"))


def test_a_step_of_an_authentication_is_answered_with_what_came_of_it() -> None:
    gateway = Gateway()
    in_integrator_mode(gateway)
    submit = gateway.submit_additional_info
    done = submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key())
    assert done.status is Status.AUTHORISED
    again = submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key())
    assert responses.created(again) == responses.created(done)
    assert len(gateway.directory.asked) == len(gateway.visa.authorizations) == 1
    with pytest.raises(WrongStatus):
        submit(SID, "PAY-5", PAYMENTS, METHOD_DONE)
    with pytest.raises(FieldMismatch):
        submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key(body="b"))


def test_a_step_that_led_to_a_challenge_leads_there_again() -> None:
    gateway = Gateway()
    in_integrator_mode(gateway, CHALLENGED)
    submit = gateway.submit_additional_info
    challenged = submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key())
    assert challenged.status is Status.VERIFYING
    assert submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key()) == challenged
    with pytest.raises(WrongStatus):
        submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key("KEY-2"))
    ended = submit(SID, "PAY-5", PAYMENTS, BACK_FROM_CHALLENGE, key("KEY-3"))
    assert ended.failure_code == "B0021"  # he came back, and nobody said that he had passed


def test_a_step_that_was_cut_short_is_taken_by_its_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gateway = Gateway()
    in_integrator_mode(gateway)
    submit = gateway.submit_additional_info
    with monkeypatch.context() as patch:
        patch.setattr(gateway.directory, "authenticate", killed)
        with pytest.raises(RuntimeError):
            submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key())
    done = submit(SID, "PAY-5", PAYMENTS, METHOD_DONE, key())
    assert done.status is Status.AUTHORISED


def killed(*_: object, **__: object) -> None:
    raise RuntimeError


def a_quote(now: int) -> Quote:
    rate = Rate("HKD", "USD", Decimal("0.128667"), date(2025, 3, 4), "ECB")
    return Quote(
        sid=SID,
        trans_id="FX-1",
        trans_time="2025-03-04T13:00:00Z",
        local=Money(78_000, "HKD"),
        amount=Money(10_036, "USD"),
        rate=rate,
        created_at=now,
        expires_at=now + 1800,
        nonce="n",
    )
