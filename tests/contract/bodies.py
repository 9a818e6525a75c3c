"""Bodies with a field that is missing, or holds anything that JSON can say."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.support.memory import VISA_CARD
from tidegate.domain.errors import DecryptionFailed

ABSENT = object()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS | st.just(VISA_CARD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def changed(path: str, value: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The body with one field replaced or, for ABSENT, left out."""
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    at = body
    for name in parents:
        at = at.setdefault(name, {})
    if value is ABSENT:
        del at[last]
    else:
        at[last] = value
    return body


def no_encryption(_encrypted: str) -> dict[str, Any]:
    """Opens nothing: what is encrypted here is nobody's."""
    raise DecryptionFailed(field="paymentMethod.card.encryptedCardInfo")
