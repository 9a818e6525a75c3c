"""Python functions run by awslambdaric, as on AWS, with their layers on the path.

MiniStack's Python worker reports every exception as `Runtime.HandlerError`, so that a workflow's
`Catch` by class name never matches; its worker for custom runtimes hands on what the runtime says.
It also starts a process for every concurrent invocation at once. Here only as many start together
as there are processors, and an invocation that waits for that takes whichever process is free
first: a cold burst needs a few processes instead of one each, and none misses its deadline.
And it gives a function's log lines a little time to come once the answer is there; what comes later
waits for the next invocation, which may never be. Here they are read and not waited for: a function
has written them before it answers.

`TIDEGATE_RUNTIME_PYTHON` names the interpreter of the functions.
"""

import contextlib
import hashlib
import io
import os
import queue
import select
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

PROCESSES_PER_FUNCTION = 12
QUEUE_TIMEOUT_S = 30.0
LOOK_AGAIN_S = 0.05
PIPE_SIZE = 65536

Lines = queue.Queue[str]

LAYER_PATH = "_TIDEGATE_LAYER_PATH"
BOOTSTRAP = """#!/bin/sh
export PYTHONPATH="$LAMBDA_TASK_ROOT:${{{layer_path}}}"
exec "{python}" -m awslambdaric "$_HANDLER"
"""

_layer_lock = threading.Lock()
_running: Counter[str] = Counter()
_starts_left = os.cpu_count() or 2
_changed = threading.Condition()  # guards the two above
_mine = threading.local()
_original_code_folder = lambda_svc._provided_runtime_code_dir


def install() -> None:
    """Replace MiniStack's way to run Python functions."""
    lambda_runtime._worker_class_for = lambda _config: FunctionWorker
    lambda_svc._provided_runtime_code_dir = _code_folder
    lambda_svc._execute_function_warm = _execute


class FunctionWorker(lambda_runtime.ProvidedWorker):  # type: ignore[misc]  # published untyped
    """A custom-runtime worker that also offers the function's layers, as Lambda does in /opt."""

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        folders = [_unpacked(layer) for layer in config.get("Layers") or ()]
        environment = dict((config.get("Environment") or {}).get("Variables") or {})
        # Lambda merges later layers over earlier ones, so the last one is found first.
        environment[LAYER_PATH] = ":".join(str(folder / "python") for folder in reversed(folders))
        super().__init__(func_name, {**config, "Environment": {"Variables": environment}}, code_zip)
        self._reading = threading.Lock()  # guards the pipe and the line that is not whole yet
        self._begun = b""

    def _spawn(self, init_timeout: float | None = None) -> None:
        try:
            super()._spawn(init_timeout)
        finally:
            _give_start_back()

    def _pump_output(self, stream: IO[bytes], lines: Lines) -> None:
        """Keep the pipe empty while nobody asks for its lines, so that the process never blocks."""
        readable = select.poll()
        readable.register(stream, select.POLLIN)
        is_open = True
        while is_open:
            readable.poll()
            with self._reading:
                is_open = self._read_output(stream, lines)
                if not is_open:
                    stream.close()

    def _drain_stderr_bounded(self, **_waits: float) -> str:
        """Every line that the process has written until now."""
        process = self._proc
        if process is not None:
            with self._reading:
                if not process.stdout.closed:
                    self._read_output(process.stdout, self._stderr_queue)
        lines: str = self._drain_stderr()
        return lines

    def _read_output(self, stream: IO[bytes], lines: Lines) -> bool:
        """Whatever the pipe holds; False at its end."""
        os.set_blocking(stream.fileno(), False)
        try:
            while data := os.read(stream.fileno(), PIPE_SIZE):
                *whole, self._begun = (self._begun + data).split(b"\n")
                _add(lines, whole)
        except BlockingIOError:
            return True
        _add(lines, [self._begun] if self._begun else [])
        self._begun = b""
        return False

    def _build_handler_class(self, generation: int, pending: Any) -> Any:
        handler = super()._build_handler_class(generation, pending)
        # One packet per answer; otherwise Nagle's algorithm adds 40 ms to each invocation.
        handler.wbufsize = 65536
        handler.disable_nagle_algorithm = True
        return handler


