"""Step Functions as AWS runs it, where MiniStack differs.

* A Distributed Map reads `Items`, `ItemReader`, `ItemSelector` and `Output` in JSONata, too.
* A synchronous Express execution leaves no record behind (MiniStack keeps and saves each one).
* No execution begins with a pause (MiniStack waits 150 ms before each).
* A JSONata expression is parsed once, not each time it is evaluated.
"""

import json
import threading
import time
import types
from collections import defaultdict
from typing import Any

from ministack.services import stepfunctions

FIXED_PAUSE_S = 0.15

_original_distributed_map = stepfunctions._run_distributed_map
_original_start_sync = stepfunctions._start_sync_execution
_original_evaluate = stepfunctions._evaluate_jsonata
_original_jsonata = stepfunctions.jsonata

_idle: defaultdict[str, list[Any]] = defaultdict(list)
"""Parsed expressions that nobody evaluates now: one takes them one at a time."""
_mine = threading.local()


def install() -> None:
    """Replace MiniStack's way to run these."""
    stepfunctions._run_distributed_map = _run_distributed_map
    stepfunctions._start_sync_execution = _start_sync_execution
    stepfunctions.time = types.SimpleNamespace(**{**vars(time), "sleep": _sleep})
    stepfunctions._evaluate_jsonata = _evaluate
    stepfunctions.jsonata = types.SimpleNamespace(
        **{**vars(_original_jsonata), "Jsonata": types.SimpleNamespace(jsonata=_parsed)}
    )


def _sleep(seconds: float) -> None:
    if seconds != FIXED_PAUSE_S:
        time.sleep(seconds)


def _evaluate(expression: str, *given: Any, **named: Any) -> Any:
    taken: list[tuple[str, Any]] = []
    _mine.taken = taken
    try:
        return _original_evaluate(expression, *given, **named)
    finally:
        for source, parsed in taken:
            _idle[source].append(parsed)


def _parsed(expression: str, timeout: int | None = None) -> Any:
    """An expression as its constructor leaves it, with its whole time ahead of it."""
    jsonata = _original_jsonata.Jsonata
    try:
        parsed = _idle[expression].pop()
        parsed.environment = parsed.create_frame(jsonata.static_frame)
        parsed.environment.set_runtime_bounds(timeout, None)
        jsonata.CURRENT.jsonata = parsed
    except IndexError:
        parsed = jsonata.jsonata(expression, timeout=timeout)
    if timeout is not None:  # without one, a definition is only checked
        _mine.taken.append((expression, parsed))
    return parsed


def _start_sync_execution(request: dict[str, Any]) -> Any:
    answer = _original_start_sync(request)
    stepfunctions._executions.pop(json.loads(answer[2]).get("executionArn"), None)
    return answer


def _run_distributed_map(
    state: dict[str, Any], given: Any, effective: Any, processor: Any, execution: Any, ctx: Any
) -> Any:
    if stepfunctions._state_query_language(state, ctx) != "JSONata":
        return _original_distributed_map(state, given, effective, processor, execution, ctx)
    evaluate = stepfunctions._apply_jsonata_template
    if "ItemReader" in state:
        reader = state["ItemReader"]
        reader = {**reader, "Arguments": evaluate(reader.get("Arguments", {}), given, ctx)}
        items = stepfunctions._read_map_items(reader, effective, ctx)
    else:
        items = stepfunctions._jsonata_state_field(state, "Items", "array", given, ctx)
    if "ItemSelector" in state:
        items = [
            evaluate(
                state["ItemSelector"],
                given,
                {**ctx, "Map": {"Item": {"Index": index, "Value": item}}},
            )
            for index, item in enumerate(items)
        ]
    handled = ("Items", "ItemReader", "ItemSelector", "Output", "Assign")
    rest = {key: value for key, value in state.items() if key not in handled}
    # Without these fields, MiniStack's own code takes its input as the items.
    results, following = _original_distributed_map(rest, given, items, processor, execution, ctx)
    output = stepfunctions._apply_jsonata_output(state, given, ctx, result=results, default=results)
    stepfunctions._apply_state_assign(state, given, ctx, result=results)
    return output, following
