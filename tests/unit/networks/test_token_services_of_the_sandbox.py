"""The sandbox's token services, written from the documentation alone, understand all that they are
asked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox import token_service
from sandbox.books import Books
from sandbox.tokens import TokenDesk
from sandbox.web import Exchange, WebServer
from tests.unit.networks.scripted_token_service import PANS, PATIENCE_S, TOKENS, given
from tidegate.domain.errors import NetworkTokenRefused
from tidegate.domain.message import Card
from tidegate.domain.tokens import TokenStatus
from tidegate.networks.token_services import HttpTokenServices

BRANDS = {"visa": "Visa", "mastercard": "Mastercard"}


class _SandboxExchange(Exchange):
    def __init__(
        self,
        answer: Callable[[str, str, bytes], token_service.Answer | None],
        *connection: Any,
    ) -> None:
        self._answer = answer
        super().__init__(*connection)

    def respond(self) -> None:
        found = self._answer(self.command, self.route, self.body)
        assert found is not None, "a path that the token service does not have"
        self.send_json(*found)


@pytest.fixture(params=["visa", "mastercard"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HttpTokenServices]:
    books = Books(tmp_path)
    answer = partial(token_service.respond, TokenDesk(request.param, books), request.param)
    running = WebServer(partial(_SandboxExchange, answer), 0)
    running.start()
    yield HttpTokenServices({BRANDS[request.param]: f"http://127.0.0.1:{running.port}"})
    running.stop()
    books.close()


@pytest.fixture
def brand(request: pytest.FixtureRequest) -> str:
    return BRANDS[request.node.callspec.params["client"]]


def test_a_tokens_whole_life(client: HttpTokenServices, brand: str) -> None:
    made = client.provision(given(brand), timeout_s=PATIENCE_S)
    assert made.token.pan[:6] == TOKENS[brand][:6]
    assert client.provision(given(brand), timeout_s=PATIENCE_S) == made
    other = replace(given(brand), requestor_id="40010075002")
    assert client.provision(other, timeout_s=PATIENCE_S).token.pan != made.token.pan

    values = {
        client.cryptogram(brand, made.reference, timeout_s=PATIENCE_S).value for _ in range(2)
    }
    assert [len(base64.b64decode(value)) for value in values] == [20, 20]

    client.set_enabled(brand, made.reference, False, timeout_s=PATIENCE_S)
    with pytest.raises(NetworkTokenRefused):
        client.cryptogram(brand, made.reference, timeout_s=PATIENCE_S)
    suspended = client.provision(given(brand), timeout_s=PATIENCE_S)
    assert suspended == replace(made, status=TokenStatus.DISABLED)
    client.set_enabled(brand, made.reference, True, timeout_s=PATIENCE_S)
    assert client.cryptogram(brand, made.reference, timeout_s=PATIENCE_S)

    for _ in range(2):
        client.delete(brand, made.reference, timeout_s=PATIENCE_S)
    with pytest.raises(NetworkTokenRefused):
        client.set_enabled(brand, made.reference, True, timeout_s=PATIENCE_S)
    assert client.provision(given(brand), timeout_s=PATIENCE_S).token.pan != made.token.pan


def test_a_card_whose_issuer_takes_no_part_gets_none(client: HttpTokenServices, brand: str) -> None:
    card = Card(f"{PANS[brand][:12]}0011", "3109")
    with pytest.raises(NetworkTokenRefused):
        client.provision(replace(given(brand), card=card), timeout_s=PATIENCE_S)
