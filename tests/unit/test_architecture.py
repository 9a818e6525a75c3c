"""Arrows point inward only: functions → services → domain; adapters and networks implement ports.

Read from the sources, so that an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "tidegate" / "tidegate"
MAX_LINES = 400
SOURCES = {".py", ".js", ".html", ".json"}

# What each part may import of ours, as prefixes; `ports` stands for the modules `ports*.py`.
OF_OURS = {
    "domain": ("domain",),
    "ports": ("domain", "ports", "services.commands", "services.workflow"),
    "services": ("domain", "ports", "services"),
    # What use cases take and give: their results are put into words here.
    "api": (
        "domain",
        "ports",
        "services.commands",
        "services.change",
        "services.card_tokens",
        "services.link_orders",
        "api",
    ),
    "networks": ("domain", "ports", "networks"),
    "adapters": ("domain", "ports", "adapters", "api", "services.limits", "services.workflow"),
}
PURE = ("domain", "ports", "services")
JOINING = ("runtime", "operator")


def modules(part: str) -> list[Path]:
    """The sources of a part."""
    return sorted([*PACKAGE.glob(f"{part}/**/*.py"), *PACKAGE.glob(f"{part}*.py")])


def imports(source: Path) -> Iterator[str]:
    """Everything that a module imports, wherever it does, as dotted names."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} imports relatively"
            base = node.module or ""
            yield from (f"{base}.{alias.name}" for alias in node.names)


def ours(source: Path) -> Iterator[str]:
    """What a module imports of ours, without the package's name."""
    yield from (name.removeprefix("tidegate.") for name in imports(source) if _is_ours(name))


def _is_ours(name: str) -> bool:
    return name.split(".")[0] == "tidegate"


def _allowed(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name.startswith(one) if one == "ports" else _under(name, one) for one in prefixes)


def _under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("part", OF_OURS)
def test_a_part_imports_only_what_is_further_inside(part: str) -> None:
    sources = modules(part)
    assert sources, f"there is no {part}"
    wrong = [
        f"{source.relative_to(PACKAGE)}: {name}"
        for source in sources
        for name in ours(source)
        if not _allowed(name, OF_OURS[part])
    ]
    assert wrong == []


@pytest.mark.parametrize("part", PURE)
def test_the_inside_is_free_of_aws_and_of_libraries(part: str) -> None:
    wrong = [
        f"{source.relative_to(PACKAGE)}: {name}"
        for source in modules(part)
        for name in imports(source)
        if not _is_ours(name) and name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert wrong == []


def test_the_domain_reads_no_clock_no_environment_and_does_no_io() -> None:
    effects = {"os", "socket", "time", "random", "secrets", "http", "urllib", "subprocess"}
    wrong = [
        f"{source.relative_to(PACKAGE)}: {name}"
        for source in modules("domain")
        for name in imports(source)
        if name.split(".")[0] in effects
    ]
    assert wrong == []


def environment_names(source: Path) -> Iterator[str]:
    """The variables that a module reads, as written; "?" for a name that is not a literal."""
    text = source.read_text()
    for found in re.finditer(r"os\.(?:environ|getenv)(?=(?P<rest>.{0,40}))", text):
        name = re.match(r"(?:\.get\(|\[|\()\"(\w+)\"", found["rest"])
        if name is not None:
            yield name[1]
        elif not found["rest"].startswith("."):
            membership = re.search(r"\"(\w+)\" (?:not )?in $", text[: found.start()])
            yield membership[1] if membership else "?"


def test_only_the_joining_parts_read_the_environment() -> None:
    """AWS's own variables aside, which its SDK reads as well."""
    wrong = {
        f"{source.relative_to(PACKAGE)}: {name}"
        for source in PACKAGE.rglob("*.py")
        if source.relative_to(PACKAGE).parts[0].removesuffix(".py") not in JOINING
        for name in environment_names(source)
        if not name.startswith(("AWS_", "_X_AMZN_"))
    }
    assert wrong == set()


def test_functions_reach_services_through_the_wiring_alone() -> None:
    """A handler makes no client and names no adapter that has one."""
    wrong = [
        f"{app.parent.name}: {name}"
        for app in (ROOT / "functions").glob("*/app.py")
        for name in imports(app)
        if name.split(".")[0] in {"boto3", "pynamodb", "os"} or "tidegate.networks" in name
    ]
    assert wrong == []


def test_nothing_but_its_adapter_names_a_wallet_network() -> None:
    """The registry of networks leads to it; everything else knows wallets as such. What payers see
    are brands, by the contract's names."""
    its_words = re.compile(r"alipayplus|antom|ALIPAY_|CASHIER_PAYMENT|paymentRequestId")
    parts = (PACKAGE, ROOT / "functions", ROOT / "statemachines")
    sources = [one for part in parts for one in part.rglob("*") if one.suffix in SOURCES]
    naming = {one.relative_to(ROOT) for one in sources if its_words.search(one.read_text())}
    elsewhere = [one for one in naming if "alipayplus" not in one.parts]
    assert elsewhere == [(PACKAGE / "networks" / "__init__.py").relative_to(ROOT)]


def test_the_sandbox_knows_nothing_of_the_gateway() -> None:
    wrong = [
        f"{source.name}: {name}"
        for source in (ROOT / "sandbox").rglob("*.py")
        for name in imports(source)
        if _is_ours(name)
    ]
    assert wrong == []


def test_a_module_is_one_idea() -> None:
    long = {
        str(source.relative_to(PACKAGE)): lines
        for source in PACKAGE.rglob("*.py")
        if (lines := len(source.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}
