"""A payer's browser: it follows forms from page to page over a bad line, and nobody repairs it but
a payer who tries again."""

from __future__ import annotations

import html
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tests.simulation.web import SimulatedConnection

if TYPE_CHECKING:
    from tests.simulation.world import World

PATIENCE_S = 35.0
TRIES = 3
ENOUGH = 400
"""Statuses from here on lead nowhere."""
_INPUT = re.compile(r"""<input type=['"]hidden['"] name=['"]([^'"]+)['"] value=['"]([^'"]*)['"]>""")
_ACTION = re.compile(r"""action=['"]([^'"]+)['"]""")
CODE = "123456"


@dataclass(frozen=True)
class Page:
    """What the browser got."""

    status: int
    text: str

    @property
    def fields(self) -> dict[str, str]:
        """The form's hidden fields."""
        return {name: html.unescape(value) for name, value in _INPUT.findall(self.text)}

    @property
    def action(self) -> str:
        """Where the form goes."""
        found = _ACTION.search(self.text)
        return html.unescape(found[1]) if found else ""

    def json(self) -> dict[str, Any]:
        """A page's own exchange with its service."""
        found: dict[str, Any] = json.loads(self.text)
        return found


class GaveUp(Exception):
    """The payer has had enough of it."""


class Browser:
    """One payer's."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, url: str) -> Page:
        """Raises GaveUp."""
        return self._ask("GET", url, b"", {})

    def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Send a form; a page without one leads nowhere. Raises GaveUp."""
        if not url:
            raise GaveUp
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, urlencode(fields).encode(), kind)

    def post_json(self, url: str, body: Mapping[str, Any]) -> Page:
        """What a page's script does. Raises GaveUp."""
        return self._ask(
            "POST", url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )

    def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Page:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        for number in range(TRIES):
            connection = SimulatedConnection(parts.hostname or "", timeout=PATIENCE_S)
            try:
                connection.request(method, target, body, headers)
                response = connection.getresponse()
                page = Page(response.status, response.read().decode())
            except (OSError, http.client.HTTPException):
                self._world.scheduler.sleep(2.0 + 3.0 * number)
                continue
            if page.status < ENOUGH:
                return page
            break
        raise GaveUp
