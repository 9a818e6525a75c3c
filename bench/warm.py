"""Processor time of each warm function beside that of the boto3 puts that it could have made
instead: one for every call to AWS.

The artifact of `sam build` under the interpreter of the functions, each function in a process of
its own; AWS and the card networks answer from other processes, so that only the function's own
work is counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import artifact, recording, samples, stub_aws
from bench.recording import Recorder
from bench.row import Row
from bench.stub_aws import Recorded

GOAL = 1.25
FUNCTION_S = 120


def measure() -> Iterator[Row]:
    """A row a function, on the first of its samples."""
    built = artifact.built()
    with recording.hosts() as ports:
        recorder = Recorder(ports)
        stories = recorder.stories()
        for function, (story, sample) in first_samples().items():
            found = _measured(built, recorder, ports, story, sample, stories[sample])
            yield _row(function, found)


def first_samples() -> dict[str, tuple[str, str]]:
    """Story and sample by function."""
    found: dict[str, tuple[str, str]] = {}
    for story, names in samples.STORIES.items():
        for name in names:
            found.setdefault(name.split("/")[0], (story, name))
    return dict(sorted(found.items()))


def _row(function: str, found: dict[str, Any]) -> Row:
    calls = found["requests"]
    beside = max(1.0, calls)  # what calls nobody when warm is held against one call
    return Row(
        part="warm",
        figure=f"warm CPU of {function} / ({beside:.3g} x boto3 put)",
        value=round(found["function_s"] / (beside * found["put_s"]), 2),
        goal=GOAL,
        measured=f"{1e6 * found['function_s']:.0f} us, {calls:.3g} calls",
        yardstick=f"boto3 put {1e6 * found['put_s']:.0f} us",
    )


def _measured(
    built: Path,
    recorder: Recorder,
    ports: dict[str, int],
    story: str,
    sample: str,
    recorded: list[Recorded],
) -> dict[str, Any]:
    event = samples.sample(sample, recorder.file_id)
    with _stub(recorded) as endpoint_url, TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        task = {
            "sample": sample,
            "story": story,
            "event": json.dumps(event),
            "at": samples.time_of(event),
            "file_id": recorder.file_id,
            "outcome": samples.outcome(recorder.results[sample]),
            "endpoint_url": endpoint_url,
        }
        environment = samples.environment(endpoint_url, ports, recorder.made)
        done = subprocess.run(
            [artifact.interpreter(), "-m", "bench.warm_function", str(result)],
            input=json.dumps(task),
            env=artifact.environment(built, sample.split("/")[0], environment),
            cwd=samples.ROOT,
            capture_output=True,
            text=True,
            timeout=FUNCTION_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{sample} failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(result.read_text())
        return found


@contextmanager
def _stub(recorded: list[Recorded]) -> Iterator[str]:
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.stub_aws"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=samples.ROOT,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(stub_aws.write(recorded))
    child.stdin.close()
    try:
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.terminate()
        child.wait()
