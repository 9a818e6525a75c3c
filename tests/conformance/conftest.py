"""The same behaviours on the embedded DynamoDB, on AWS's own DynamoDB Local and on the simulated
one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.dynamodb_local import DynamoDbLocal
from local.embedded import EmbeddedAws
from local.errors import LocalError
from tests.simulation.dynamodb import Database, SimulatedWire
from tests.support.tables import new_table
from tidegate.adapters.dynamodb.table import Table

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session", params=["ministack", "dynamodb-local", "simulated"])
def endpoint_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str | None]:
    """An engine's address, None for the simulated one. DynamoDB Local is left out, and says so,
    where Java is missing."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with ExitStack() as running:
        if request.param == "simulated":
            yield None
        elif request.param == "ministack":
            engine = running.enter_context(EmbeddedAws(folder, folder / "engine.log"))
            yield engine.endpoint_url
        else:
            try:
                oracle = running.enter_context(DynamoDbLocal(folder / "oracle.log"))
            except LocalError as missing:
                pytest.skip(str(missing))
            yield oracle.endpoint_url


@pytest.fixture
def table(endpoint_url: str | None) -> Table:
    """A table of its own for each test."""
    if endpoint_url is None:
        return Table(f"table-{next(_NUMBERS)}", SimulatedWire(Database()))
    return new_table(endpoint_url, f"table-{next(_NUMBERS)}")
