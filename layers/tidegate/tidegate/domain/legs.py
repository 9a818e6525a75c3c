"""How a message to a network is numbered and dated (docs/networks.md)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from tidegate.domain.payment import Leg
from tidegate.domain.routing import Route

PLATFORM_ZONE = timezone(
    timedelta(hours=8)
)  # RRN and evoTransID carry +08:00, as the contract's samples do


def open_leg(route: Route, terminal_id: str, sequence: int, at: float) -> Leg:
    """Number one message before it is written down and sent."""
    return Leg(
        network=route.network,
        acquirer_id=route.acquirer_id,
        terminal_id=terminal_id,
        sequence=sequence,
        transmitted_at=transmission_time(at),
        rrn=retrieval_reference(at, sequence % 1_000_000),
    )


def open_wallet_leg(route: Route, terminal_id: str, at: float) -> Leg:
    """A wallet knows a request by our evoTransID: it has neither STAN nor RRN."""
    return Leg(route.network, route.acquirer_id, terminal_id, 0, transmission_time(at), "")


def transmission_time(at: float) -> str:
    """DE 7: UTC, MMDDhhmmss."""
    return datetime.fromtimestamp(at, UTC).strftime("%m%d%H%M%S")


def retrieval_reference(at: float, stan: int) -> str:
    """DE 37: last digit of the year, day of the year, hour (all +08:00), then the STAN."""
    local = datetime.fromtimestamp(at, PLATFORM_ZONE)
    return f"{local.year % 10}{local.timetuple().tm_yday:03d}{local.hour:02d}{stan:06d}"


def local_time(at: float, time_zone: str) -> str:
    """YYMMDDhhmmss at the store (DE 12 and 13)."""
    return datetime.fromtimestamp(at, ZoneInfo(time_zone)).strftime("%y%m%d%H%M%S")
