"""A server that serves the real pages with their real headers and plays the JSON behind them.

Beside it, `Elsewhere` is every other party that a browser meets: issuer, wallet and shop, on an
origin of its own.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tidegate import pages

Told = dict[str, Any] | int
"""An answer in JSON, or the status of an answer that is none."""
_OURS = re.compile(
    r"(?:/[a-z]+)?/g2/(?P<kind>pay|3ds)/(?P<name>[A-Za-z0-9_.-]+)(?P<rest>/[a-z-]+)?"
)
_ASSET = re.compile(r"(?:/[a-z]+)?/g2/pay/assets/(?P<name>.+)")


@dataclass
class Script:
    """What a link or a ticket answers: each list from its first, its last one again and again."""

    order: list[Told] = field(default_factory=list)
    """GET order, in turn."""
    payment: list[Told] = field(default_factory=list)
    """POST payment, in turn; what it says is the order's from then on."""
    steps: list[Told] = field(default_factory=list)
    """POST of a ticket, in turn."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """What was posted."""
    ended: str = ""
    """Where the result of a challenge sends the browser."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PageServer(_Server):
    """Our side."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        super().__init__(_Ours)

    def script(self, name: str, **answers: Any) -> Script:
        """What the link or ticket ``name`` answers."""
        return self.scripts.setdefault(name, Script(**answers))

    def page(self, link: str, query: str = "", prefix: str = "") -> str:
        return f"{self.origin}{prefix}/g2/pay/{link}{query}"

    def authentication(self, ticket: str, more: str = "", prefix: str = "") -> str:
        return f"{self.origin}{prefix}/g2/3ds/{ticket}{more}"


class Elsewhere(_Server):
    """Theirs. ``/method`` hands on to where its data say, ``/challenge`` waits for a click; all
    else is a page that says its own address."""

    def __init__(self) -> None:
        self.forms: list[tuple[str, dict[str, str]]] = []
        """Path and fields of each form that arrived."""
        super().__init__(_Theirs)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Tests speak for themselves."""

    def say(self, status: int, headers: dict[str, str], body: str) -> None:
        content = body.encode()
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()

    @property
    def route(self) -> str:
        return urlsplit(self.path).path


class _Ours(_Handler):
    server: PageServer

    def do_GET(self) -> None:
        match_asset = _ASSET.fullmatch(self.route)
        if match_asset:
            return self._show(pages.asset(match_asset["name"]))
        match = _OURS.fullmatch(self.route)
        if match is None:
            return self._tell(404)
        if match["rest"] is None:
            payment = match["kind"] == "pay"
            return self._show(
                pages.payment_page() if payment else pages.authentication_page(plain_http=True)
            )
        script = self.server.scripts.get(match["name"])
        return self._tell(_next(script.order) if script else 404)

    def do_POST(self) -> None:
        match = _OURS.fullmatch(self.route)
        script = self.server.scripts.get(match["name"]) if match else None
        text = self.body()
        if match is None or script is None:
            return self._tell(404)
        if match["rest"] == "/result":
            return self.say(303, {"Location": script.ended}, "")
        if match["rest"] == "/method-done":
            return self.say(200, {"Content-Type": "text/html"}, "<!doctype html><title>ok</title>")
        script.bodies.append(json.loads(text))
        if match["kind"] == "3ds":
            return self._tell(_next(script.steps))
        told = _next(script.payment)
        if isinstance(told, dict) and told.get("order"):
            script.order = [told] if len(script.order) < 2 else script.order[1:]
        return self._tell(told)

    def _show(self, page: pages.Page | None) -> None:
        if page is None:
            return self._tell(404)
        return self.say(page.status, page.headers, page.body)

    def _tell(self, told: Told) -> None:
        if isinstance(told, int):
            return self.say(told, {"Content-Type": "application/json"}, "{}")
        status = told.get("status", 200)
        body = json.dumps(told)
        return self.say(status, {"Content-Type": "application/json; charset=utf-8"}, body)


class _Theirs(_Handler):
    server: Elsewhere

    def do_GET(self) -> None:
        self._page(f"<h1>{escape(self.route)}</h1>")

    def do_POST(self) -> None:
        fields = {name: values[0] for name, values in parse_qs(self.body()).items()}
        self.server.forms.append((self.route, fields))
        if self.route == "/method":
            back = decoded(fields["threeDSMethodData"])["threeDSMethodNotificationURL"]
            self._page(_form(back, "m") + "<script>document.forms.m.submit()</script>")
        elif self.route == "/challenge":
            self._page("<h1>Your bank</h1>" + _form(decoded(fields["creq"])["back"], "c"))
        else:
            self._page("<h1>ok</h1>")

    def _page(self, html: str) -> None:
        self.say(200, {"Content-Type": "text/html; charset=utf-8"}, f"<!doctype html>{html}")


def _form(action: str, name: str) -> str:
    return (
        f'<form name="{name}" method="post" action="{escape(action)}">'
        '<input type="hidden" name="cres" value="x"><button type="submit">Submit</button></form>'
    )


def _next(told: list[Told]) -> Told:
    return told.pop(0) if len(told) > 1 else told[0]


def encoded(message: dict[str, Any]) -> str:
    """As 3-D Secure sends messages through browsers."""
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode().rstrip("=")


def decoded(text: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return message
