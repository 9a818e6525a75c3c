"""The other sides that speak HTTP: token services, a wallet, issuers. Their decisions, books and
bytes are the sandbox's own."""

from __future__ import annotations

from functools import partial
from typing import Any

from sandbox import token_service
from sandbox.tokens import TokenDesk
from sandbox.web import BadRequest, Exchange
from tests.simulation.hosts import SimulatedHost
from tests.simulation.web import Serve, served_by


class TokenExchange(Exchange):
    """A host's token service without the files beside it."""

    def __init__(self, network: str, desk: TokenDesk, *connection: Any) -> None:
        self._network = network
        self._desk = desk
        super().__init__(*connection)

    def respond(self) -> None:
        route, body = self.route, self.body
        answer = token_service.respond(self._desk, self._network, self.command, route, body)
        if answer is None:
            raise BadRequest(404, "There is nothing here.")
        self.send_json(*answer)


def tokens_of(host: SimulatedHost) -> Serve:
    """The token service of a card network, over its host's books."""
    return served_by(partial(TokenExchange, host.name, TokenDesk(host.name, host.books)))
