"""`sam build`, once for each content of the sources, and made fit for the embedded AWS."""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from local.environments import ENVIRONMENTS, ROOT, UNREACHABLE, python
from local.errors import LocalError

BUILDS = ROOT / ".local" / "build"
SOURCES = ("template.yaml", "functions", "layers", "statemachines")
IGNORED = ("__pycache__", ".cache", ".egg-info")
KEPT_BUILDS = 4

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"

# What MiniStack refuses, whatever its Condition, and nothing on this machine needs.
REFUSED_TYPES = frozenset(
    (
        "AWS::Logs::QueryDefinition",
        "AWS::ResourceGroups::Group",
        "AWS::Transfer::Server",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACLAssociation",
        "AWS::XRay::Group",
        "AWS::XRay::SamplingRule",
    )
)


def fingerprint(root: Path = ROOT) -> str:
    """A hash of everything that `sam build` reads, and of the interpreter."""
    digest = hashlib.sha256(f"{RUNTIME} {ARCHITECTURE}".encode())
    for source in SOURCES:
        path = root / source
        for file in [path] if path.is_file() else sorted(_files(path)):
            digest.update(f"\0{file.relative_to(root)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.endswith(IGNORED) for part in path.parts):
            yield path


def build(root: Path = ROOT, say: Callable[[str], None] = lambda _line: None) -> Path:
    """Build the template, unless that content was built before.

    Returns:
        The built template, without the resource types that the embedded AWS refuses.

    Raises:
        LocalError: `sam build` failed.
    """
    target = BUILDS / fingerprint(root)
    built = target / "template.yaml"
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            say("building (sam build)")
            # Paths in the built template are relative: the folder it is renamed from is a sibling.
            unfinished = BUILDS / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _sam_build(root, unfinished)
            _make_fit(unfinished / "template.yaml")
            unfinished.rename(target)
            _forget_old_builds()
        os.utime(target)
    return built


def sam_environment() -> dict[str, str]:
    """What every call of the SAM CLI needs; it must never reach a real account."""
    tools = ENVIRONMENTS / "tools" / "bin"
    return {
        **os.environ,
        "PATH": f"{tools}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAYER_PYTHON": str(python("tools")),
        "LAYER_CACHE": str(ROOT / ".local" / "layer-cache"),
    }


def run_sam(arguments: list[str], environment: dict[str, str], folder: Path, log: Path) -> None:
    """Run the SAM CLI.

    Raises:
        LocalError: it failed; with the line that says why.
    """
    sam = ENVIRONMENTS / "sam" / "bin" / "sam"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [str(sam), *arguments],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        said = log.read_text(errors="replace")
        raise LocalError(f"sam {arguments[0]} failed: {_reason(said)} (log: {log})")


def _reason(said: str) -> str:
    if UNREACHABLE.search(said):
        return "the package index cannot be reached"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("Error") or "FAILED" in line]
    return (telling or lines or ["it said nothing"])[-1]


def _sam_build(root: Path, target: Path) -> None:
    arguments = ["build", "--template-file", str(root / "template.yaml")]
    arguments += ["--build-dir", str(target), "--cached", "--cache-dir", str(BUILDS / "cache")]
    arguments += ["--parallel", "--parameter-overrides"]
    arguments += [f"Runtime={RUNTIME}", f"Architecture={ARCHITECTURE}"]
    run_sam(arguments, sam_environment(), root, BUILDS / "sam-build.log")


def _make_fit(path: Path) -> None:
    template = without_refused_types(yaml.safe_load(path.read_text()))
    path.write_text(yaml.safe_dump(template, sort_keys=False))


def without_refused_types(template: dict[str, Any]) -> dict[str, Any]:
    """The template without resources of refused types, and what names them in DependsOn or Outputs.

    Raises:
        LocalError: a resource that stays refers to one that goes.
    """
    resources: dict[str, Any] = template.get("Resources", {})
    gone = {name for name, made in resources.items() if made.get("Type") in REFUSED_TYPES}
    kept = {name: _without(made, gone) for name, made in resources.items() if name not in gone}
    for name, made in kept.items():
        for other in gone & set(_references(made)):
            raise LocalError(f"{name} refers to {other}, a type that the embedded AWS lacks.")
    outputs = {
        name: output
        for name, output in template.get("Outputs", {}).items()
        if not gone & set(_references(output))
    }
    return {**template, "Resources": kept, "Outputs": outputs}


def _without(resource: dict[str, Any], gone: set[str]) -> dict[str, Any]:
    if "DependsOn" not in resource:
        return resource
    named = resource["DependsOn"]
    named = [named] if isinstance(named, str) else named
    return {**resource, "DependsOn": [name for name in named if name not in gone]}


def _references(node: Any) -> Iterator[str]:
    """Logical names in Ref, Fn::GetAtt and Fn::Sub."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value.split(".")[0] if isinstance(value, str) else value[0]
        elif key == "Fn::Sub":
            text = value if isinstance(value, str) else value[0]
            yield from (part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
            yield from _references(value)
        else:
            yield from _references(value)


def _forget_old_builds() -> None:
    builds = [path for path in BUILDS.iterdir() if (path / "template.yaml").exists()]
    for old in sorted(builds, key=lambda path: path.stat().st_mtime)[:-KEPT_BUILDS]:
        with contextlib.suppress(OSError):
            shutil.rmtree(old)
