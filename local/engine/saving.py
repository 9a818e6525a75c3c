"""State saved every few seconds, so that a killed engine loses only the last of them."""

import contextlib
import json
import threading
import time
import types
from typing import Any

from ministack import app
from ministack.core import persistence

EVERY_S = 3.0
SHARE = 0.05  # of the engine's time at most goes into saving


def start() -> None:
    """Begin to save in the background."""
    # json.dump encodes in Python, piece by piece; dumps in C, ten times faster.
    persistence.json = types.SimpleNamespace(**{**vars(json), "dump": _dump})
    threading.Thread(target=_keep_saving, name="saver", daemon=True).start()


def _dump(value: Any, file: Any, **options: Any) -> None:
    file.write(json.dumps(value, **options))


def _keep_saving() -> None:
    pause = EVERY_S
    while True:
        time.sleep(pause)
        started = time.monotonic()
        # A store that changes while it is read is saved by the next round.
        with contextlib.suppress(RuntimeError):
            persistence.save_all(app._build_persistence_save_dict())
        pause = max(EVERY_S, (time.monotonic() - started) / SHARE)
