"""Business dates as text and back."""

from __future__ import annotations

from datetime import date, datetime

from tidegate.domain.errors import InvalidFormat


def parsed_day(text: str) -> date:
    """YYYYMMDD as a date; raises InvalidFormat."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        raise InvalidFormat("businessDate is YYYYMMDD", field="businessDate") from None
