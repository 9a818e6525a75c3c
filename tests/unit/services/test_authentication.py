"""Cardholder authentication: nothing is charged before it succeeded, nothing twice after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.cards import AUTHENTICATED, CHALLENGED
from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD, a_store
from tidegate.domain.authentication import Authentication, BrowserInfo
from tidegate.domain.errors import (
    AuthenticationRequired,
    AuthenticationUnsupported,
    InapplicableValue,
    MissingConditionalField,
    TransactionUnknown,
    Unanswered,
    WrongStatus,
)
from tidegate.domain.message import Card, NetworkAnswer
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status
from tidegate.services.commands import Authenticate, CreatePayment
from tidegate.services.limits import AUTHENTICATION_LIFE_S
from tidegate.services.payer_action import Step, ticket_of

BACK = "https://shop.example/back"
WANTED = Authenticate(wanted=True)
SOFT = NetworkAnswer("1A")


def begin(gateway: Gateway, **more: Any) -> Payment:
    given: dict[str, Any] = {"authenticate": WANTED, "return_url": BACK} | more
    return gateway.pay(**given)


def submit(gateway: Gateway, payment: Payment, sealed: str | None = None) -> Step:
    return gateway.authenticate.submit(payment, BrowserInfo(), "Y", sealed)


def sealed_in(gateway: Gateway) -> str:
    """The CVC as the payer's browser holds it."""
    command = CreatePayment(
        trans_id="PAY-1",
        trans_time="2025-03-04T09:10:11Z",
        amount=gateway.payments.payment("PAY-1").amount,
        means=Card(VISA_CARD, "4912", "321"),
        authenticate=WANTED,
        return_url=BACK,
    )
    gateway.payments.items.clear()
    action = gateway.create(gateway.store, command).action
    assert action is not None
    return action.data["url"].partition("#")[2]


def test_nothing_is_sent_before_the_browser_was_seen() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    assert payment.status is Status.VERIFYING
    assert (gateway.directory.asked, gateway.visa.authorizations) == ([], [])


def test_a_frictionless_success_is_authorized_with_its_proof_and_its_cvc() -> None:
    gateway = Gateway()
    begin(gateway)
    sealed = sealed_in(gateway)
    done = submit(gateway, gateway.payments.payment("PAY-1"), sealed).payment
    assert done.status is Status.AUTHORISED
    (request,) = gateway.visa.authorizations
    assert request.card.cvc == "321"
    assert request.proof is not None
    assert (request.proof.eci, request.proof.value) == ("05", AUTHENTICATED.value)
    assert done.authentication is not None
    assert done.authentication.liability_shifted


def test_the_cvc_is_in_no_item() -> None:
    gateway = Gateway()
    begin(gateway)
    sealed = sealed_in(gateway)
    assert sealed
    assert sealed not in repr(gateway.payments.items)
    assert b"321" not in gateway.payments.payment("PAY-1").sealed_card


def test_two_submissions_authorize_once() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    assert submit(gateway, payment).payment.status is Status.AUTHORISED
    assert submit(gateway, payment).payment.status is Status.AUTHORISED
    assert len(gateway.visa.authorizations) == 1


def test_a_challenge_counts_by_what_the_directory_server_said() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    gateway.directory.answers.append(CHALLENGED)
    challenged = submit(gateway, payment).payment
    assert challenged.status is Status.VERIFYING
    known = gateway.authenticate.result(challenged, AUTHENTICATED)
    assert gateway.visa.authorizations == []
    assert gateway.authenticate.finish(known, None).status is Status.AUTHORISED
    assert gateway.authenticate.finish(known, None).status is Status.AUTHORISED
    assert len(gateway.visa.authorizations) == 1


def test_a_browser_alone_proves_nothing() -> None:
    gateway = Gateway()
    gateway.directory.answers.append(CHALLENGED)
    challenged = submit(gateway, begin(gateway)).payment
    failed = gateway.authenticate.finish(challenged, None)
    assert (failed.status, failed.failure_code) == (Status.FAILED, "B0021")
    assert gateway.visa.authorizations == []
    with pytest.raises(WrongStatus):
        gateway.authenticate.result(failed, AUTHENTICATED)


def test_a_result_of_another_challenge_is_refused() -> None:
    gateway = Gateway()
    gateway.directory.answers.append(CHALLENGED)
    challenged = submit(gateway, begin(gateway)).payment
    foreign = replace(AUTHENTICATED, acs_trans_id="00000000-0000-4000-8000-00000000ffff")
    with pytest.raises(TransactionUnknown):
        gateway.authenticate.result(challenged, foreign)


@pytest.mark.parametrize("status", ["N", "R", "U"])
def test_who_is_not_authenticated_is_not_charged(status: str) -> None:
    gateway = Gateway()
    payment = begin(gateway)
    gateway.directory.answers.append(replace(AUTHENTICATED, status=status, value=None, eci=None))
    failed = submit(gateway, payment).payment
    assert (failed.status, failed.failure_code) == (Status.FAILED, "B0021")
    assert failed.authentication is not None
    assert (failed.authentication.eci, failed.authentication.value) == ("07", "")
    assert gateway.visa.authorizations == []


