"""A sandbox program as a process of its own, as `make run` starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

ROOT = Path(__file__).parents[2]


class SandboxProcess:
    """``python -m sandbox.<name>`` over ``state_dir``; started on entering, stopped on leaving."""

    def __init__(self, name: str, state_dir: Path, *options: str) -> None:
        self.name = name
        self.state_dir = state_dir
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.ports: dict[str, int] = {}

    def start(self) -> Self:
        command = [sys.executable, "-m", f"sandbox.{self.name}", "--state-dir", str(self.state_dir)]
        self._process = subprocess.Popen(
            [*command, *self._options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("ready "), f"{line!r} {self._process.communicate()}"
        self.ports = {name: int(port) for name, port in re.findall(r"(\w+)=(\d+)", line)}
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code and what stood on stderr."""
        assert self._process is not None
        self._process.send_signal(number)
        _, errors = self._process.communicate(timeout=10)
        code, self._process = self._process.returncode, None
        return code, errors

    def http(self, method: str, path: str, **kwargs: object) -> httpx.Response:
        url = f"http://127.0.0.1:{self.ports['http']}{path}"
        return httpx.request(method, url, timeout=10, **kwargs)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.stop()
