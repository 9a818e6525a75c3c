"""Hosts that run as processes of their own, one per network and test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.process import SandboxProcess
from tests.sandbox.proofs import NetworkToken
from tests.sandbox.terminal import Terminal, connected


@pytest.fixture(scope="module", params=["visa", "mastercard"])
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxProcess]:
    with SandboxProcess(request.param, tmp_path_factory.mktemp(request.param)) as process:
        yield process


@pytest.fixture
def terminal(host: SandboxProcess) -> Iterator[Terminal]:
    """A signed-on connection."""
    with connected(host) as open_terminal:
        yield open_terminal


@pytest.fixture
def token(host: SandboxProcess) -> NetworkToken:
    return NetworkToken(host)
