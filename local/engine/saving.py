"""State that survives a restart, and most of it a kill.

MiniStack saves when it is told to stop. Here it saves every few seconds as well, and three things
are put right that its own saving loses or makes slow:

* records of a table's stream that no consumer has taken yet are part of the table's state, and a
  consumer's position never points past the end of the stream (it would miss what follows);
* a queue's URL holds no port, so that it stays the same when the engine starts on another;
* layers are written once, not with every save.
"""

import contextlib
import hashlib
import json
import threading
import time
import types
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb, lambda_svc, sqs

EVERY_S = 3.0
SHARE = 0.05  # of the engine's time at most goes into saving

QUEUE_URL_PORT = "4566"

_round = threading.Lock()
_original_tables_out = dynamodb.get_state
_original_tables_in = dynamodb.load_persisted_state
_original_functions_out = lambda_svc.get_state
_original_functions_in = lambda_svc.load_persisted_state
_original_load_all = app._load_persisted_state


def start() -> None:
    """Put saving right, and save in the background once everything is loaded."""
    dynamodb.get_state = _tables_out
    dynamodb.load_persisted_state = _tables_in
    lambda_svc.get_state = _functions_out
    lambda_svc.load_persisted_state = _functions_in
    app._load_persisted_state = _load_all
    app.save_all = _save
    sqs.DEFAULT_PORT = QUEUE_URL_PORT
    # json.dump encodes in Python, piece by piece; dumps in C, ten times faster.
    persistence.json = types.SimpleNamespace(**{**vars(json), "dump": _dump})


def _dump(value: Any, file: Any, **options: Any) -> None:
    file.write(json.dumps(value, **options))


def _keep_saving() -> None:
    pause = EVERY_S
    while True:
        time.sleep(pause)
        started = time.monotonic()
        # A store that changes while it is read is saved by the next round.
        with contextlib.suppress(RuntimeError):
            _save(app._build_persistence_save_dict())
        pause = max(EVERY_S, (time.monotonic() - started) / SHARE)


def _save(services: dict[str, Any]) -> None:
    """One round at a time: they write the same files, and the last one is the one on stopping."""
    with _round:
        persistence.save_all(services)


def _table_of(stream_arn: str) -> str | None:
    """`arn:aws:dynamodb:region:account:table/NAME/stream/LABEL` -> NAME."""
    parts = stream_arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "dynamodb":
        return None
    return parts[5].split("/")[1]


def _positions() -> dict[tuple[str, str, str], list[int]]:
    """The consumers' positions by account, region and table."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for (account, region, consumer), mapping in list(lambda_svc._esms._data.items()):
        table = _table_of(mapping.get("EventSourceArn", ""))
        if table is not None:
            position = lambda_svc._dynamodb_stream_positions._data.get((account, region, consumer))
            found.setdefault((account, region, table), []).append(position or 0)
    return found


def _tables_out() -> dict[str, Any]:
    # Positions first: a record taken meanwhile is delivered again, none is lost.
    positions = _positions()
    streams = AccountRegionScopedDict()
    for scope, records in list(dynamodb._stream_records._data.items()):
        first = dynamodb._stream_trimmed._data.get(scope, 0)
        taken = max(min(positions.get(scope, [first + len(records)])), first)
        streams._data[scope] = {"first": taken, "records": list(records[taken - first :])}
    state: dict[str, Any] = _original_tables_out()
    return {**state, "streams": streams}


def _tables_in(state: dict[str, Any]) -> None:
    _original_tables_in(state)
    for scope, stream in (state.get("streams") or AccountRegionScopedDict())._data.items():
        dynamodb._stream_trimmed._data[scope] = stream["first"]
        dynamodb._stream_records._data[scope] = stream["records"]


def _load_all() -> None:
    _original_load_all()
    positions = lambda_svc._dynamodb_stream_positions._data
    for (account, region, consumer), position in list(positions.items()):
        mapping = lambda_svc._esms._data.get((account, region, consumer)) or {}
        table = _table_of(mapping.get("EventSourceArn", ""))
        scope = (account, region, table)
        first = dynamodb._stream_trimmed._data.get(scope, 0)
        end = first + len(dynamodb._stream_records._data.get(scope, ()))
        positions[account, region, consumer] = min(position, end)
    # Not before: on a busy machine the first round would find nothing yet, and save that.
    threading.Thread(target=_keep_saving, name="saver", daemon=True).start()


def _layer_versions(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [version for layer in state["layers"]._data.values() for version in layer["versions"]]


def _functions_out() -> dict[str, Any]:
    folder = Path(persistence.STATE_DIR) / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = _original_functions_out()
    for version in _layer_versions(state):
        content = version["_zip_data"]
        if isinstance(content, bytes):
            path = folder / f"{hashlib.sha256(content).hexdigest()}.zip"
            if not path.exists():
                unfinished = path.with_suffix(".unfinished")
                unfinished.write_bytes(content)
                unfinished.rename(path)
            version["_zip_data"] = {"file": path.name}
    return state


def _functions_in(state: dict[str, Any]) -> None:
    folder = Path(persistence.STATE_DIR) / "layers"
    for version in _layer_versions(state):
        content = version["_zip_data"]
        if isinstance(content, dict):
            version["_zip_data"] = (folder / content["file"]).read_bytes()
    _original_functions_in(state)
