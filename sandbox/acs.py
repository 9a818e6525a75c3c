"""A directory server and an issuer's access control server (docs/three-d-secure.md).

Run it with ``python -m sandbox.acs --state-dir D --http-port N``. Everything of both is behind one
address: ``/ds/prepare`` and ``/ds/authenticate`` for the 3DS Server, ``/acs/method``,
``/acs/challenge`` and ``/acs/answer`` for browsers.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import html
import json
import signal
import threading
import urllib.error
import urllib.request
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from sandbox.threeds import (
    CHALLENGE_FAILS,
    CODE,
    MAX_TRIES,
    METHOD_RANGES,
    Authentications,
    Transaction,
    Wrong,
    response_to,
    result_fields,
)
from sandbox.web import BadRequest, Exchange, WebServer, json_object

RESULTS_TIMEOUT_S = 10.0
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#eef1f5;color:#1c2733;margin:0}"
    "main{max-width:24rem;margin:2rem auto;background:#fff;border-radius:12px;padding:1.5rem}"
    "input{font:inherit;padding:.6rem;width:100%;box-sizing:border-box;letter-spacing:.3em}"
    "button{font:inherit;padding:.7rem;width:100%;margin-top:.8rem;border:0;border-radius:8px;"
    "background:#1c4f82;color:#fff}button.plain{background:none;color:#1c4f82}"
    "dt{color:#5a6877}dd{margin:0 0 .6rem;font-weight:600}.error{color:#a4261d}"
)


class AccessControl(WebServer):
    """Both servers on 127.0.0.1."""

    def __init__(self, authentications: Authentications, port: int) -> None:
        super().__init__(partial(_AccessExchange, authentications), port)


class _AccessExchange(Exchange):
    def __init__(self, authentications: Authentications, *connection: Any) -> None:
        self._authentications = authentications
        super().__init__(*connection)

    def respond(self) -> None:
        match self.command, self.route:
            case "POST", "/ds/prepare":
                self._prepare()
            case "POST", "/ds/authenticate":
                self._authenticate()
            case "POST", "/acs/method":
                self._method()
            case "POST", "/acs/challenge":
                self._challenge()
            case "POST", "/acs/answer":
                self._answer()
            case "POST", "/issuer/verify":
                self._verify()
            case "GET", "/health":
                self.send_json(200, {"status": "up"})
            case _:
                raise BadRequest(404, "There is nothing here.")

    @property
    def _address(self) -> str:
        return f"http://{self.headers['Host']}"

    def _prepare(self) -> None:
        request = _object(self.body)
        method = f"{self._address}/acs/method"
        ranges = [
            {
                "startRange": start,
                "endRange": end,
                "actionInd": "A",
                "acsStartProtocolVersion": "2.1.0",
                "acsEndProtocolVersion": "2.2.0",
                "threeDSMethodURL": method,
            }
            for start, end in METHOD_RANGES
        ]
        self.send_json(
            200,
            {
                "messageType": "PRes",
                "messageVersion": "2.2.0",
                "threeDSServerTransID": request.get("threeDSServerTransID"),
                "serialNum": "1",
                "cardRangeData": ranges,
            },
        )

    def _authenticate(self) -> None:
        request = _object(self.body)
        try:
            transaction = self._authentications.begin(request)
        except Wrong as error:
            self.send_json(200, _erro(request, error))
            return
        if transaction is None:
            self.close_connection = True  # a directory server that has gone away
            return
        self.send_json(200, response_to(transaction, f"{self._address}/acs/challenge"))

    def _method(self) -> None:
        data = _encoded_object(self._field("threeDSMethodData"))
        back = data.get("threeDSMethodNotificationURL", "")
        answer = _encode({"threeDSServerTransID": data.get("threeDSServerTransID")})
        self._page("Method", _hand_on(back, {"threeDSMethodData": answer}))

    def _challenge(self) -> None:
        message = _encoded_object(self._field("creq"))
        transaction = self._open(str(message.get("acsTransID", "")))
        self._page("Your bank", _form(transaction, self._field("threeDSSessionData"), ""))

    def _answer(self) -> None:
        transaction = self._open(self._field("acsTransID"))
        session = self._field("threeDSSessionData")
        given = self._field("code").strip()
        if self._field("action") == "cancel":
            return self._end(transaction, "N", session)
        if given != CODE:
            transaction = replace(transaction, tries=transaction.tries + 1)
            self._authentications.keep(transaction)
            if transaction.tries < MAX_TRIES:
                return self._page("Your bank", _form(transaction, session, "The code is wrong."))
            return self._end(transaction, "N", session)
        fails = transaction.outcome == CHALLENGE_FAILS
        return self._end(transaction, "N" if fails else "Y", session)

    def _end(self, transaction: Transaction, status: str, session: str) -> None:
        """Tell the 3DS Server first, then send the browser back."""
        ended = replace(transaction, status=status)
        self._authentications.keep(ended)
        self._tell(ended)
        cres = _encode(
            {
                "messageType": "CRes",
                "messageVersion": ended.version,
                "threeDSServerTransID": ended.server_trans_id,
                "acsTransID": ended.acs_trans_id,
                "challengeCompletionInd": "Y",
                "transStatus": status,
            }
        )
        fields = {"cres": cres} | ({"threeDSSessionData": session} if session else {})
        self._page("Back to the shop", _hand_on(ended.notification_url, fields))

    def _tell(self, transaction: Transaction) -> None:
        message = {
            "messageType": "RReq",
            "messageVersion": transaction.version,
            "threeDSServerTransID": transaction.server_trans_id,
            "dsTransID": transaction.ds_trans_id,
            "acsTransID": transaction.acs_trans_id,
            "messageCategory": "01",
            "interactionCounter": f"{transaction.tries + 1:02d}",
            "transStatus": transaction.status,
            **result_fields(transaction, transaction.status),
        }
        request = urllib.request.Request(
            transaction.results_url,
            json.dumps(message).encode(),
            {"Content-Type": "application/json; charset=utf-8"},
        )
        try:
            with urllib.request.urlopen(request, timeout=RESULTS_TIMEOUT_S) as response:
                response.read()
        except (OSError, ValueError):
            self.log_error("the 3DS Server did not take the result")

    def _verify(self) -> None:
        """An issuer's check of an authentication value, for tests and operators."""
        given = _object(self.body)
        names = ("dsTransID", "pan", "amount", "currency")
        expected = self._authentications.value(*(str(given.get(name, "")) for name in names))
        self.send_json(200, {"match": expected == given.get("value")})

    def _open(self, acs_trans_id: str) -> Transaction:
        transaction = self._authentications.find(acs_trans_id)
        if transaction is None or transaction.status:
            raise BadRequest(404, "No challenge is open here.")
        return transaction

    def _field(self, name: str) -> str:
        fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return fields.get(name, [""])[0]

    def _page(self, title: str, content: str) -> None:
        page = (
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            "<link rel='icon' href='data:,'>"
            f"<style>{STYLE}</style><main><h1>{title}</h1>{content}</main></html>"
        )
        self.send_content(200, page.encode(), "text/html; charset=utf-8")


