"""Processor time of a cold start, beside that of one boto3 client in the same run."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from local.environments import ROOT

ROUNDS = 9
YARDSTICK = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
FUNCTIONS = ("create_payment", "authorize_payment", "get_payment")
BUDGET = 2.7
"""The whole typical stack over one client, as measured before anything was trimmed."""


def measure() -> Iterator[dict[str, Any]]:
    """One row a function: its import over the yardstick's."""
    sources = {"yardstick": YARDSTICK} | {name: _import(name) for name in FUNCTIONS}
    spent: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(ROUNDS):  # interleaved, so that noise falls on all of them
        for name, source in sources.items():
            spent[name].append(_cpu_s(source))
    yardstick = statistics.median(spent["yardstick"])
    for name in FUNCTIONS:
        ratio = round(statistics.median(spent[name]) / yardstick, 2)
        yield {"figure": f"init of {name} / boto3 client", "value": ratio, "budget": BUDGET}


def _import(function: str) -> str:
    folder = ROOT / "functions" / function
    return f"import sys; sys.path.insert(0, {str(folder)!r}); import app"


def _cpu_s(source: str) -> float:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "layers" / "tidegate"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "LAMBDA_TASK_ROOT": "/var/task",
        "TABLE_NAME": "bench",
        "PAYMENT_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:1:stateMachine:bench",
    }
    process = subprocess.Popen([sys.executable, "-c", source], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{source!r} failed")
    return usage.ru_utime + usage.ru_stime
