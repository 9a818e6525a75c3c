"""What a host reads out of a clearing file, whatever the file's format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

PERCENT_OF_PERCENT = 10_000


class MalformedFile(Exception):
    """A clearing file that cannot be taken; the message is a sentence for its sender and names
    no card data."""


@dataclass(frozen=True, slots=True)
class Presentment:
    """One transaction of a clearing file."""

    acquirer_reference_number: str
    kind: str
    """``purchase`` or ``refund``."""
    pan: str
    network_reference: str
    authorization_code: str
    amount_minor: int
    currency: str
    """ISO 4217 numeric."""
    record: str
    """All that the settlement file repeats, the card number already masked."""

    def __repr__(self) -> str:
        return f"Presentment({self.acquirer_reference_number})"


class ClearingFormat(Protocol):
    """A network's clearing and settlement files."""

    def parse(self, content: bytes, file_id: str) -> list[Presentment]:
        """Read a clearing file; raises `MalformedFile` and then nothing of it counts."""

    def settlement(self, file_id: str, sequence: int, day: date, records: list[str]) -> bytes:
        """The settlement file over the records of accepted presentments."""


def masked(pan: str) -> str:
    """First six and last four digits with zeros between, of the same length."""
    return pan[:6] + "0" * (len(pan) - 10) + pan[-4:]


def interchange_minor(amount_minor: int, basis_points: int) -> int:
    """The fee on an amount, half-up to the minor unit."""
    return (amount_minor * basis_points + PERCENT_OF_PERCENT // 2) // PERCENT_OF_PERCENT


def require_arn(digits: str, where: str) -> None:
    """Raise `MalformedFile` unless ``digits`` is an acquirer reference number: 7, 22 digits more,
    the last of them a Luhn check digit."""
    if len(digits) != 23 or not (digits.isascii() and digits.isdecimal()) or digits[0] != "7":
        raise MalformedFile(f"{where}: the acquirer reference number is not 7 and 22 digits.")
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    if sum(sum(divmod(value, 10)) for value in doubled) % 10:
        raise MalformedFile(f"{where}: the acquirer reference number's check digit is wrong.")
