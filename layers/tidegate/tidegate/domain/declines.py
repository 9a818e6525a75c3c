"""From a network's response code (DE 39) to the result code that a merchant sees.

The contract shows the pattern "I00" + ISO code for issuer declines; 05, 14, 59, 91 and 96 have
codes of their own (docs/merchant-api.md lists them all).
"""

from __future__ import annotations

from tidegate.domain.message import NetworkAnswer

_NAMED = {
    "1A": "B0019",
    "65": "B0019",
    "05": "I0093",
    "14": "B0040",
    "59": "P0059",
    "91": "P0098",
    "96": "P0098",
}
UNREACHED = "P0098"
"""Nothing was sent, or what was sent has been taken back."""
REFUSED_BY_RISK = "B0033"


def decline_code(response_code: str) -> str:
    """The result code for a decline; ``I00`` + DE 39 for issuers' codes that have no name of
    their own."""
    return _NAMED.get(response_code, f"I00{response_code}")


def code_of(answer: NetworkAnswer) -> str:
    """The result code for a refusal, a wallet's or a card network's."""
    return answer.decline or decline_code(answer.response_code)
