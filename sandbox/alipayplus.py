"""A wallet host that speaks Alipay+ (Antom AMS API), with a page where one plays the payer
(docs/wallets.md).

Run it with ``python -m sandbox.alipayplus --state-dir D --http-port N --keys K``. K holds both
sides' key pairs, made at the first start: the wallet's own, and the acquirer's, whose private key
the gateway is given.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import html
import json
import re
import signal
import sqlite3
import threading
import time
import urllib.request
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.wallet_books import FAILED, OPEN, PAID, Refused, WalletBooks
from sandbox.web import BadRequest, Exchange, WebServer

PREFIX = "/ams/api/v1/payments/"
CLIENT_ID = "TIDEGATE-SANDBOX"
TELL_EVERY_S = 0.3
LOST_BEFORE_BOOKING, LOST_AFTER_BOOKING = "68", "62"
"""Amounts with these endings are not answered: nothing booked, or booked all the same."""
CODE_REFUSED, CODE_CONFIRM, CODE_POOR = "00", "11", "51"
"""Endings of payment codes: stale, to be confirmed by the payer, not enough money."""
METHOD_OF_CODE = {"28": "ALIPAY_CN", "25": "ALIPAY_CN", "29": "ALIPAY_HK", "30": "ALIPAY_HK"}
_SIGNATURE = re.compile(r"algorithm=RSA256,\s*keyVersion=\d+,\s*signature=(\S+)")
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#e8f1fb;color:#10233a;margin:0}"
    "main{max-width:24rem;margin:2rem auto;background:#fff;border-radius:14px;padding:1.5rem}"
    "button{font:inherit;padding:.8rem;width:100%;margin-top:.8rem;border:0;border-radius:10px;"
    "background:#1677ff;color:#fff}button.plain{background:#eef3f9;color:#10233a}"
    ".amount{font-size:2rem;font-weight:700;margin:.3rem 0}"
)


class Keys:
    """Both key pairs, as PEM files in one folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._own = _pair(folder, "wallet")
        _pair(folder, "gateway")
        public = (folder / "gateway.pub.pem").read_bytes()
        key = serialization.load_pem_public_key(public)
        assert isinstance(key, rsa.RSAPublicKey)
        self._acquirer = key

    def sign(self, path: str, stamp: str, body: bytes) -> str:
        raw = self._own.sign(_content(path, stamp, body), padding.PKCS1v15(), SHA256())
        value = quote(base64.b64encode(raw).decode(), safe="")
        return f"algorithm=RSA256,keyVersion=1,signature={value}"

    def verified(self, header: str, path: str, stamp: str, body: bytes) -> bool:
        found = _SIGNATURE.fullmatch(header.strip())
        if found is None:
            return False
        try:
            raw = base64.b64decode(unquote(found[1]), validate=True)
            self._acquirer.verify(raw, _content(path, stamp, body), padding.PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True


class WalletHost(WebServer):
    """The wallet on 127.0.0.1, and the thread that tells acquirers what became of their orders."""

    def __init__(self, books: WalletBooks, keys: Keys, port: int) -> None:
        self._books = books
        self._keys = keys
        self._stopping = threading.Event()
        super().__init__(partial(_WalletExchange, books, keys), port)
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def start(self) -> None:
        super().start()
        self._teller.start()

    def stop(self) -> None:
        self._stopping.set()
        super().stop()

    def _tell(self) -> None:
        waits: dict[str, float] = {}
        while not self._stopping.wait(TELL_EVERY_S):
            for order in self._books.untold():
                if waits.get(order["request_id"], 0.0) > time.monotonic():
                    continue
                acknowledged = self._notify(order)
                self._books.told(order["request_id"], acknowledged=acknowledged)
                waits[order["request_id"]] = time.monotonic() + 2.0 ** min(order["tries"], 6)

    def _notify(self, order: sqlite3.Row) -> bool:
        request = json.loads(order["request"])
        url = request.get("paymentNotifyUrl", "")
        paid = order["status"] == PAID
        message = {
            "notifyType": "PAYMENT_RESULT",
            "result": _result("S", "SUCCESS") if paid else _result("F", order["code"]),
            "paymentRequestId": order["request_id"],
            "paymentId": order["payment_id"],
            "paymentAmount": {"currency": order["currency"], "value": str(order["amount"])},
            "paymentTime": order["paid_at"],
            "pspCustomerInfo": {"paymentMethodType": order["method"]},
        }
        body = json.dumps(message, separators=(",", ":")).encode()
        path, stamp = urlsplit(url).path, _now()
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": CLIENT_ID,
            "Request-Time": stamp,
            "Signature": self._keys.sign(path, stamp, body),
        }
        try:
            sent = urllib.request.Request(url, body, headers)
            with urllib.request.urlopen(sent, timeout=10) as response:
                raw = response.read()
                stamp = response.headers.get("Response-Time", "")
                signature = response.headers.get("Signature", "")
            taken = json.loads(raw)["result"]["resultStatus"] == "S"
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return taken and self._keys.verified(signature, path, stamp, raw)


