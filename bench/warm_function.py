"""One function, measured in its own process as it is deployed: blocks of invocations between blocks
of boto3 puts, both against the same stub. Written for `bench.warm`, which starts it.

    python -m bench.warm_function result.json < task.json
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import samples
from bench.stub_aws import END, YARDSTICK

BLOCKS = 15
INVOCATIONS = 8
"""Of each kind in a block."""
WARM_UP = 12
"""Until caches are full and the interpreter has seen everything."""
ITEM: Any = {
    "p": {"S": "T#S024116#PAY-1"},
    "s": {"S": "T"},
    "x": {"B": bytes(300)},
    "v": {"N": "1"},
}


def main() -> None:
    """Measure what stands in stdin; the result goes to the file that is named."""
    task: dict[str, Any] = json.load(sys.stdin)
    scripts = samples.Scripts()
    scripts.install(files=samples.FileService(task["file_id"]))
    scripts.begin(task["story"])
    scripts.clock.at = task["at"]
    app: Any = importlib.import_module("app")
    import boto3

    table = boto3.client("dynamodb")

    requests: list[int] = []

    def invoke() -> float:
        scripts.begin(task["story"])
        event = json.loads(task["event"])
        began = time.process_time()
        result = app.handler(event, samples.Context())
        spent = time.process_time() - began
        with urllib.request.urlopen(f"{task['endpoint_url']}{END}") as answer:
            requests.append(int(answer.read()))
        came_to = samples.outcome(result)
        if came_to != task["outcome"]:
            raise AssertionError(f"{task['sample']}: {came_to}, not {task['outcome']}: {result}")
        return spent

    def put() -> float:
        began = time.process_time()
        table.put_item(TableName=YARDSTICK, Item=ITEM)
        return time.process_time() - began

    for _ in range(WARM_UP):
        invoke()
        put()
    requests.clear()
    spent: dict[str, list[float]] = {"function": [], "put": []}
    for _ in range(BLOCKS):
        spent["function"].append(_mean(invoke))
        spent["put"].append(_mean(put))
    found = {
        "function_s": statistics.median(spent["function"]),
        "put_s": statistics.median(spent["put"]),
        "requests": statistics.fmean(requests),
        "modules": len(sys.modules),
    }
    Path(sys.argv[1]).write_text(json.dumps(found))


def _mean(act: Callable[[], float]) -> float:
    return sum(act() for _ in range(INVOCATIONS)) / INVOCATIONS


if __name__ == "__main__":
    main()
