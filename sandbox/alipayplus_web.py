"""A wallet host's HTTP: signed calls of acquirers, pages for payers, files and books for
operators, faults for tests."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sandbox.alipayplus_books import OPEN, WalletBooks
from sandbox.alipayplus_desk import Desk, moment, result
from sandbox.alipayplus_keys import Keys
from sandbox.alipayplus_orders import ANY_WALLET, METHODS
from sandbox.alipayplus_pages import list_page, order_page
from sandbox.alipayplus_settlement import SettlementDesk
from sandbox.web import BadRequest, Exchange, json_object

PREFIX = "/ams/api/v1/payments/"
CLIENT_ID = "TIDEGATE-SANDBOX"
MAX_LISTED = 100
MAX_FAULT = 1_000_000


@dataclass(slots=True)
class WalletFaults:
    """What goes wrong with acquirers' calls; the defaults are a sound host."""

    drop_next_requests: int = 0
    """So many calls get lost before anything is booked."""
    drop_next_answers: int = 0
    """So many answers get lost after everything was booked."""
    delay_ms: int = 0
    """Every answer is held back for so long."""


@dataclass(slots=True)
class Host:
    """What an exchange works with."""

    books: WalletBooks
    keys: Keys
    desk: Desk
    settlement: SettlementDesk
    faults: WalletFaults = field(default_factory=WalletFaults)
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, fault: str) -> bool:
        """Whether this call is one of those that get lost."""
        with self._lock:
            left: int = getattr(self.faults, fault)
            setattr(self.faults, fault, max(0, left - 1))
        return left > 0


class WalletExchange(Exchange):
    """One request to the host."""

    def __init__(self, host: Host, *connection: Any) -> None:
        self._host = host
        super().__init__(*connection)

    def respond(self) -> None:
        operation = self.route.removeprefix(PREFIX)
        if self.command == "POST" and self._host.desk.knows(operation) and operation != self.route:
            self._call(operation)
            return
        folder, _, name = self.route.strip("/").partition("/")
        match self.command, folder, name:
            case "GET", "", "":
                self._send_page(list_page(self._host.books.open_orders(MAX_LISTED)))
            case "GET", "pay", payment_id:
                self._send_page(order_page(self._order("payment_id", payment_id)))
            case "POST", "pay", payment_id:
                self._decide(payment_id)
            case "GET", "qr", code:
                self._redirect(f"/pay/{self._order('qr_code', code)['payment_id']}")
            case "POST", "cut", "":
                self._cut()
            case "GET", "settlement", "":
                self.send_json(200, self._host.settlement.files())
            case "GET", "settlement", file_id:
                self._send_settlement(file_id)
            case "GET", "books", "":
                self.send_json(200, self._host.books.as_json())
            case "GET", "health", "":
                self.send_json(200, {"status": "up"})
            case "POST", "faults", "":
                self._host.faults = _faults(self.body)
                self.send_nothing(204)
            case _:
                raise BadRequest(404, "There is nothing here.")

    def _call(self, operation: str) -> None:
        host = self._host
        if host.strikes("drop_next_requests"):
            self.close_connection = True
            return
        answer = self._answer_to(operation)
        if host.faults.delay_ms:
            host.stopping.wait(host.faults.delay_ms / 1000)
        if answer is None or host.strikes("drop_next_answers"):
            self.close_connection = True
            return
        client_id = self.headers.get("Client-Id", "")
        body = json.dumps(answer, separators=(",", ":")).encode()
        stamp = moment(host.books.now())
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Client-Id", client_id)
        self.send_header("Response-Time", stamp)
        self.send_header("Signature", host.keys.sign(self.route, client_id, stamp, body))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer_to(self, operation: str) -> dict[str, Any] | None:
        if self.headers.get("Client-Id") != CLIENT_ID:
            return {"result": result("F", "INVALID_CLIENT")}
        signature, stamp = self.headers.get("Signature", ""), self.headers.get("Request-Time", "")
        if not self._host.keys.verified(signature, self.route, CLIENT_ID, stamp, self.body):
            return {"result": result("F", "INVALID_SIGNATURE")}
        request = json_object(self.body)
        if request is None:
            return {"result": result("F", "PARAM_ILLEGAL")}
        return self._host.desk.answer(operation, request)

    def _decide(self, payment_id: str) -> None:
        """What the payer chose; a form that was sent by the Enter key pays."""
        form = parse_qs(self.body.decode("utf-8", errors="replace"))
        order = self._order("payment_id", payment_id)
        method: str | None = order["method"]
        if method == ANY_WALLET:
            method = form.get("method", [METHODS[0]])[0]
        if method not in METHODS:
            raise BadRequest(422, "There is no such wallet.")
        if form.get("do") == ["decline"]:
            method = None
        if order["status"] == OPEN:
            self._host.books.decide(payment_id, method=method)
        self._redirect(order["redirect_url"] or f"/pay/{payment_id}")

    def _order(self, column: str, value: str) -> Any:
        order = self._host.books.order(column, value)
        if order is None:
            raise BadRequest(404, "There is no such order.")
        return order

    def _cut(self) -> None:
        cut = self._host.settlement.cut()
        if cut is None:
            self.send_nothing(204)
        else:
            self.send_json(200, asdict(cut))

    def _send_settlement(self, file_id: str) -> None:
        content = self._host.settlement.file(file_id)
        if content is None:
            raise BadRequest(404, "There is no such settlement file.")
        self.send_content(200, content, "text/csv; charset=utf-8")

    def _send_page(self, page: str) -> None:
        self.send_content(200, page.encode(), "text/html; charset=utf-8")

    def _redirect(self, url: str) -> None:
        self.send_response(303)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _faults(body: bytes) -> WalletFaults:
    wanted = json_object(body)
    if wanted is None:
        raise BadRequest(422, "The faults are no JSON object.")
    for name, value in wanted.items():
        if name not in WalletFaults.__slots__ or type(value) is not int:
            raise BadRequest(422, f"{name} is no fault of a wallet, or no whole number.")
        if not 0 <= value <= MAX_FAULT:
            raise BadRequest(422, f"{name} must be between 0 and {MAX_FAULT}.")
    return WalletFaults(**wanted)
