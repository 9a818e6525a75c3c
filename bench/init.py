"""Processor time of a cold start beside that of one boto3 client in the same run.

The artifact of `sam build` in fresh processes of the functions' interpreter, all kinds in turn, so
that noise falls on all of them alike. The processor time is the whole process's, from its start to
its end. The yardstick's end takes a good part of its own, since the collector goes through all that
it made, which ours set apart (`runtime/cold_start.py`); so a second figure leaves both ends out.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import artifact
from bench.row import Row

ROUNDS = 15
PAYMENT = "create_payment"
FUNCTIONS = (PAYMENT, "authorize_payment", "get_payment")
CLIENT = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
HANDLER = "import app"
NO_END = "; import os; os._exit(0)"
LAMBDA_TIME = 315_532_800
"""1980-01-01: what every file of a deployed zip was last changed at."""
GOAL, TO_HANDLER_GOAL, PACKAGED_GOAL = 1.0, 1.2, 1.05
"""The second is no goal of the project's, but the value that was reached."""
VARIABLES = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "LAMBDA_TASK_ROOT": "/var/task",
    "PYTHONTZPATH": "/usr/share/zoneinfo",
    "_X_AMZN_TRACE_ID": "Root=1-64dca4b1-5a3c1f2e4b6d8f0a1c3e5d7f;Sampled=0",
    "STAGE": "local",
    "TABLE_NAME": "bench",
    "NETWORKS": "visa,mastercard",
    "WALLETS": "alipayplus",
    "PAYMENT_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:bench",
}


def measure() -> Iterator[Row]:
    """Each function over the yardstick; the payment function without the end of the process, and
    as its zip arrives."""
    built = artifact.built()
    with TemporaryDirectory() as folder:
        packaged, warm = _trees(built, Path(folder))
        payment = _environment(built, PAYMENT)
        kinds = {name: (HANDLER, _environment(built, name)) for name in FUNCTIONS}
        spent = _spent(
            {
                "client": (CLIENT, payment),
                "client to its end": (CLIENT + NO_END, payment),
                "handler to its end": (HANDLER + NO_END, payment),
                "packaged": (HANDLER, _environment(packaged, PAYMENT)),
                "warm": (HANDLER, _environment(warm, PAYMENT)),
                **kinds,
            }
        )
    for name in FUNCTIONS:
        yield _row(f"init of {name} / boto3 client", spent[name], spent["client"], GOAL)
    yield _row(
        f"the same of {PAYMENT} without the processes' ends",
        spent["handler to its end"],
        spent["client to its end"],
        TO_HANDLER_GOAL,
    )
    yield _row(
        f"init of {PAYMENT}: packaged zip / warm byte code",
        spent["packaged"],
        spent["warm"],
        PACKAGED_GOAL,
        beside="warm byte code",
    )


def _row(
    figure: str, spent: float, yardstick: float, goal: float, beside: str = "boto3 client"
) -> Row:
    return Row(
        part="init",
        figure=figure,
        value=round(spent / yardstick, 2),
        goal=goal,
        measured=f"{1e3 * spent:.0f} ms",
        yardstick=f"{beside} {1e3 * yardstick:.0f} ms",
    )


def _environment(tree: Path, function: str) -> dict[str, str]:
    return artifact.environment(tree, function, VARIABLES)


def _spent(kinds: Mapping[str, tuple[str, dict[str, str]]]) -> dict[str, float]:
    """Median seconds of processor time by kind."""
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, (source, environment) in kinds.items():
            seconds[name].append(_cpu_s(source, environment))
    return {name: statistics.median(found) for name, found in seconds.items()}


def _cpu_s(source: str, environment: dict[str, str]) -> float:
    process = subprocess.Popen([artifact.interpreter(), "-c", source], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{source!r} failed")
    return usage.ru_utime + usage.ru_stime


def _trees(built: Path, folder: Path) -> tuple[Path, Path]:
    """The artifact as Lambda unpacks it, and the same with all its byte code at hand."""
    packaged, warm = folder / "packaged", folder / "warm"
    for part in (artifact.function(built, PAYMENT), artifact.layer(built)):
        _unpacked(_zip(part, folder / "part.zip"), packaged / part.name)
    shutil.copytree(packaged, warm)
    compileall.compile_dir(warm, quiet=1)
    return packaged, warm


def _zip(part: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in part.rglob("*") if one.is_file()):
            name = str(path.relative_to(part))
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return target


def _unpacked(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        content.extractall(target)
    for path in target.rglob("*"):
        os.utime(path, (LAMBDA_TIME, LAMBDA_TIME))
