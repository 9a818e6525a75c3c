"""The environments of the project, each synchronised from a lock file of its own.

Runs on the system's interpreter with nothing installed, so it imports the standard library only:

    python3.11 -m local.environments dev sam engine runtime node

An environment is touched only if its lock (or the interpreter) changed since it was last made.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".local" / "env"
NODE = ROOT / "local" / "node"
PYTHON_ENVIRONMENTS = ("dev", "sam", "engine", "runtime", "clients", "audit")
UNREACHABLE = re.compile(
    r"error sending request|dns error|failed to lookup|connection refused|connect error|timed out"
    r"|Max retries exceeded|NewConnectionError|Failed to establish|Connection broken|No matching"
    r"|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN",
    re.IGNORECASE,
)


class SetupFailed(Exception):
    """An environment could not be made; the message is the one sentence for the user."""


def python(environment: str) -> Path:
    """The interpreter of an environment."""
    return ENVIRONMENTS / environment / "bin" / "python"


def make(names: list[str]) -> None:
    """Make or refresh the named environments.

    Raises:
        SetupFailed: an interpreter, a tool or the package index is missing.
    """
    with _exclusive():
        _make_tools()
        for name in names:
            if name == "node":
                _make_node()
            elif name in PYTHON_ENVIRONMENTS:
                _make_python(name)
            elif name != "tools":
                raise SetupFailed(f"There is no environment called '{name}'.")


def strip_node_lock() -> None:
    """Drop registry addresses from the npm lock: it must install from whichever is configured."""
    path = NODE / "package-lock.json"
    lock = json.loads(path.read_text())
    for package in lock["packages"].values():
        package.pop("resolved", None)
    path.write_text(json.dumps(lock, indent=2) + "\n")


@contextlib.contextmanager
def _exclusive() -> Iterator[None]:
    """Two commands started together must not build one environment at the same time."""
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with (ENVIRONMENTS / ".making").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_tools() -> None:
    lock = ROOT / "requirements" / "tools.txt"
    target = ENVIRONMENTS / "tools"
    if _is_current(target, lock):
        return
    _say("tools")
    if not python("tools").exists():
        _run([sys.executable, "-m", "venv", str(target)], "the environment of the tools")
    _run([str(python("tools")), "-m", "pip", "install", "-q", "-r", str(lock)], lock.name)
    _stamp(target, lock)


def _make_python(name: str) -> None:
    lock = ROOT / "requirements" / f"{name}.txt"
    target = ENVIRONMENTS / name
    if _is_current(target, lock):
        return
    _say(name)
    uv = str(ENVIRONMENTS / "tools" / "bin" / "uv")
    if not python(name).exists():
        _run([uv, "venv", "-q", "--python", sys.executable, str(target)], lock.name)
    into = ["--python", str(python(name))]
    # Compiled now, as on Lambda: who runs later is told to write no byte code (Makefile).
    _run([uv, "pip", "sync", "-q", "--compile-bytecode", *into, str(lock)], lock.name)
    if name == "dev":
        _run([uv, "pip", "install", "-q", *into, "--no-deps", "-e", str(ROOT)], "pyproject.toml")
    _stamp(target, lock)


def _make_node() -> None:
    lock = NODE / "package-lock.json"
    target = NODE / "node_modules"
    if _is_current(target, lock):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SetupFailed("The conformance suite and the ASL check need Node.js: npm is missing.")
    _say("node")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run([npm, "ci", "--prefix", str(NODE), *quiet], "local/node/package-lock.json")
    _stamp(target, lock)


def _is_current(target: Path, lock: Path) -> bool:
    with contextlib.suppress(OSError):
        return (target / ".lock-hash").read_text() == _fingerprint(lock)
    return False


def _stamp(target: Path, lock: Path) -> None:
    (target / ".lock-hash").write_text(_fingerprint(lock))


def _fingerprint(lock: Path) -> str:
    interpreter = f"{sys.version_info.major}.{sys.version_info.minor}".encode()
    return hashlib.sha256(interpreter + lock.read_bytes()).hexdigest()


def _say(name: str) -> None:
    print(f"· environment {name}: installing", flush=True)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=_installer_environment(os.environ)
    )
    if done.returncode == 0:
        return
    log = ENVIRONMENTS / "failure.log"
    log.write_text(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    if UNREACHABLE.search(done.stderr):
        reason = "the package index cannot be reached"
    else:
        reason = (done.stderr.strip().splitlines() or ["the installer gave no reason"])[-1]
    raise SetupFailed(f"Could not install {what}: {reason} (details: {log.relative_to(ROOT)}).")


def _installer_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """uv must use the index that pip was told to use, and never fetch an interpreter."""
    settings = {**environment, "UV_PYTHON_DOWNLOADS": "never"}
    if "PIP_INDEX_URL" in environment:
        settings.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    return settings


def main(arguments: list[str]) -> int:
    """Entry point of the Makefile."""
    try:
        if arguments == ["strip-node-lock"]:
            strip_node_lock()
        else:
            make(arguments)
    except SetupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
