"""Processes die at random moments under load; afterwards everything acknowledged is there and the
hosts' books equal ours. Even what a killed engine had not saved is found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from local.operations import Operations
from local.stack import Stack
from tests.restart.conftest import Load, a_merchant

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("restart")]
BETWEEN_KILLS = 5
"""So many requests are acknowledged between one death and the next."""
PARTS = ("worker", "worker", "worker", "front", "visa", "mastercard")


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.long)])
def test_processes_die_under_load(tmp_path: Path, kills: int) -> None:
    random, killed = Random(kills), 0
    with Stack(tmp_path / "stack") as stack:
        load = Load(stack, f"KILL{kills}")
        with load.running(clients=4):
            load.goes_on(BETWEEN_KILLS)  # warm: cold functions have nothing to lose
            while killed < kills:
                time.sleep(random.uniform(0.0, 1.0))
                killed += _kill(stack, random)
                load.goes_on(BETWEEN_KILLS)
        assert load.unanswered == []
        assert load.problems() == []


@pytest.mark.long
def test_the_engine_is_stopped_and_started_under_load(tmp_path: Path) -> None:
    with Stack(tmp_path / "stack") as stack:
        load = Load(stack, "STOP")
        with load.running(clients=4):
            for _ in range(3):
                load.goes_on(4 * BETWEEN_KILLS)
                stack.engine.stop()
                stack.engine.start().wait()
            load.goes_on(BETWEEN_KILLS)
        assert load.unanswered == []
        assert load.problems() == []


@pytest.mark.long
def test_what_a_killed_engine_had_not_saved_is_found_by_reconciliation(tmp_path: Path) -> None:
    with Stack(tmp_path / "stack") as stack:
        merchant, operations = a_merchant(stack), Operations(stack)
        for number in range(3):
            merchant.payment(f"SAVED-{number}", "20.00", captureAfterHours="0")
        engine = tmp_path / "stack" / "engine"
        _saved(engine)
        snapshot = tmp_path / "snapshot"
        shutil.copytree(engine, snapshot)

        lost = {f"LOST-{number}": f"3{number}.00" for number in range(4)}
        for trans_id, value in lost.items():
            assert merchant.payment(trans_id, value, captureAfterHours="0").code == "S0000"
        day = operations.wait(lambda: _booked(stack, [*lost, "SAVED-0"]), "all is booked")
        operations.settle(merchant.sid, "HKD", day)

        stack.engine.kill()
        shutil.rmtree(engine)
        shutil.copytree(snapshot, engine)
        stack.engine.start().wait()

        assert merchant.query("payment", "SAVED-0")["payment"]["status"] == "Captured"
        for trans_id in lost:
            assert merchant.query("payment", trans_id).code == "C0004"
        file_id = operations.end_host_day("visa")
        operations.invoke("CollectNetworkFilesFunction", {"network": "visa"})
        breaks = operations.wait(lambda: _breaks(stack, file_id), "the file is reconciled")
        unknown = [one["minor"] for one in breaks if one["kind"] == "missing_with_us"]
        # The batch was presented whole, and with the clearing file its saved payments are lost
        # too: what the network settled beyond our books is named to the payment.
        assert sorted(unknown) == sorted([3_000, 3_100, 3_200, 3_300, 2_000, 2_000, 2_000])


def _kill(stack: Stack, random: Random) -> int:
    """One process; 0 if there was none of the kind."""
    part = random.choice(PARTS)
    if part != "worker":
        stack.crash(part)
        return 1
    workers = list(_workers(stack.engine.pid))
    if not workers:
        return 0
    os.kill(random.choice(workers), signal.SIGKILL)
    return 1


def _workers(engine: int) -> Iterator[int]:
    """Functions' processes: descendants of the engine that run the Lambda runtime client."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    waiting = list(children.get(engine, ()))
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, ())
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"awslambdaric" in command:
            yield pid


def _saved(engine: Path) -> None:
    """Wait for a save that began after now."""
    now = time.time()
    state = engine / "state"
    while not any(file.stat().st_mtime > now + 1 for file in state.rglob("*dynamodb*")):
        time.sleep(0.2)
    time.sleep(1)


def _items(stack: Stack, start: str) -> list[dict[str, dict[str, str]]]:
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stack.outputs["TableName"])
    )
    return [one for page in pages for one in page["Items"] if one["p"]["S"].startswith(start)]


def _booked(stack: Stack, trans_ids: list[str]) -> str | None:
    """The business date into which all of them were booked."""
    lines = {
        line.split("|")[0]: page["p"]["S"].split("#")[3]
        for page in _items(stack, "L#")
        for line in page.get("b", {}).get("SS", ())
    }
    return lines[trans_ids[0]] if set(trans_ids) <= lines.keys() else None


def _breaks(stack: Stack, file_id: str | None) -> list[dict[str, object]] | None:
    """Of a network, once the file is reconciled."""
    if not any(one["s"]["S"] == f"RUN#{file_id}" for one in _items(stack, "R#visa")):
        return None
    return [json.loads(one["j"]["S"]) for one in _items(stack, "X#visa")]
