"""At most one `make run` at a time in a folder, and how others find it."""

import fcntl
import json
import os
import signal
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Self

from local.errors import LocalError

STOP_TIMEOUT_S = 30.0
POLL_S = 0.1


class Running:
    """Holds the folder's lock, which holds our process id, until it is left.

    Raises:
        LocalError: on entering, another process holds it.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "run.lock"
        self._file: TextIOWrapper | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            pid = self._path.read_text().strip()
            raise LocalError(
                f"Tidegate runs here already (process {pid}); `make stop` ends it."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()


def stop_running(state_dir: Path) -> int:
    """Ask what runs in the folder to stop, and wait until it has; nothing running is fine.

    Raises:
        LocalError: it does not stop.
    """
    path = state_dir / "run.lock"
    text = path.read_text().strip() if path.exists() else ""
    if not text or not _is_locked(path):
        return 0
    os.kill(int(text), signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while _is_locked(path):
        if time.monotonic() > deadline:
            raise LocalError(f"Process {text} does not stop.")
        time.sleep(POLL_S)
    return 0


def recorded_port(state_dir: Path, part: str) -> int:
    """The port of a part of what runs in the folder.

    Raises:
        LocalError: nothing runs there.
    """
    if not _is_locked(state_dir / "run.lock"):
        raise LocalError("Tidegate does not run here; start it with `make run`.")
    return int(json.loads((state_dir / "ports.json").read_text())[part])


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
