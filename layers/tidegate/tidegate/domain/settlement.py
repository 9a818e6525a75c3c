"""The settlement calendar: which business date a moment belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def business_date(at: int, time_zone: str, cut_off: time) -> date:
    """The date of the batch that takes what happens at ``at`` (Unix seconds): after the cut-off
    it is tomorrow's."""
    local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(time_zone))
    return local.date() + timedelta(days=1) if local.time() >= cut_off else local.date()


def closes_at(day: date, time_zone: str, cut_off: time, grace_s: int) -> int:
    """The Unix second from which the batch of ``day`` may be closed: its cut-off plus grace for
    late records."""
    local = datetime.combine(day, cut_off, ZoneInfo(time_zone))
    return int(local.timestamp()) + grace_s
