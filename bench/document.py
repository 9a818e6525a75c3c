"""Figures that documents quote: blocks between marks, written anew by the part that counts them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from local.environments import ROOT


def replace_block(page: str, name: str, text: str) -> None:
    """Put ``text`` between a page's marks ``<!-- bench: name -->`` and ``<!-- end -->``."""
    path = ROOT / page
    marks = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    before = path.read_text()
    if not marks.search(before):
        raise LookupError(f"{page} has no block {name}")
    path.write_text(marks.sub(lambda found: f"{found[1]}{text}\n{found[2]}", before))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, every column but the first to the right."""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def date_today() -> str:
    """As ISO 8601 has it."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
