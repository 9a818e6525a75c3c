"""A wallet host that speaks Alipay+ (Antom AMS API v1), with pages where one plays the payer
(docs/wallets.md).

Run it with ``python -m sandbox.alipayplus --state-dir D --http-port N --keys K``. K holds what both
sides need of each other's key pairs; see ``sandbox.alipayplus_keys``.
"""

from __future__ import annotations

import argparse
import signal
import threading
from functools import partial
from pathlib import Path

from sandbox.alipayplus_books import WalletBooks
from sandbox.alipayplus_desk import Desk
from sandbox.alipayplus_keys import Keys
from sandbox.alipayplus_notices import Notifier
from sandbox.alipayplus_settlement import SettlementDesk
from sandbox.alipayplus_web import CLIENT_ID, Host, WalletExchange
from sandbox.web import LOOPBACK, WebServer


class Wallet(WebServer):
    """The host on 127.0.0.1, and the notifier beside it."""

    def __init__(self, books: WalletBooks, keys: Keys, port: int) -> None:
        self._host = Host(books, keys, Desk(books, lambda: self.address), SettlementDesk(books))
        self._notifier = Notifier(books, keys, CLIENT_ID)
        super().__init__(partial(WalletExchange, self._host), port)

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        super().start()
        self._notifier.start()

    def stop(self) -> None:
        self._host.stopping.set()
        self._notifier.stop()
        super().stop()


def main() -> None:
    """Run the wallet until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A wallet host that speaks Alipay+.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where the books are kept")
    parser.add_argument("--http-port", type=int, default=0, help="0 = choose a free one")
    parser.add_argument("--keys", type=Path, required=True, help="folder of the key pairs")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        keys = Keys(arguments.keys)
        books = WalletBooks(arguments.state_dir)
        wallet = Wallet(books, keys, arguments.http_port)
    except (OSError, ValueError) as error:
        parser.exit(1, f"The wallet cannot start: {error}\n")
    wallet.start()
    print(f"ready http={wallet.port}", flush=True)
    stopping.wait()
    wallet.stop()
    books.close()


if __name__ == "__main__":
    main()
