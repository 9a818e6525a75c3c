"""Account data as one short text, in ranges as in the payments and cards that they were found for:
``c|HKG|F|n|bank``, the funding and whether it is commercial by a letter, without the separators at
its end. A reference payment has seven bytes more of it.
"""

from __future__ import annotations

from tidegate.domain.account_data import AccountData, Funding

_FUNDINGS: dict[str, Funding] = {"c": "credit", "d": "debit", "p": "prepaid"}
_COMMERCIAL = {"y": True, "n": False}
_FUNDING_LETTERS = {funding: letter for letter, funding in _FUNDINGS.items()}
_COMMERCIAL_LETTERS = {commercial: letter for letter, commercial in _COMMERCIAL.items()}


def pack_account(account: AccountData | None) -> str | None:
    """None where nothing is known."""
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
