"""What payers' browsers do, without a browser: wallet pages, authentication pages, challenges."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

FORM = "application/x-www-form-urlencoded"


class Seen(NamedTuple):
    """One answer to a browser; redirects are not followed."""

    status: int
    text: str
    location: str | None


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Still)


def get(url: str) -> Seen:
    return _open(urllib.request.Request(url))


def post(url: str, body: dict[str, Any], kind: str = "application/json") -> Seen:
    raw = json.dumps(body) if kind != FORM else urllib.parse.urlencode(body)
    return _open(urllib.request.Request(url, raw.encode(), {"Content-Type": kind}))


def decide(wallet_url: str, choice: str = "pay") -> Seen:
    """Pay or decline on the wallet's page, which a QR code leads to as well."""
    page = get(wallet_url)
    if page.location is not None:
        wallet_url = urllib.parse.urljoin(wallet_url, page.location)
        page = get(wallet_url)
    assert page.status == 200
    return post(wallet_url, {"do": choice}, FORM)


def authenticate(url: str, code: str = "123456") -> str:
    """Go through the authentication page and its challenge; where the browser ends."""
    page, _, sealed = url.partition("#")
    assert get(page).status == 200
    step = _introduce(page, sealed)
    if step["next"] == "challenge":
        step = {"url": challenge(step, code)}
    return str(step["url"])


def challenge(step: dict[str, Any], code: str = "123456") -> str:
    """Answer an issuer's challenge; where the browser ends."""
    fields = {name: value for name, value in step.items() if name not in ("next", "url")}
    asked = post(step["url"], fields, FORM)
    answer_url = urllib.parse.urljoin(step["url"], "answer")
    back = asked
    for _ in range(3):
        back = post(answer_url, {**hidden(back.text), "code": code}, FORM)
        if "name='code'" not in back.text:
            break
    action = re.search(r"action='([^']+)'", back.text)
    assert action is not None, back.text
    ended = post(html.unescape(action[1]), hidden(back.text), FORM)
    assert ended.status == 303, ended
    return str(ended.location)


def decoded(creq: str) -> bytes:
    """A challenge request as whoever holds the browser reads it."""
    return base64.urlsafe_b64decode(creq + "=" * (-len(creq) % 4))


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r"type=['\"]hidden['\"] name=['\"](\w+)['\"] value=['\"]([^'\"]*)", page)
    return {name: html.unescape(value) for name, value in found}


def _introduce(page: str, sealed: str) -> dict[str, Any]:
    browser = {"colorDepth": 24, "language": "en", "screenHeight": 900, "screenWidth": 1440}
    body: dict[str, Any] = {"browser": browser, "sealed": sealed or None}
    step: dict[str, Any] = json.loads(post(page, body).text)
    if step["next"] == "method":
        done = post(step["url"], {"threeDSMethodData": step["threeDSMethodData"]}, FORM)
        assert done.status == 200
        step = json.loads(post(page, {**body, "methodCompleted": "Y"}).text)
    return step


def _open(request: urllib.request.Request) -> Seen:
    try:
        with _OPENER.open(request, timeout=60) as answer:
            return Seen(answer.status, answer.read().decode(), answer.headers["Location"])
    except urllib.error.HTTPError as answer:
        return Seen(answer.code, answer.read().decode(), answer.headers["Location"])
