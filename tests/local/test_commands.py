"""What goes wrong on a machine is one sentence and exit code 1, never a traceback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import environments
from local.environments import ROOT, SetupFailed
from local.errors import LocalError
from local.processes import Child, free_port, is_free
from local.running import Running, recorded_port, stop_running
from local.stack import Stack


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_busy_port_is_named_before_anything_is_started(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(LocalError, match=f"^Port {taken_port} is taken: .*PORT="):
        Stack(tmp_path / "state", port=taken_port).start()

    assert not (tmp_path / "state").exists()


def test_the_front_says_that_its_port_is_busy(taken_port: int) -> None:
    command = [sys.executable, "-m", "local.front", "--port", str(taken_port)]
    done = subprocess.run(
        [*command, "--upstream-port", "1", "--upstream-path", "/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == f"Port {taken_port} is taken: stop what uses it, or choose PORT=….\n"


def test_make_names_a_missing_interpreter() -> None:
    done = subprocess.run(
        ["make", "run", "PYTHON=/nowhere/python3.11"],
        cwd=ROOT,
        # Below another make it would say which directory it enters.
        env={name: of for name, of in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert done.stdout.startswith("Tidegate needs Python 3.11 and '/nowhere/python3.11'")


def test_an_unreachable_index_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "tools.txt").write_text("surely-no-such-package==1.0\n")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "env")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")

    with pytest.raises(SetupFailed, match=r"^Could not install tools.txt: the package index"):
        environments.make(["tools"])


def test_a_part_that_ends_at_once_is_named_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such scheme')"]
    child = Child("sandbox", command, dict(os.environ), tmp_path / "log")
    child.start()

    with pytest.raises(LocalError, match="The sandbox ended at once: no such scheme"):
        child.wait_until(lambda: False)


def test_one_stack_per_folder(tmp_path: Path) -> None:
    with (
        Running(tmp_path),
        pytest.raises(LocalError, match=f"runs here already \\(process {os.getpid()}\\)"),
        Running(tmp_path),
    ):
        pass

    with Running(tmp_path):
        pass


def test_stop_ends_what_runs_and_is_content_with_nothing(tmp_path: Path) -> None:
    assert stop_running(tmp_path) == 0
    code = (
        "import time; from pathlib import Path; from local.running import Running\n"
        f"with Running(Path({str(tmp_path)!r})): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "in\n"
        (tmp_path / "ports.json").write_text(json.dumps({"engine": 1234}))
        assert recorded_port(tmp_path, "engine") == 1234

        assert stop_running(tmp_path) == 0
        assert running.wait(5) != 0

    with pytest.raises(LocalError, match="does not run here"):
        recorded_port(tmp_path, "engine")


def test_a_free_port_is_free() -> None:
    assert is_free(free_port())
    assert is_free(free_port(socket.SOCK_DGRAM), socket.SOCK_DGRAM)


def test_a_port_is_given_once_and_to_no_outgoing_connection() -> None:
    """Between the choice and the start of whoever listens, seconds pass."""
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == 50
    assert max(given) < 32_768  # where Linux begins, unless it is told otherwise
