"""A real browser: the Chromium or Chrome that this machine has."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing but the page under test talks to the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".local" / "screenshots"
WIDE, PHONE = (1100, 900), (320, 680)


def installed() -> str | None:
    """The browser's path; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def require_browser() -> str:
    """The browser's path; without one the test is reported as not run, and why."""
    path = installed()
    if path is None:
        pytest.skip(
            f"not run: no browser on this machine ({', '.join(NAMES)}), so pages were not tried "
            "in one; `apt-get install chromium` brings it"
        )
    return path


def launch() -> Browser:
    """A fresh headless browser with an empty profile, which the caller closes."""
    path = require_browser()
    return _driver().chromium.launch(executable_path=path, args=list(FLAGS))


@contextmanager
def a_page(
    size: tuple[int, int] = WIDE, language: str = "en-US", dark: bool = False
) -> Iterator[Page]:
    """A fresh browser with one page; what its console calls an error fails the test."""
    wrong: list[str] = []
    browser = launch()
    try:
        page = browser.new_page(
            viewport=viewport(size),
            locale=language,
            color_scheme="dark" if dark else "light",
        )
        record_errors(page, wrong)
        yield page
    finally:
        browser.close()
    assert wrong == [], wrong


def viewport(size: tuple[int, int]) -> ViewportSize:
    """A size as a browser takes it."""
    return {"width": size[0], "height": size[1]}


def record_errors(page: Page, into: list[str]) -> None:
    """Collect what scripts raise and what the console calls an error, broken security policies
    among them."""
    page.on("pageerror", lambda error: into.append(str(error)))
    page.on(
        "console",
        lambda message: into.append(message.text) if message.type == "error" else None,
    )


def keep(page: Page, name: str) -> None:
    """Keep a screenshot under ``.local/screenshots``."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")


@cache
def _driver() -> Playwright:
    """One per process: while it runs, no second one can be started."""
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started
