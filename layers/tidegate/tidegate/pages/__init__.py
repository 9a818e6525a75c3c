"""The pages that payers see: static files, served with headers that let nothing else in
(docs/hosted-page.md)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from tidegate.pages.brand_images import brand_image

STATIC = Path(__file__).with_name("static")
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}
_ASSET = re.compile(
    r"(?P<name>[A-Za-z0-9_]{1,64})(?:\.(?P<version>[0-9a-f]{12}))?(?P<type>\.(?:js|css|svg))"
)
# What a page loads ("assets/page.css") and what a module imports (from "./texts.js").
_REFERENCE = re.compile(r'(?<=assets/)([a-z]+)(\.(?:js|css))(?=")|(?<="\./)([a-z]+)(\.js)(?=")')

SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action {forms}; frame-src {frames}; "
    "frame-ancestors 'none'"
)
OF_PAGES = {
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
LASTING = "public, max-age=31536000, immutable"
PASSING = "public, max-age=300"
"""For a file that was asked for without its version, or with an old one."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a browser."""

    body: str = field(repr=False)
    headers: dict[str, str]
    status: int = 200


def payment_page() -> Page:
    """The page behind a link. It is the same for every order: it asks for the order itself,
    relative to its own address, and its forms never go anywhere but through its script."""
    return _page("payment.html", SECURITY.format(forms="'none'", frames="'none'"))


def authentication_page(*, plain_http: bool) -> Page:
    """The page that introduces a browser to its issuer: its forms and its hidden frame go to
    addresses that only the directory server knows, by https (http too on the local stage)."""
    anywhere = "https: http:" if plain_http else "https:"
    return _page("authentication.html", SECURITY.format(forms=anywhere, frames=anywhere))


def asset(name: str) -> Page | None:
    """A file that the pages load, under its name or its name with a version, or the picture of a
    brand (``Visa.svg``); None for others."""
    match = _ASSET.fullmatch(name)
    if match is None:
        return None
    plain = match["name"] + match["type"]
    if match["type"] == ".svg":
        picture = brand_image(match["name"])
        return _file(picture, ".svg", PASSING) if picture else None
    if not (STATIC / plain).is_file():
        return None
    lasting = match["version"] == _version(plain)
    return _file(_served(plain), match["type"], LASTING if lasting else PASSING)


def answer(page: Page) -> dict[str, Any]:
    """As API Gateway takes it."""
    return {
        "statusCode": page.status,
        "headers": page.headers,
        "body": page.body,
        "isBase64Encoded": False,
    }


def qr_svg(text: str) -> str:
    """A QR code, error correction M, as an SVG picture with its quiet zone."""
    import segno

    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return picture.getvalue().decode()


def _file(body: str, suffix: str, caching: str) -> Page:
    return Page(body, _headers(suffix, {"Cache-Control": caching}))


def _page(name: str, security: str) -> Page:
    return Page(_served(name), _headers(".html", {**OF_PAGES, "Content-Security-Policy": security}))


def _headers(suffix: str, more: dict[str, str]) -> dict[str, str]:
    return {
        "Content-Type": TYPES[suffix],
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        **more,
    }


@cache
def _served(name: str) -> str:
    """A file's text. What it loads is named after its content in turn, so that a browser keeps
    every file until it, or a file that it imports, changes."""
    text = (STATIC / name).read_text(encoding="utf-8")
    return _REFERENCE.sub(_versioned, _light(text))


def _light(text: str) -> str:
    """Without indentation and lines of comment: payers' phones need neither."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("//", "/**")))


def _versioned(found: re.Match[str]) -> str:
    stem, suffix = (part for part in found.groups() if part)
    return f"{stem}.{_version(stem + suffix)}{suffix}"


@cache
def _version(name: str) -> str:
    return sha256(_served(name).encode()).hexdigest()[:12]