def test_a_directory_server_that_does_not_answer_is_unavailable() -> None:
    gateway = Gateway()
    gateway.directory.answers.append(Unanswered())
    failed = submit(gateway, begin(gateway)).payment
    assert failed.authentication is not None
    assert failed.authentication.status == "U"


def test_nobody_authenticates_himself_for_ever() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    gateway.sweep_now(AUTHENTICATION_LIFE_S)
    assert gateway.payments.payment("PAY-1").status is Status.FAILED
    assert submit(gateway, payment).payment.status is Status.FAILED
    assert gateway.visa.authorizations == []


def test_a_soft_decline_is_stepped_up_under_a_new_message() -> None:
    gateway = Gateway()
    gateway.visa.replies.append(SOFT)
    payment = gateway.pay(return_url=BACK)
    assert payment.status is Status.VERIFYING
    assert submit(gateway, payment).payment.status is Status.AUTHORISED
    first, second = gateway.visa.authorizations
    assert first.proof is None
    assert second.proof is not None
    assert first.identity != second.identity


def test_a_second_soft_decline_ends_it() -> None:
    gateway = Gateway()
    gateway.visa.replies.extend([SOFT, SOFT])
    payment = gateway.pay(return_url=BACK)
    done = submit(gateway, payment).payment
    assert (done.status, done.failure_code) == (Status.FAILED, "B0019")


def test_a_soft_decline_without_a_way_to_authenticate_is_a_decline() -> None:
    gateway = Gateway()
    gateway.visa.replies.append(SOFT)
    declined = gateway.pay()
    assert (declined.status, declined.failure_code) == (Status.FAILED, "B0019")


def test_a_store_decides_whether_payers_are_authenticated() -> None:
    required = Gateway(a_store(authentication="required"))
    assert required.pay(return_url=BACK).status is Status.VERIFYING
    with pytest.raises(AuthenticationRequired):
        required.pay("PAY-2", authenticate=Authenticate(wanted=False))
    with pytest.raises(MissingConditionalField):
        required.pay("PAY-3")
    none = Gateway(a_store(authentication="none"))
    assert none.pay(authenticate=WANTED).status is Status.AUTHORISED
    with pytest.raises(AuthenticationUnsupported):
        none.pay("PAY-2", authenticate=Authenticate(only=True))


def test_a_proof_from_elsewhere_is_taken_as_it_is() -> None:
    gateway = Gateway(a_store(authentication="required"))
    proof = Authentication("external", "", "Y", "ds", "", "2.2.0", "05", "AAAA")
    assert gateway.pay(authenticate=Authenticate(external=proof)).status is Status.AUTHORISED
    assert gateway.visa.authorizations[0].proof == proof.proof()
    assert gateway.directory.asked == []


def test_a_ticket_opens_its_own_payment_alone() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    known = payment.authentication
    assert known is not None
    assert gateway.authenticate.find(ticket_of(payment, known.server_trans_id)) == payment
    for ticket in (ticket_of(payment, "0" * 36), ticket_of(payment, ""), "bm90aGluZw", "%", ""):
        with pytest.raises(TransactionUnknown):
            gateway.authenticate.find(ticket)


def test_only_the_directory_server_can_say_how_a_challenge_ended() -> None:
    gateway = Gateway()
    gateway.directory.answers.append(CHALLENGED)
    payment = submit(gateway, begin(gateway)).payment
    known = payment.authentication
    assert known is not None
    # All that a cardholder's browser gets to see: the page's ticket.
    with pytest.raises(TransactionUnknown):
        gateway.authenticate.find_for_results(ticket_of(payment, known.server_trans_id))
    given = gateway.directory.asked[0].results_url.split("/")[-2]
    assert gateway.authenticate.find_for_results(given) == payment
    with pytest.raises(TransactionUnknown):
        gateway.authenticate.find(given)


def test_a_proof_from_elsewhere_leaves_nothing_to_authenticate() -> None:
    gateway = Gateway()
    proof = Authentication("external", "", "Y", "ds", "", "2.2.0", "05", "AAAA")
    with pytest.raises(InapplicableValue):
        gateway.pay(authenticate=Authenticate(external=proof, only=True))
    assert gateway.visa.authorizations == []
    assert gateway.payments.items == {}


def test_who_does_not_want_authentication_is_not_stepped_up() -> None:
    gateway = Gateway()
    gateway.visa.replies.append(SOFT)
    declined = gateway.pay(return_url=BACK, authenticate=Authenticate(wanted=False))
    assert (declined.status, declined.failure_code) == (Status.FAILED, "B0019")


def test_a_caller_who_dies_after_the_proof_leaves_an_intent_for_the_janitor() -> None:
    gateway = Gateway()
    payment = begin(gateway)
    gateway.workflow_dies_after = "authorize"
    gateway.visa.replies.append(Unanswered())
    assert submit(gateway, payment).payment.status is Status.PENDING
    gateway.sweep_now(60)
    assert gateway.payments.payment("PAY-1").status is Status.FAILED
    assert len(gateway.visa.reversals) == 1
