"""The workflow's one step, which does nothing."""

from __future__ import annotations


def handler(_event: object, _context: object) -> dict[str, str]:
    """Always the same."""
    return {"outcome": "approved"}
