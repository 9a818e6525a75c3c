"""`make audit` lets nothing pass that is not written down, and nothing stay written down for
nothing."""

import tomllib
from typing import Any

import pytest

from local import audit
from local.audit import EVERYTHING, Finding, ToolFailed, Waivers

GIVEN: dict[str, list[dict[str, Any]]] = {
    "bandit": [{"check": "B310", "about": ["a.py", "b.py"], "reason": "ours"}],
    "checkov": [{"check": "CKV_1", "about": EVERYTHING, "reason": "everywhere"}],
}


def a_finding(tool: str = "bandit", check: str = "B310", about: str = "a.py") -> Finding:
    return Finding(tool, check, about, "text")


def test_a_finding_is_waived_by_its_tool_check_and_place() -> None:
    waivers = Waivers(GIVEN)
    assert waivers.waive(a_finding())
    assert waivers.waive(a_finding("checkov", "CKV_1", "Anything"))
    assert not waivers.waive(a_finding(about="c.py"))
    assert not waivers.waive(a_finding(check="B608"))
    assert not waivers.waive(a_finding("pip-audit"))


def test_a_waiver_that_nothing_needs_is_named() -> None:
    waivers = Waivers(GIVEN)
    waivers.waive(a_finding())
    assert list(waivers.unused({"bandit"})) == ["bandit B310 b.py"]
    assert list(waivers.unused({"bandit", "checkov"})) == [
        "bandit B310 b.py",
        "checkov CKV_1 *",
    ]


@pytest.mark.parametrize(("found", "code"), [([], 0), ([a_finding("bandit", "B999", "x.py")], 1)])
def test_what_is_left_fails(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: list[Finding],
    code: int,
) -> None:
    waived = [
        Finding(tool, one["check"], name, "known")
        for tool, ones in tomllib.loads(audit.WAIVERS.read_text()).items()
        for one in ones
        for name in (["Any"] if one["about"] == EVERYTHING else one["about"])
    ]
    monkeypatch.setattr(audit, "packages", lambda: None)
    monkeypatch.setattr(audit, "code", lambda: [*waived, *found])
    monkeypatch.setattr(audit, "template", list)
    assert audit.main() == code
    said = capsys.readouterr().out
    assert "NOT AUDITED" in said
    assert ("B999 x.py" in said) == bool(found)


def test_a_known_vulnerability_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": []}
    answer = {"dependencies": [{"name": "boto3", "version": "1.0", "vulns": [known]}]}
    monkeypatch.setattr(audit, "_said", lambda _command: answer)
    assert audit.packages() == [Finding("pip-audit", "PYSEC-1", "boto3 1.0", "mended in: 2.0")]


def test_an_index_that_knows_nothing_is_no_clean_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    skipped = {"dependencies": [{"name": "boto3", "skip_reason": "not found"}]}
    monkeypatch.setattr(audit, "_said", lambda _command: skipped)
    assert audit.packages() is None

    def silent(_command: list[str]) -> dict[str, object]:
        raise ToolFailed

    monkeypatch.setattr(audit, "_said", silent)
    assert audit.packages() is None


def test_every_waiver_has_a_reason() -> None:
    for ones in tomllib.loads(audit.WAIVERS.read_text()).values():
        for one in ones:
            assert set(one) == {"check", "about", "reason"}
            assert one["reason"].endswith(".")
