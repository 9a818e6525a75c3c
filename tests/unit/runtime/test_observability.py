"""Lines carry the keys of their own request alone, and nothing is loaded before it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from tidegate.runtime.observability import Log, annotate, instrument, log

CONTEXT = SimpleNamespace(aws_request_id="R1", function_name="f")


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What is written."""
    sink = StringIO()
    handler: Any
    (handler,) = log._logger.handlers
    before = handler.setStream(sink)
    yield sink
    handler.setStream(before or sys.stdout)


def test_a_line_carries_its_requests_keys_and_says_where_it_was_written(lines: StringIO) -> None:
    @instrument
    def handler(_event: object, _context: object) -> None:
        annotate(payment_id="PAY-1")
        log.info("said", extra={"code": "S0000"})

    @instrument
    def other(_event: object, _context: object) -> None:
        log.warning("said")

    handler({}, CONTEXT)
    other({}, SimpleNamespace(aws_request_id="R2"))
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert (first["payment_id"], first["code"], first["request_id"]) == ("PAY-1", "S0000", "R1")
    assert first["location"].startswith("handler:")
    assert ("payment_id" in second, second["request_id"], second["level"]) == (
        False,
        "R2",
        "WARNING",
    )


def test_a_failure_is_written_with_its_trace(lines: StringIO) -> None:
    known: dict[str, str] = {}
    try:
        known["lost"]
    except KeyError:
        log.exception("failed")
    (line,) = map(json.loads, lines.getvalue().splitlines())
    assert line["exception_name"] == "KeyError"
    assert "Traceback" in line["exception"]


def test_a_log_keeps_no_keys_of_another() -> None:
    one, other = Log(), Log()
    one.append_keys(sid="S1")
    assert other._keys == {}


PROGRAM = """
import gc, sys
import tidegate
from tidegate.runtime.observability import instrument
collecting = gc.isenabled()
handler = instrument(lambda event, context: event)
loaded = {name.split(".")[0] for name in sys.modules}
assert handler(1, None) == 1
print(collecting, gc.isenabled(), gc.get_freeze_count() > 0, "aws_lambda_powertools" in loaded)
"""


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"AWS_LAMBDA_FUNCTION_NAME": "f"}, "False True True False"), ({}, "True True False False")],
)
def test_on_lambda_the_collector_rests_until_the_handler_is_made(
    variables: dict[str, str], said: str
) -> None:
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == said