class _WalletExchange(Exchange):
    def __init__(self, books: WalletBooks, keys: Keys, *connection: Any) -> None:
        self._books = books
        self._keys = keys
        super().__init__(*connection)

    def respond(self) -> None:
        match self.command, self.route.strip("/").split("/"):
            case "POST", ["ams", "api", "v1", "payments", name]:
                self._exchange(name)
            case "GET", ["pay", payment_id]:
                self._show(payment_id)
            case "POST", ["pay", payment_id]:
                self._decide(payment_id)
            case "GET", ["books"]:
                self.send_json(200, self._books.as_json())
            case "GET", ["health"]:
                self.send_json(200, {"status": "up"})
            case "GET", [""]:
                self._list()
            case _:
                raise BadRequest(404, "There is nothing here.")

    def _exchange(self, name: str) -> None:
        """A signed call of an acquirer; None as its answer means that none is given."""
        operations = {
            "pay": self._pay,
            "inquiryPayment": self._inquire,
            "cancel": self._cancel,
            "refund": self._refund,
            "inquiryRefund": self._inquire_refund,
        }
        if name not in operations:
            raise BadRequest(404, "There is nothing here.")
        stamp, signature = self.headers.get("Request-Time", ""), self.headers.get("Signature", "")
        known = self.headers.get("Client-Id") == CLIENT_ID
        if not known or not self._keys.verified(signature, self.route, stamp, self.body):
            self._answer({"result": _result("F", "INVALID_SIGNATURE")})
            return
        try:
            answer = operations[name](_object(self.body))
        except Refused as error:
            answer = {"result": _result("F", error.code)}
        except (KeyError, TypeError, ValueError):
            answer = {"result": _result("F", "PARAM_ILLEGAL")}
        if answer is None:
            self.close_connection = True
        else:
            self._answer(answer)

    def _pay(self, request: dict[str, Any]) -> dict[str, Any] | None:
        ending = request["paymentAmount"]["value"][-2:]
        if ending == LOST_BEFORE_BOOKING:
            return None
        status, code = OPEN, "PAYMENT_IN_PROCESS"
        given = request["paymentMethod"].get("paymentMethodId")
        if given is not None:
            status, code = _decision_of(given)
            method = METHOD_OF_CODE.get(given[:2])
            if method is None or status == "stale":
                raise Refused("INVALID_PAYMENT_CODE")
            request = {**request, "paymentMethod": {**request["paymentMethod"]}}
            request["paymentMethod"]["paymentMethodType"] = method
        order = self._books.place(request, status, code)
        if ending == LOST_AFTER_BOOKING:
            self._books.withhold(order["request_id"])
            return None
        return self._about(order, request)

    def _about(self, order: sqlite3.Row, request: dict[str, Any]) -> dict[str, Any]:
        state = {PAID: "S", OPEN: "U"}.get(order["status"], "F")
        answer: dict[str, Any] = {
            "result": _result(state, "SUCCESS" if state == "S" else order["code"]),
            "paymentRequestId": order["request_id"],
            "paymentId": order["payment_id"],
            "paymentAmount": {"currency": order["currency"], "value": str(order["amount"])},
            "pspCustomerInfo": {"paymentMethodType": order["method"]},
        }
        if state != "U":
            return answer
        page = f"http://{self.headers['Host']}/pay/{order['payment_id']}"
        scenario = request.get("paymentFactor", {}).get("inStorePaymentScenario")
        if scenario == "OrderCode":
            answer["orderCodeForm"] = {
                "expireTime": order["expires_at"],
                "codeDetails": [{"codeValueType": "QRCODE", "codeValue": page}],
            }
        elif scenario is None:
            answer["normalUrl"] = page
        return answer

    def _inquire(self, request: dict[str, Any]) -> dict[str, Any]:
        order = self._books.order(request["paymentRequestId"])
        if order is None:
            raise Refused("ORDER_NOT_EXIST")
        return {
            "result": _result("S", "SUCCESS"),
            "paymentStatus": order["status"],
            "paymentResultCode": order["code"],
            "paymentRequestId": order["request_id"],
            "paymentId": order["payment_id"],
            "paymentAmount": {"currency": order["currency"], "value": str(order["amount"])},
            "pspCustomerInfo": {"paymentMethodType": order["method"]},
        }

    def _cancel(self, request: dict[str, Any]) -> dict[str, Any]:
        order = self._books.cancel(request["paymentRequestId"])
        return {"result": _result("S", "SUCCESS"), "paymentId": order["payment_id"]}

    def _refund(self, request: dict[str, Any]) -> dict[str, Any] | None:
        ending = request["refundAmount"]["value"][-2:]
        if ending == LOST_BEFORE_BOOKING:
            return None
        booked = self._books.refund(request)
        if ending == LOST_AFTER_BOOKING:
            return None
        return {
            "result": _result("S", "SUCCESS"),
            "refundRequestId": booked["request_id"],
            "refundId": booked["refund_id"],
        }

    def _inquire_refund(self, request: dict[str, Any]) -> dict[str, Any]:
        booked = self._books.refund_of(request["refundRequestId"])
        if booked is None:
            raise Refused("REFUND_NOT_EXIST")
        return {
            "result": _result("S", "SUCCESS"),
            "refundStatus": "SUCCESS",
            "refundId": booked["refund_id"],
        }

    def _answer(self, message: dict[str, Any]) -> None:
        body, stamp = json.dumps(message, separators=(",", ":")).encode(), _now()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Client-Id", CLIENT_ID)
        self.send_header("Response-Time", stamp)
        self.send_header("Signature", self._keys.sign(self.route, stamp, body))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _show(self, payment_id: str) -> None:
        order = self._order(payment_id)
        if order["status"] != OPEN:
            self._page("Wallet", f"<p>This order is {html.escape(order['status'])}.</p>")
            return
        request = json.loads(order["request"])
        merchant = request["order"]["merchant"]["merchantName"]
        self._page(
            "Confirm payment",
            f"<p>{html.escape(merchant)}</p>"
            f"<p class='amount'>{html.escape(order['currency'])} {_shown(order)}</p>"
            "<form method='post'><button type='submit' name='do' value='pay'>Pay</button>"
            "<button class='plain' name='do' value='decline'>Decline</button></form>",
        )

    def _decide(self, payment_id: str) -> None:
        order = self._order(payment_id)
        chosen = parse_qs(self.body.decode("utf-8", "replace")).get("do", ["pay"])[0]
        if chosen == "pay":
            self._books.end(payment_id, PAID, "SUCCESS")
        else:
            self._books.end(payment_id, FAILED, "USER_PAYMENT_VERIFICATION_FAILED")
        back = json.loads(order["request"]).get("paymentRedirectUrl")
        if back:
            self.send_response(303)
            self.send_header("Location", back)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._page("Wallet", "<p>Thank you. You may close this page.</p>")

    def _list(self) -> None:
        rows = "".join(
            f"<li><a href='/pay/{one['payment_id']}'>{html.escape(one['currency'])} "
            f"{_shown(one)}</a> {html.escape(one['status'])}</li>"
            for one in reversed(self._books.as_json()["orders"][-50:])
        )
        self._page("Orders", f"<ul>{rows}</ul>" if rows else "<p>None yet.</p>")

    def _order(self, payment_id: str) -> sqlite3.Row:
        order = self._books.by_payment_id(payment_id)
        if order is None:
            raise BadRequest(404, "There is no such order.")
        return order

    def _page(self, title: str, content: str) -> None:
        page = (
            f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<style>{STYLE}</style><main><h1>{title}</h1>{content}</main></html>"
        )
        self.send_content(200, page.encode(), "text/html; charset=utf-8")


