"""Pictures of brands for merchants' lists: neutral plates with the brand's name, since the marks
themselves belong to their owners."""

from __future__ import annotations

from html import escape

from tidegate.domain.brands import BRANDS

WIDTH, HEIGHT = 96, 60
_NAMES = {brand.name for brand in BRANDS}
_ROOM = WIDTH - 16
_LARGEST, _GLYPH = 18, 0.62
"""Font size, and the width of a letter in proportion to it."""


def brand_image(name: str) -> str | None:
    """The picture of a brand by its canonical name, as SVG; None for an unknown one."""
    if name not in _NAMES:
        return None
    shown = escape(name.replace("_", " "))
    size = min(_LARGEST, _ROOM / (len(name) * _GLYPH))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{shown}</title>"
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="8" fill="#fff"'
        ' stroke="#d3dbe5" stroke-width="2"/>'
        f'<text x="{WIDTH // 2}" y="{HEIGHT // 2}" text-anchor="middle" dominant-baseline="central"'
        f' font-family="system-ui,sans-serif" font-weight="600" font-size="{size:.1f}"'
        f' fill="#12202f">{shown}</text></svg>'
    )