def _form(transaction: Transaction, session: str, error: str) -> str:
    prefilled = "" if transaction.tries else CODE
    return (
        f"<dl><dt>Merchant</dt><dd>{html.escape(transaction.merchant)}</dd>"
        f"<dt>Amount</dt><dd>{html.escape(transaction.amount) or 'card check'}</dd>"
        f"<dt>Card</dt><dd>{html.escape(transaction.shown)}</dd></dl>"
        f"<p>We have sent you a code (it is {CODE}).</p>"
        "<form method='post' action='/acs/answer'>"
        f"{_hidden('acsTransID', transaction.acs_trans_id)}"
        f"{_hidden('threeDSSessionData', session) if session else ''}"
        f"<label>Code<input name='code' inputmode='numeric' autocomplete='one-time-code' "
        f"value='{prefilled}'></label><p class='error' role='alert'>{error}</p>"
        "<button type='submit' id='submit' name='action' value='submit'>Submit</button>"
        "<button class='plain' name='action' value='cancel'>Cancel</button></form>"
    )


def _hand_on(url: str, fields: dict[str, str]) -> str:
    inputs = "".join(_hidden(name, value) for name, value in fields.items())
    return (
        f"<form id='on' method='post' action='{html.escape(url, quote=True)}'>{inputs}"
        "<button type='submit'>Continue</button></form>"
        "<script>document.getElementById('on').submit()</script>"
    )


def _hidden(name: str, value: str) -> str:
    return f"<input type='hidden' name='{name}' value='{html.escape(value, quote=True)}'>"


def _erro(request: dict[str, Any], error: Wrong) -> dict[str, Any]:
    return {
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": request.get("threeDSServerTransID"),
        "errorCode": error.code,
        "errorComponent": "D",
        "errorDescription": str(error),
        "errorDetail": error.detail,
        "errorMessageType": request.get("messageType"),
    }


def _encode(message: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode().rstrip("=")


def _encoded_object(text: str) -> dict[str, Any]:
    try:
        return _object(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise BadRequest(400, "The message is no base64url.") from None


def _object(raw: bytes) -> dict[str, Any]:
    parsed = json_object(raw)
    if parsed is None:
        raise BadRequest(400, "The message is no JSON object.")
    return parsed


def main() -> None:
    """Run both servers until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A directory server and an access control server.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where transactions are kept")
    parser.add_argument("--http-port", type=int, default=0, help="0 = choose a free one")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    authentications = Authentications(arguments.state_dir)
    try:
        server = AccessControl(authentications, arguments.http_port)
    except OSError as error:
        parser.exit(1, f"The access control server cannot start: {error}\n")
    server.start()
    print(f"ready http={server.port}", flush=True)
    stopping.wait()
    server.stop()
    authentications.close()


if __name__ == "__main__":
    main()
