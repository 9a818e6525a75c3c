"""A house per test, on an AWS that lives in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import deploy
from tests.support.mocked_aws import mocked_aws
from tests.unit.settlement.house import House


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto, and nothing of this machine's own AWS configuration."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", deploy.REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    with mocked_aws():
        yield


@pytest.fixture
def house(aws: None) -> House:
    return House()