def _decision_of(code: str) -> tuple[str, str]:
    ending = code[-2:]
    if ending == CODE_REFUSED:
        return "stale", ""
    if ending == CODE_POOR:
        return FAILED, "USER_BALANCE_NOT_ENOUGH"
    return (OPEN, "PAYMENT_IN_PROCESS") if ending == CODE_CONFIRM else (PAID, "SUCCESS")


def _shown(order: Any) -> str:
    places = 0 if order["currency"] in {"JPY", "KRW", "VND"} else 2
    return f"{order['amount'] / 10**places:.{places}f}"


def _result(status: str, code: str) -> dict[str, str]:
    text = "Payment is processing." if code == "PAYMENT_IN_PROCESS" else code.lower()
    return {"resultStatus": status, "resultCode": code, "resultMessage": text}


def _object(raw: bytes) -> dict[str, Any]:
    parsed = json.loads(raw)
    if not isinstance(parsed, dict):
        raise TypeError("no object")
    return parsed


def _content(path: str, stamp: str, body: bytes) -> bytes:
    return f"POST {path}\n{CLIENT_ID}.{stamp}.".encode() + body


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pair(folder: Path, name: str) -> rsa.RSAPrivateKey:
    """The key pair of one side, made once."""
    path = folder / f"{name}.key.pem"
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(
            made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / f"{name}.pub.pem").write_bytes(
            made.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        unfinished.replace(path)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def main() -> None:
    """Run the wallet until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="A wallet host that speaks Alipay+.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where the books are kept")
    parser.add_argument("--http-port", type=int, default=0, help="0 = choose a free one")
    parser.add_argument("--keys", type=Path, required=True, help="folder of both key pairs")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    books = WalletBooks(arguments.state_dir)
    try:
        host = WalletHost(books, Keys(arguments.keys), arguments.http_port)
    except OSError as error:
        parser.exit(1, f"The wallet cannot start: {error}\n")
    host.start()
    print(f"ready http={host.port}", flush=True)
    stopping.wait()
    host.stop()
    books.close()


if __name__ == "__main__":
    main()
