"""Charts as SVG files: readable on light and dark pages, with a title and a description for those
who do not see them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from local.environments import ROOT

IMAGES = ROOT / "docs" / "images"
WIDTH = 760
COLOURS = ("#3b7dd8", "#e08a1e", "#2a9d6f", "#b65fcf", "#d1495b", "#7a8699")
"""Told apart without colour vision by their lightness, on white and on black alike."""
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.head { font-size: 15px; font-weight: 600 }
.line { fill: none; stroke-width: 2.5 }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.goal { stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .grid { stroke: #3d444d } .goal { stroke: #9198a1 }
}
"""


@dataclass(frozen=True)
class Bars:
    """Stacked bars, one below the other, each as long as the sum of its parts."""

    title: str
    description: str
    unit: str
    bars: Mapping[str, Mapping[str, float]]
    """Bar -> part -> value; the same parts in every bar."""
    legend: bool = True

    def draw(self) -> Iterator[str]:
        left, top, height, gap = 130, self._top, 26, 12
        longest = max(sum(parts.values()) for parts in self.bars.values())
        scale = (WIDTH - left - 90) / longest
        names = list(next(iter(self.bars.values())))
        yield _text(16, 24, self.title, "head")
        if self.legend:
            yield from _legend(names, 16, 50)
        for row, (name, parts) in enumerate(self.bars.items()):
            y, x = top + row * (height + gap), float(left)
            yield _text(left - 10, y + 18, name, anchor="end")
            for colour, value in zip(COLOURS, parts.values(), strict=False):
                width = value * scale
                yield (
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{height}" '
                    f'fill="{colour}"/>'
                )
                x += width
            yield _text(x + 8, y + 18, f"{self.unit}{sum(parts.values()):,.2f}")

    @property
    def _top(self) -> int:
        return 68 if self.legend else 42

    @property
    def height(self) -> int:
        return self._top + 38 * len(self.bars)


@dataclass(frozen=True)
class Lines:
    """Lines over two logarithmic axes, each named at its end."""

    title: str
    description: str
    x_name: str
    y_name: str
    lines: Mapping[str, Sequence[tuple[float, float]]]

    def draw(self) -> Iterator[str]:
        left, right, top, bottom = 74, WIDTH - 190, 56, self.height - 46
        xs, ys = zip(*(point for line in self.lines.values() for point in line), strict=True)
        across = _Scale(min(xs), max(xs), left, right)
        along = _Scale(10 ** math.floor(math.log10(min(ys))), _up(max(ys)), bottom, top)
        yield _text(16, 24, self.title, "head")
        yield _text(16, 44, self.y_name, "small")
        for value in along.decades():
            y = along(value)
            yield f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
            yield _text(left - 8, y + 4, f"{value:,g}", "small", anchor="end")
        for value in across.decades():
            yield _text(across(value), bottom + 20, f"{value:,.0f}", "small", anchor="middle")
        yield _text((left + right) / 2, bottom + 38, self.x_name, "small", anchor="middle")
        taken: list[float] = []
        for colour, (name, line) in zip(COLOURS, self.lines.items(), strict=False):
            points = " ".join(f"{across(x):.1f},{along(y):.1f}" for x, y in line)
            yield f'<polyline class="line" stroke="{colour}" points="{points}"/>'
            for x, y in line:
                yield f'<circle cx="{across(x):.1f}" cy="{along(y):.1f}" r="3.5" fill="{colour}"/>'
            y = along(line[-1][1]) + 4
            while any(abs(y - other) < 15 for other in taken):
                y += 15
            taken.append(y)
            yield _text(right + 12, y, name)

    @property
    def height(self) -> int:
        return 340


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)

    def decades(self) -> Iterator[float]:
        power = math.ceil(math.log10(self.low) - 1e-9)
        while 10**power <= self.high * 1.0001:
            yield 10.0**power
            power += 1


def write(name: str, chart: Bars | Lines) -> Path:
    """``docs/images/bench-{name}.svg``."""
    inside = "\n".join(chart.draw())
    path = IMAGES / f"bench-{name}.svg"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {chart.height}" '
        f'width="{WIDTH}" height="{chart.height}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{escape(chart.title)}</title>\n'
        f'<desc id="desc">{escape(chart.description)}</desc>\n'
        f"<style>{STYLE}</style>\n{inside}\n</svg>\n"
    )
    return path


def _up(value: float) -> float:
    return float(10 ** math.ceil(math.log10(value) - 1e-9))


def _legend(names: Sequence[str], x: float, y: float) -> Iterator[str]:
    for colour, name in zip(COLOURS, names, strict=False):
        yield f'<rect x="{x:.0f}" y="{y - 10}" width="11" height="11" rx="2" fill="{colour}"/>'
        yield _text(x + 16, y, name, "small")
        x += 36 + 7 * len(name)


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    at_end = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{of_kind}{at_end}>{escape(text)}</text>'
