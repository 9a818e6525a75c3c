"""Token services: what they are asked, which of their answers count, and what a failure leaves
known."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.networks.scripted_token_service import (
    ANSWERS,
    ART,
    CRYPTOGRAM,
    PANS,
    PATIENCE_S,
    PAYMENTS,
    TOKENS,
    ScriptedServer,
    Service,
    given,
)
from tidegate.domain.errors import NetworkTokenRefused, NotSent, Unanswered
from tidegate.domain.tokens import TokenStatus
from tidegate.networks.token_services import HttpTokenServices

V, M = "/vts/provisionedTokens", "/mdes/digitization/1/0"
SHORT_S = 0.3
NOW = 1_795_426_215.5


@pytest.fixture(params=["Visa", "Mastercard"])
def brand(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    """One for all: starting and stopping takes longer than asking."""
    running = ScriptedServer()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def service(server: ScriptedServer) -> Service:
    server.service = Service()
    return server.service


@pytest.fixture
def client(server: ScriptedServer) -> HttpTokenServices:
    """Talks to ``service``, whatever the brand."""
    return HttpTokenServices({"Visa": server.url, "Mastercard": server.url}, now=lambda: NOW)


def calls(
    client: HttpTokenServices, brand: str, timeout_s: float = PATIENCE_S
) -> dict[str, Callable[[], object]]:
    """Every operation, by name."""
    return {
        "provision": lambda: client.provision(given(brand), timeout_s=timeout_s),
        "cryptogram": lambda: client.cryptogram(brand, "ref-1", timeout_s=timeout_s),
        "suspend": lambda: client.set_enabled(brand, "ref-1", False, timeout_s=timeout_s),
        "resume": lambda: client.set_enabled(brand, "ref-1", True, timeout_s=timeout_s),
        "delete": lambda: client.delete(brand, "ref-1", timeout_s=timeout_s),
    }


OPERATIONS = ["provision", "cryptogram", "suspend", "resume", "delete"]


class TestRequests:
    def test_a_visa_card_becomes_a_token(self, service: Service, client: HttpTokenServices) -> None:
        service.status, service.answer = 201, ANSWERS["Visa"]
        client.provision(given("Visa"), timeout_s=PATIENCE_S)
        assert service.asked == [
            (
                "POST",
                V,
                {
                    "clientAppID": "40010075001",
                    "clientWalletAccountID": "user-7",
                    "clientWalletAccountEmailAddress": "payer@example.com",
                    "locale": "en_HK",
                    "panSource": "MANUALLYENTERED",
                    "protectionType": "CLOUD",
                    "paymentInstrument": {
                        "accountNumber": PANS["Visa"],
                        "expirationDate": {"month": "09", "year": "2031"},
                    },
                },
            )
        ]

    def test_a_mastercard_card_becomes_a_token(
        self, service: Service, client: HttpTokenServices
    ) -> None:
        service.answer = ANSWERS["Mastercard"]
        client.provision(given("Mastercard"), timeout_s=PATIENCE_S)
        data = {"accountNumber": PANS["Mastercard"], "expiryMonth": "09", "expiryYear": "31"}
        assert service.asked == [
            (
                "POST",
                f"{M}/tokenize",
                {
                    "tokenRequestorId": "40010075001",
                    "tokenType": "CLOUD",
                    "consumerLanguage": "en_HK",
                    "fundingAccountInfo": {"cardAccountData": data},
                },
            )
        ]

    @pytest.mark.parametrize(
        ("brand", "operation", "asked"),
        [
            ("Visa", "cryptogram", ("POST", f"{V}/ref-1/cryptogram", {"transactionType": "ECOM"})),
            ("Visa", "suspend", ("PUT", f"{V}/ref-1/suspend", {})),
            ("Visa", "resume", ("PUT", f"{V}/ref-1/resume", {})),
            ("Visa", "delete", ("PUT", f"{V}/ref-1/delete", {})),
            (
                "Mastercard",
                "cryptogram",
                ("POST", f"{M}/transact", {"tokenUniqueReference": "ref-1", "dsrpType": "UCAF"}),
            ),
            ("Mastercard", "suspend", ("POST", f"{M}/suspend", {"tokenUniqueReference": "ref-1"})),
            ("Mastercard", "resume", ("POST", f"{M}/unsuspend", {"tokenUniqueReference": "ref-1"})),
            ("Mastercard", "delete", ("POST", f"{M}/delete", {"tokenUniqueReference": "ref-1"})),
        ],
    )
    def test_a_token_is_used_and_changed_by_its_reference(
        self,
        service: Service,
        client: HttpTokenServices,
        brand: str,
        operation: str,
        asked: tuple[str, str, Any],
    ) -> None:
        service.answer = PAYMENTS[brand]
        calls(client, brand)[operation]()
        assert service.asked == [asked]

    def test_the_security_code_stays_here(
        self, service: Service, client: HttpTokenServices, brand: str
    ) -> None:
        service.answer = ANSWERS[brand]
        client.provision(given(brand), timeout_s=PATIENCE_S)
        assert "737" not in json.dumps(service.asked)


class TestAnswers:
    def test_a_token_is_read(self, service: Service, client: HttpTokenServices, brand: str) -> None:
        service.answer = ANSWERS[brand]
        made = client.provision(given(brand), timeout_s=PATIENCE_S)
        assert (made.reference, made.account_reference, made.art_uri) == ("ref-1", "V0010013", ART)
        assert (made.token.pan, made.token.expiry) == (TOKENS[brand], "3009")
        assert made.status is TokenStatus.ENABLED
        assert TOKENS[brand] not in repr(made)

    @pytest.mark.parametrize("status", ["SUSPENDED", "DELETED", "INACTIVE", ""])
    def test_only_an_active_token_is_enabled(
        self, service: Service, client: HttpTokenServices, brand: str, status: str
    ) -> None:
        service.answer = json.loads(json.dumps(ANSWERS[brand]).replace('"ACTIVE"', f'"{status}"'))
        made = client.provision(given(brand), timeout_s=PATIENCE_S)
        assert made.status is TokenStatus.DISABLED

    def test_a_token_need_not_have_art_or_an_account_reference(
        self, service: Service, client: HttpTokenServices, brand: str
    ) -> None:
        service.answer = without(without(ANSWERS[brand], ART), "V0010013")
        made = client.provision(given(brand), timeout_s=PATIENCE_S)
        assert (made.account_reference, made.art_uri) == ("", "")

    @pytest.mark.parametrize(("brand", "eci"), [("Visa", "07"), ("Mastercard", "06")])
    def test_a_cryptogram_is_good_for_ten_minutes(
        self, service: Service, client: HttpTokenServices, brand: str, eci: str
    ) -> None:
        service.answer = PAYMENTS[brand]
        made = client.cryptogram(brand, "ref-1", timeout_s=PATIENCE_S)
        assert (made.value, made.eci, made.expires_at) == (CRYPTOGRAM, eci, 1_795_426_815)
        assert CRYPTOGRAM not in repr(made)

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("answer", [b"", b"{", b"\xff", b"[]", b'"ACTIVE"', b"null"])
    def test_one_that_is_no_json_object_leaves_it_unknown(
        self,
        service: Service,
        client: HttpTokenServices,
        brand: str,
        operation: str,
        answer: bytes,
    ) -> None:
        service.answer = answer
        with pytest.raises(Unanswered, match="cannot be read"):
            calls(client, brand)[operation]()

    @pytest.mark.parametrize(
        ("brand", "missing"),
        [(brand, one) for brand in ANSWERS for one in ("ref-1", TOKENS[brand], "09", "ACTIVE")]
        + [("Visa", "2030"), ("Mastercard", "30")],
    )
    def test_a_token_that_lacks_something_is_none(
        self, service: Service, client: HttpTokenServices, brand: str, missing: str
    ) -> None:
        service.answer = without(ANSWERS[brand], missing)
        with pytest.raises(Unanswered, match="lacks something"):
            client.provision(given(brand), timeout_s=PATIENCE_S)

    @pytest.mark.parametrize("part", ["tokenInfo", "tokenDetail", "cardMetaData", "productConfig"])
    @pytest.mark.parametrize("wrong", [None, [], "text", 7])
    def test_a_part_of_another_type_is_none_either(
        self, service: Service, client: HttpTokenServices, part: str, wrong: Any
    ) -> None:
        brand = "Visa" if part in ANSWERS["Visa"] else "Mastercard"
        service.answer = ANSWERS[brand] | {part: wrong}
        with pytest.raises(Unanswered, match="lacks something"):
            client.provision(given(brand), timeout_s=PATIENCE_S)

    @pytest.mark.parametrize("lost", [CRYPTOGRAM, "07", "06"])
    def test_a_cryptogram_that_lacks_something_is_none(
        self, service: Service, client: HttpTokenServices, lost: str
    ) -> None:
        brand = "Mastercard" if lost == "06" else "Visa"
        service.answer = without(PAYMENTS[brand], lost)
        with pytest.raises(Unanswered, match="lacks something"):
            client.cryptogram(brand, "ref-1", timeout_s=PATIENCE_S)


def without(message: dict[str, Any], value: str) -> dict[str, Any]:
    """The message without the fields that hold ``value``, at any depth."""
    return {
        name: without(one, value) if isinstance(one, dict) else one
        for name, one in message.items()
        if one != value
    }


class TestFailures:
    """What is known afterwards: refused, not sent, or nothing at all."""

    @pytest.mark.parametrize("operation", OPERATIONS[:-1])
    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_a_refusal_is_a_refusal(
        self,
        service: Service,
        client: HttpTokenServices,
        brand: str,
        operation: str,
        status: int,
    ) -> None:
        service.status, service.answer = status, {"errorResponse": {"reason": PANS[brand]}}
        with pytest.raises(NetworkTokenRefused) as refused:
            calls(client, brand)[operation]()
        assert PANS[brand] not in str(refused.value)

    def test_ending_a_token_that_is_gone_is_no_failure(
        self, service: Service, client: HttpTokenServices, brand: str
    ) -> None:
        service.status = 404
        client.delete(brand, "ref-1", timeout_s=PATIENCE_S)
        assert len(service.asked) == 1

    @pytest.mark.parametrize("status", [401, 403, 429])
    def test_a_token_whose_end_was_refused_lives_on(
        self, service: Service, client: HttpTokenServices, brand: str, status: int
    ) -> None:
        service.status = status
        with pytest.raises(Unanswered):
            client.delete(brand, "ref-1", timeout_s=PATIENCE_S)

    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("status", [302, 500, 503])
    def test_any_other_status_leaves_it_unknown(
        self,
        service: Service,
        client: HttpTokenServices,
        brand: str,
        operation: str,
        status: int,
    ) -> None:
        service.status, service.answer = status, ANSWERS[brand] | PAYMENTS[brand]
        with pytest.raises(Unanswered, match="fault"):
            calls(client, brand)[operation]()

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_brand_without_a_service_is_refused(self, brand: str, operation: str) -> None:
        for urls in ({}, {brand: ""}):
            call = calls(HttpTokenServices(urls), brand)[operation]
            if operation == "delete":
                call()
            else:
                with pytest.raises(NetworkTokenRefused, match="no token service"):
                    call()

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_nothing_was_sent_to_a_service_that_is_down(self, brand: str, operation: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotSent):
            calls(HttpTokenServices({brand: url}), brand)[operation]()

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_service_that_hangs_up_leaves_it_unknown(
        self, service: Service, client: HttpTokenServices, brand: str, operation: str
    ) -> None:
        service.answer = None
        with pytest.raises(Unanswered, match="did not answer"):
            calls(client, brand)[operation]()
        assert len(service.asked) == 1

    def test_a_service_that_is_slow_leaves_it_unknown_though_it_was_asked(
        self, service: Service, client: HttpTokenServices, brand: str
    ) -> None:
        service.answer, service.until = ANSWERS[brand], threading.Event()
        with pytest.raises(Unanswered, match="did not answer"):
            calls(client, brand, SHORT_S)["provision"]()
        service.until.set()
        assert len(service.asked) == 1
