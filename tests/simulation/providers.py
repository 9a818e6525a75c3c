"""The other sides that speak HTTP: token services, a wallet, issuers. Their decisions, books and
bytes are the sandbox's own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from sandbox import token_service
from sandbox.acs import _AccessExchange
from sandbox.alipayplus_books import OPEN, WalletBooks
from sandbox.alipayplus_desk import Desk
from sandbox.alipayplus_keys import Keys, make_pair
from sandbox.alipayplus_notices import Notifier
from sandbox.alipayplus_settlement import SettlementDesk
from sandbox.alipayplus_web import CLIENT_ID, Host, WalletExchange
from sandbox.threeds import Authentications, Transaction
from sandbox.tokens import TokenDesk
from sandbox.web import BadRequest, Exchange
from tests.simulation.hosts import SimulatedHost
from tests.simulation.scheduler import Scheduler
from tests.simulation.web import Serve, served_by, written

WALLET_HOST = "wallet.example"
ISSUER_HOST = "issuer.example"
_NEXT = """
SELECT min(at) FROM (
    SELECT notice_due_at AS at FROM orders
    UNION ALL SELECT expires_at FROM orders WHERE status = ?
)
"""


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


class SimulatedWallet:
    """A wallet network's host: its books, its desk, its pages, and its notices."""

    def __init__(
        self, folder: Path, now: Callable[[], float], scheduler: Scheduler, *, silent: bool
    ) -> None:
        self.books = WalletBooks(folder / "wallet", now)
        self._scheduler = scheduler
        self._silent = silent
        keys, _ = wallet_keys()
        desk = Desk(self.books, lambda: f"https://{WALLET_HOST}")
        host = Host(self.books, keys, desk, SettlementDesk(self.books))
        self.serve = served_by(partial(WalletExchange, host))
        self._notifier = Notifier(self.books, keys, CLIENT_ID)

    def decide(self, path: str, *, pays: bool) -> None:
        """A payer on the wallet's page, which he reaches without fail."""
        form = f"do={'pay' if pays else 'decline'}".encode()
        self.serve(written("POST", path, {"Host": WALLET_HOST}, form))

    def tell(self) -> float | None:
        """Send the notices that are due, each by itself; seconds until the next may be."""
        if self._silent:
            return None
        for order in self.books.due_notices():
            if order["id"] not in self._notifier._under_way:
                self._notifier._under_way.add(order["id"])
                self._scheduler.spawn("notice", partial(self._notifier._tell, order))
        with self.books.transaction() as db:
            (at,) = db.execute(_NEXT, (OPEN,)).fetchone()
        return None if at is None else max(1.0, at - self.books.now())


class SimulatedIssuer:
    """A directory server and an issuer's access control server."""

    def __init__(self, folder: Path) -> None:
        self._authentications = Authentications(folder / "issuer")
        self.serve = served_by(partial(_AccessExchange, self._authentications))

    def transactions(self) -> list[Transaction]:
        """All that were ever begun."""
        rows = self._authentications._db.execute("SELECT body FROM transactions").fetchall()
        return [Transaction(**json.loads(row[0])) for row in rows]

    def close(self) -> None:
        """Before its folder goes."""
        self._authentications.close()


@cache
def wallet_keys() -> tuple[Keys, str]:
    """The wallet's keys, and what Secrets Manager holds of them; made once a process."""
    folder = Path(tempfile.mkdtemp())
    try:
        make_pair(folder, "gateway")
        keys = Keys(folder)
        ours = {
            "clientId": CLIENT_ID,
            "privateKey": (folder / "gateway.key.pem").read_text(),
            "walletPublicKey": (folder / "wallet.pub.pem").read_text(),
        }
        return keys, json.dumps({"alipayplus": ours})
    finally:
        shutil.rmtree(folder)
