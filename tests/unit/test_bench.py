"""What the bench shows: its table, its charts, the blocks that it writes into documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

from bench import __main__ as command
from bench import charts, document
from bench.charts import Bars, Lines
from bench.counting import matches
from bench.row import Row

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of the repository."""
    monkeypatch.setattr(charts, "IMAGES", tmp_path)
    monkeypatch.setattr(document, "ROOT", tmp_path)
    monkeypatch.setattr(command, "OUT", tmp_path / "out" / "bench.json")
    return tmp_path


def drawn(path: Path) -> Element:
    root = parse(path).getroot()
    assert root is not None
    return root


def test_the_table_says_what_is_held() -> None:
    rows = [
        Row("a", "slow / quick", 1.31, 1.3, measured="13 ms", yardstick="10 ms"),
        Row("a", "a second", 0.7, 0.7, at_least=True),
    ]
    _, _heads, slow, enough = command.table(rows).split("\n")
    assert slow.split()[-4:] == ["1.31", "≤", "1.3", "NO"]
    assert enough.split()[-4:] == ["0.7", "≥", "0.7", "yes"]


def test_a_part_that_breaks_leaves_the_others_their_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(part: str) -> list[Row]:
        if part == "size":
            raise OSError("no artifact")
        return [Row(part, "figure", 1, 1)]

    monkeypatch.setattr(command, "_measured", measured)
    assert command.main(["size", "init"]) == 1
    assert command.main(["init"]) == 0
    assert "not measured: size" in capsys.readouterr().out
    assert '"held": true' in (folder / "out" / "bench.json").read_text()


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["costs"])
    assert ended.value.code == 2


def test_a_chart_can_be_read_without_seeing_it(folder: Path) -> None:
    bars = Bars("Cost & speed", "One: 3 < 4.", "$", {"one": {"a": 1.0, "b": 2.0}})
    root = drawn(charts.write("bars", bars))
    assert root.get("role") == "img"
    title, told = (root.find(f"{SVG}{name}") for name in ("title", "desc"))
    assert title is not None
    assert told is not None
    assert (title.text, told.text) == ("Cost & speed", "One: 3 < 4.")
    assert root.get("aria-labelledby") == f"{title.get('id')} {told.get('id')}"
    style = root.findtext(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in style


def test_bars_are_as_long_as_their_values(folder: Path) -> None:
    bars = Bars("t", "d", "$", {"one": {"a": 1.0, "b": 3.0}, "two": {"a": 2.0, "b": 0.0}})
    widths = [
        float(one.get("width") or 0)
        for one in drawn(charts.write("bars", bars)).iter(f"{SVG}rect")
        if one.get("height") == "26"
    ]
    assert widths[1] == pytest.approx(3 * widths[0], rel=0.01)
    assert widths[2] == pytest.approx(2 * widths[0], rel=0.01)


def test_lines_rise_with_their_values_on_both_logarithmic_axes(folder: Path) -> None:
    lines = Lines("t", "d", "x", "y", {"up": [(1, 1), (10, 10), (100, 100)]})
    (line,) = drawn(charts.write("lines", lines)).iter(f"{SVG}polyline")
    points = [tuple(map(float, one.split(","))) for one in (line.get("points") or "").split()]
    (x0, y0), (x1, y1), (x2, y2) = points
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert y0 > y2


def test_a_block_is_replaced_and_nothing_else(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text("before\n<!-- bench: bill -->\nold\n<!-- end -->\nafter\n")
    document.replace_block("page.md", "bill", "new")
    assert page.read_text() == "before\n<!-- bench: bill -->\nnew\n<!-- end -->\nafter\n"
    with pytest.raises(LookupError, match="no block other"):
        document.replace_block("page.md", "other", "new")


@pytest.mark.parametrize(
    ("record", "taken"),
    [
        ({"dynamodb": {"NewImage": {"t": {"S": "p"}}}}, True),
        ({"dynamodb": {"NewImage": {"t": {"S": "l"}}}}, False),
        ({"dynamodb": {"Keys": {}}}, False),
    ],
)
def test_streams_are_filtered_as_lambda_does(record: dict[str, Any], *, taken: bool) -> None:
    assert matches({"dynamodb": {"NewImage": {"t": {"S": ["p"]}}}}, record) is taken
