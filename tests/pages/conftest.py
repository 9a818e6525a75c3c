"""The pages on a server of their own, and tabs that are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.server import Elsewhere, PageServer
from tests.support.browser import WIDE, launch, record_errors, viewport

TIMEOUT_MS = 8000


@dataclass
class Visit:
    """One tab of a browser that has never been here, and all that it did."""

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What scripts raised and the console called an error."""

    @property
    def origins(self) -> set[str]:
        """Where requests went, ``data:`` aside."""
        parts = [urlsplit(url) for url in self.requests]
        return {f"{one.scheme}://{one.netloc}" for one in parts if one.netloc}


Open = Callable[..., Visit]


@pytest.fixture(scope="session")
def server() -> Iterator[PageServer]:
    with PageServer() as running:
        yield running


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    running = launch()
    yield running
    running.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Open]:
    """Opens an address in a browser without a past; keywords are of the browser's context."""
    contexts = []

    def opened(url: str, size: tuple[int, int] = WIDE, **settings: Any) -> Visit:
        settings = {"locale": "en-GB", "timezone_id": "Asia/Hong_Kong", **settings}
        context = browser.new_context(viewport=viewport(size), **settings)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        seen = Visit(context.new_page())
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        record_errors(seen.page, seen.problems)
        seen.page.goto(url)
        return seen

    yield opened
    for context in contexts:
        context.close()
