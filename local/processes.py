"""Child processes: started with a log file, waited for, stopped together."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from local.environments import ROOT
from local.errors import LocalError

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.02
PR_SET_PDEATHSIG = 1
PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections (from 32,768 on Linux)."""
PORTS_A_PROCESS = 200


@dataclass
class Child:
    """A process of ours; it ends with us, however we end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    folder: Path = ROOT
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches only us."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def wait_until(self, is_ready: Callable[[], bool], timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until it is ready.

        Raises:
            LocalError: it ended, or took too long; with the last line of its log.
        """
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                reason = "ended at once" if ended else f"is not ready after {timeout_s:.0f} s"
                raise LocalError(f"The {self.name} {reason}: {self._last_line()} (log: {self.log})")
            time.sleep(POLL_S)

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end; after ten seconds, end it and all it started."""
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """End it, as a power cut would: it does not get to save anything."""
        if self.process is not None:
            self.process.kill()
        self.stop()

    def _last_line(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it said nothing"


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def is_free(port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether a port of 127.0.0.1 can be listened on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nothing listens on, and that nobody is likely to take before its
    owner listens: no outgoing connection gets it, this process does not give it again soon, and
    most other processes look elsewhere."""
    for port in islice(_ports(os.getpid()), PORTS_A_PROCESS):
        if is_free(port, kind):
            return port
    raise LocalError(f"none of {PORTS_A_PROCESS} ports of 127.0.0.1 is free")


@cache
def _ports(process: int) -> Iterator[int]:
    """In turn, the ports that a process chooses from."""
    mine = process % (len(PORTS) // PORTS_A_PROCESS) * PORTS_A_PROCESS
    return cycle(PORTS[mine : mine + PORTS_A_PROCESS])
