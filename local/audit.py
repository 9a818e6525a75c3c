"""``make audit``: known holes in what is installed, in our code and in the template.

Runs on the system's interpreter, with the tools of the environment ``audit``. Whatever is found
fails, unless requirements/audit-waivers.toml says why it stays; so does a waiver that nothing
needs any more. Where the package index knows no vulnerabilities (a mirror, or no network), that is
said, and the locks count as not looked at.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.environments import ENVIRONMENTS, ROOT

BIN = ENVIRONMENTS / "audit" / "bin"
WAIVERS = ROOT / "requirements" / "audit-waivers.toml"
LOCKS = (*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "layers/tidegate/requirements.txt")
SCANNED = ("layers/tidegate/tidegate", "functions", "local", "sandbox")
NOT_OURS = "local/node"
EVERYTHING = "*"
TIMEOUT_S = 300


class ToolFailed(Exception):
    """A tool ended without saying what it found."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a tool does not like."""

    tool: str
    check: str
    about: str
    """A package, a file or a resource."""
    text: str = field(compare=False)


@dataclass
class Waivers:
    """What may stay, and what of it is needed."""

    given: Mapping[str, list[dict[str, Any]]]
    used: set[tuple[str, str, str]] = field(default_factory=set)

    def waive(self, finding: Finding) -> bool:
        """Whether it may stay."""
        for one in self.given.get(finding.tool, ()):
            about = one["about"]
            if one["check"] == finding.check and (about == EVERYTHING or finding.about in about):
                self.used.add(
                    (finding.tool, finding.check, finding.about if about != EVERYTHING else about)
                )
                return True
        return False

    def unused(self, tools: set[str]) -> Iterator[str]:
        """Waivers of these tools that waived nothing."""
        for tool in sorted(tools):
            for one in self.given.get(tool, ()):
                about = [EVERYTHING] if one["about"] == EVERYTHING else one["about"]
                for name in about:
                    if (tool, one["check"], name) not in self.used:
                        yield f"{tool} {one['check']} {name}"


def packages() -> list[Finding] | None:
    """Known vulnerabilities of every locked package; None where the index knows none of any."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.txt"
        sample.write_text(next(one for one in _pinned(LOCKS) if one.startswith("boto3==")))
        if not _answered(_pip_audit([sample])):
            return None
    return [
        Finding("pip-audit", known["id"], f"{one['name']} {one['version']}", _fix(known))
        for one in _answered(_pip_audit(list(LOCKS)))
        for known in one["vulns"]
    ]


def code() -> list[Finding]:
    """What bandit finds of medium or high severity."""
    command = [str(BIN / "bandit"), "-q", "-ll", "-f", "json", "-r", *SCANNED, "-x", NOT_OURS]
    return [
        Finding("bandit", one["test_id"], one["filename"].removeprefix("./"), one["issue_text"])
        for one in _said(command)["results"]
    ]


def template() -> list[Finding]:
    """What checkov finds; offline it knows no severities, so all of it counts."""
    command = [str(BIN / "checkov"), "--framework", "cloudformation", "-f", "template.yaml"]
    said = _said([*command, "--quiet", "--compact", "--skip-download", "-o", "json"])
    return [
        Finding("checkov", one["check_id"], one["resource"].split(".")[-1], one["check_name"])
        for one in said["results"]["failed_checks"]
    ]


def _pinned(locks: tuple[Path, ...]) -> Iterator[str]:
    for lock in locks:
        yield from (line for line in lock.read_text().splitlines() if "==" in line)


def _pip_audit(locks: list[Path]) -> dict[str, Any] | None:
    files = [part for lock in locks for part in ("-r", str(lock))]
    options = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "-f", "json"]
    try:
        return _said([str(BIN / "pip-audit"), *files, *options])
    except ToolFailed:
        return None


def _answered(said: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [one for one in said["dependencies"] if "vulns" in one] if said else []


def _fix(known: Mapping[str, Any]) -> str:
    versions = ", ".join(known["fix_versions"]) or "none yet"
    return f"mended in: {versions}"


def _said(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ToolFailed(f"{Path(command[0]).name} said: {last}") from None
    return said


def main() -> int:
    """0 if all that was found is waived, 1 otherwise."""
    waivers = Waivers(tomllib.loads(WAIVERS.read_text()))
    try:
        of_packages, found = packages(), [*code(), *template()]
    except ToolFailed as error:
        print(error, file=sys.stderr)
        return 1
    if of_packages is None:
        print(
            "packages  NOT AUDITED: the package index here knows no vulnerabilities. "
            "Run `make audit` where it does."
        )
    else:
        print(f"packages  {len(LOCKS)} locks looked at, {len(of_packages)} findings")
    tools = {"bandit", "checkov"} | ({"pip-audit"} if of_packages is not None else set())
    left = sorted(one for one in (*(of_packages or ()), *found) if not waivers.waive(one))
    for tool in ("bandit", "checkov"):
        count = sum(one.tool == tool for one in found)
        open_ones = sum(one.tool == tool for one in left)
        print(f"{tool:8}  {count} findings, {open_ones} not waived")
    for one in left:
        print(f"{one.tool} {one.check} {one.about}: {one.text}")
    unused = list(waivers.unused(tools))
    for waiver in unused:
        print(f"waived but not found: {waiver}")
    return 1 if left or unused else 0


if __name__ == "__main__":
    sys.exit(main())
