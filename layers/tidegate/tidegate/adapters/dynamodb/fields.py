"""Typed reading and writing of an item's attributes, as stored or as a stream shows them."""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.adapters.dynamodb.table import Item
from tidegate.domain.account_data import AccountData, Funding

_FUNDINGS: dict[str, Funding] = {"c": "credit", "d": "debit", "p": "prepaid"}
_COMMERCIAL = {"y": True, "n": False}
_FUNDING_LETTERS = {funding: letter for letter, funding in _FUNDINGS.items()}
_COMMERCIAL_LETTERS = {commercial: letter for letter, commercial in _COMMERCIAL.items()}


def present(**values: str | int | bytes | None) -> Item:
    """Only what has a value: what is absent costs nothing."""
    return {name: value for name, value in values.items() if value is not None}


class Fields:
    """An item, read by type; what is absent is None, zero or empty."""

    def __init__(self, item: Mapping[str, str | int | bytes]) -> None:
        self._item = item

    def text(self, name: str) -> str:
        return str(self._item.get(name, ""))

    def maybe(self, name: str) -> str | None:
        return str(self._item[name]) if name in self._item else None

    def number(self, name: str) -> int:
        return int(self._item.get(name, 0))

    def maybe_number(self, name: str) -> int | None:
        return int(self._item[name]) if name in self._item else None

    def binary(self, name: str) -> bytes:
        value = self._item.get(name, b"")
        return value if isinstance(value, bytes) else str(value).encode()

    def owner(self) -> tuple[str, str]:
        _, sid, trans_id = self.text("p").split("#", 2)
        return sid, trans_id


def pack_account(account: AccountData | None) -> str | None:
    """One short text, ``c|HKG|F|n|bank``: letters for funding and commercial, no separators at its
    end. A reference payment has seven bytes more of it. None where nothing is known."""
    if account is None:
        return None
    parts = (
        _FUNDING_LETTERS[account.funding] if account.funding else "",
        account.country or "",
        account.product or "",
        "" if account.commercial is None else _COMMERCIAL_LETTERS[account.commercial],
        account.bank or "",
    )
    return "|".join(parts).rstrip("|") or None


def unpack_account(text: str | None) -> AccountData | None:
    """The reverse."""
    if text is None:
        return None
    funding, country, product, commercial, bank = (text.split("|", 4) + [""] * 4)[:5]
    return AccountData(
        _FUNDINGS.get(funding),
        country or None,
        product or None,
        _COMMERCIAL.get(commercial),
        bank or None,
    )
