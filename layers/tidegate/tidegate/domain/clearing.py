"""Clearing (exchange of records) and what comes back from it, whatever the network's file format.

The acquirer reference number (23 digits) is the key on which both sides' files are matched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tidegate.domain.message import Card, CardAcceptor, Kind
from tidegate.domain.money import Money
from tidegate.domain.routing import luhn_digit


@dataclass(frozen=True, slots=True)
class Presentment:
    """One captured payment or refund, presented to its network."""

    acquirer_reference_number: str
    kind: Kind
    amount: Money
    authorized_minor: int
    """What the network had authorized, in minor units of the same currency."""
    card: Card
    acceptor: CardAcceptor
    terminal_id: str
    rrn: str
    authorization_code: str
    scheme_reference: str
    local_time: str
    """YYMMDDhhmmss in the store's time zone."""


@dataclass(frozen=True, slots=True)
class SettledRecord:
    """One line of a network's settlement file."""

    acquirer_reference_number: str
    kind: Kind
    amount: Money
    interchange_minor: int
    """What the network keeps (positive) or gives back (negative), in minor units of ``amount``'s
    currency."""
    settled_on: date


def acquirer_reference_number(acquirer_bin: str, business_date: date, sequence: int) -> str:
    """Build the 23 digits: format 7, BIN (6), date YDDD, film locator (11), Luhn check digit.

    ``sequence`` is unique per acquirer for 10**11 presentments.
    """
    day = f"{business_date.year % 10}{business_date.timetuple().tm_yday:03d}"
    body = f"7{acquirer_bin:0>6.6}{day}{sequence % 10**11:011d}"
    return body + luhn_digit(body)
