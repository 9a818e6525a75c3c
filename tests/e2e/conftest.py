"""One stack for all end-to-end tests: embedded AWS, the real template, sandbox hosts, front."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.merchant_client import Merchant
from local.stack import Stack

_RUN = secrets.token_hex(4)
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own on free ports, beside whatever else runs here."""
    running = Stack(state_dir=Path(tmp_path_factory.mktemp("stack")), metered=True)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def merchant(stack: Stack) -> Merchant:
    """The demo store."""
    store = stack.store
    return Merchant(store["baseUrl"], store["sid"], store["signKey"], store["signType"])


@pytest.fixture
def new_id() -> Callable[[str], str]:
    """Ids that no other test uses."""
    return lambda prefix: f"{prefix}-{_RUN}-{next(_NUMBERS)}"


def eventually(check: Callable[[], bool], within_s: float = 60, every_s: float = 0.3) -> None:
    """Wait until ``check`` holds; fails the test if it never does."""
    end = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < end, f"not within {within_s} s"
        time.sleep(every_s)