def _add(lines: Lines, written: Iterable[bytes]) -> None:
    """The oldest make room for the newest."""
    for line in written:
        while lines.full():
            with contextlib.suppress(queue.Empty):
                lines.get_nowait()
        lines.put_nowait(line.decode(errors="replace").rstrip("\r"))


def _unpacked(layer: Any) -> Path:
    content: bytes | None = lambda_svc._resolve_layer_zip(layer)
    if content is None:
        raise lambda_runtime.ProvidedRuntimeError(f"no such layer: {layer}", "Runtime.Unknown")
    folder = Path(os.environ["TMPDIR"]) / "layers" / hashlib.sha256(content).hexdigest()
    with _layer_lock:
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(unfinished)
            unfinished.rename(folder)
    return folder


def _code_folder(code_zip: bytes) -> str:
    folder: str = _original_code_folder(code_zip)
    bootstrap = Path(folder) / "bootstrap"
    with lambda_svc._provided_code_lock:  # no fork may happen while the file is open for writing
        if not bootstrap.exists():
            python = os.environ["TIDEGATE_RUNTIME_PYTHON"]
            bootstrap.write_text(BOOTSTRAP.format(python=python, layer_path=LAYER_PATH))
            bootstrap.chmod(0o755)
    return folder


def _execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run one invocation, once it may."""
    name = (function.get("config") or function)["FunctionName"]
    with _changed:
        if not _wait_for_turn(name):
            throttled: dict[str, Any] = lambda_svc._throttle_response(
                reason_code="ConcurrentInvocationLimitExceeded", msg=f"Rate Exceeded: {name}"
            )
            return throttled
        _running[name] += 1
    try:
        answer: dict[str, Any] = lambda_svc._execute_function_provided_warm(
            function, event, request_id
        )
        return _failed_batch(answer) if _is_failed_stream_batch(event, answer) else answer
    finally:
        _give_start_back()
        with _changed:
            _running[name] -= 1
            _changed.notify_all()


def _wait_for_turn(name: str) -> bool:
    """Wait until a process of the function is free, or may be started; False if neither comes."""
    global _starts_left
    deadline = time.monotonic() + QUEUE_TIMEOUT_S
    while time.monotonic() < deadline:
        if _has_free_process(name):
            return True
        if _starts_left and _running[name] < PROCESSES_PER_FUNCTION:
            _starts_left -= 1
            _mine.start = True
            return True
        _changed.wait(LOOK_AGAIN_S)
    return False


def _has_free_process(name: str) -> bool:
    with lambda_runtime._lock:
        processes = sum(
            len(workers)
            for key, workers in lambda_runtime._workers.items()
            if key.split(":")[2] == name
        )
    return processes > _running[name]


def _give_start_back() -> None:
    """The start that this thread took is done, or was not needed."""
    global _starts_left
    if getattr(_mine, "start", False):
        _mine.start = False
        with _changed:
            _starts_left += 1
            _changed.notify_all()


def _is_failed_stream_batch(event: Any, answer: dict[str, Any]) -> bool:
    """MiniStack ignores `batchItemFailures` of a stream's consumer and would skip the records."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or not isinstance(records, list) or not isinstance(answer.get("body"), dict):
        return False
    is_stream = records[0].get("eventSource") == "aws:dynamodb"
    return is_stream and bool(answer["body"].get("batchItemFailures"))


def _failed_batch(answer: dict[str, Any]) -> dict[str, Any]:
    """The whole batch is delivered again; AWS would leave out what precedes the failed record."""
    body = {"errorType": "BatchItemFailures", "errorMessage": "some records failed"}
    return {**answer, "error": True, "body": body}
