"""Mastercard's files: IPM, EBCDIC, record descriptor words, not blocked; packed by cardutil
(docs/networks.md)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from cardutil import CardutilError, iso8583
from cardutil.mciipm import VbsReader, VbsWriter

from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.currencies import CURRENCIES
from tidegate.domain.errors import CurrencyUnsupported, FileRejected
from tidegate.domain.message import Kind
from tidegate.domain.money import Money, currency_of_numeric

ENCODING = "cp500"
FIRST_PRESENTMENT = ("1240", "200")
FILE_HEADER, FILE_TRAILER = ("1644", "697"), ("1644", "695")
TO_NETWORK, FROM_NETWORK = "002", "001"
_PROCESSING: dict[str, str] = {"purchase": "000000", "refund": "200000"}
_KINDS: dict[str, Kind] = {"000000": "purchase", "200000": "refund"}

# cardutil logs whole records, card numbers included, at DEBUG.
logging.getLogger("cardutil").setLevel(logging.WARNING)


def write_clearing(
    file_id: str, acquirer_id: str, created: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    """First presentments (1240) between header and trailer (1644)."""
    own_id = f"{TO_NETWORK}{created:%y%m%d}{acquirer_id:0>11}00001"
    framing: dict[str, Any] = {"MTI": "1644", "PDS0105": own_id}
    yield _packed(framing | {"DE24": "697", "DE71": 1, "PDS0122": "T", "PDS9000": file_id})
    number, total = 1, 0
    for number, one in enumerate(presentments, 2):
        total += one.amount.minor
        yield _packed(_presented(one, number, acquirer_id))
    yield _packed(
        framing
        | {
            "DE24": "695",
            "DE71": number + 1,
            "PDS0301": f"{total:016d}",
            "PDS0306": f"{number + 1:08d}",
        }
    )
    yield bytes(4)  # the empty record that ends a file


def read_settlement(stream: BinaryIO) -> Iterator[SettledRecord]:
    """The settled presentments; count and total of the trailer are checked."""
    number = total = 0
    ended = False
    for number, record in _records(stream):
        of_class = (str(record.get("MTI")), str(record.get("DE24")))
        if ended:
            raise FileRejected("the file goes on after its trailer")
        if number == 1:
            _check_header(record, of_class)
        elif of_class == FIRST_PRESENTMENT:
            settled = _settled(record, number)
            total += settled.amount.minor
            yield settled
        elif of_class == FILE_TRAILER:
            said = (record.get("PDS0306"), record.get("PDS0301"))
            if said != (f"{number:08d}", f"{total:016d}"):
                raise FileRejected(
                    f"the trailer says {said}, the file has {number} records and {total} in total"
                )
            ended = True
        else:
            raise FileRejected(f"record {number} is of an unknown class")
    if not ended:
        raise FileRejected(f"the file breaks off after record {number}")


def _presented(one: Presentment, number: int, acquirer_id: str) -> dict[str, Any]:
    return {
        "MTI": "1240",
        "DE2": one.card.pan,
        "DE3": _PROCESSING[one.kind],
        "DE4": one.amount.minor,
        "DE12": datetime.strptime(one.local_time, "%y%m%d%H%M%S"),  # noqa: DTZ007
        "DE14": one.card.expiry,
        "DE22": "102510000660",
        "DE24": "200",
        "DE26": one.acceptor.mcc,
        "DE31": one.acquirer_reference_number,
        "DE33": acquirer_id,
        "DE37": one.rrn,
        "DE38": one.authorization_code,
        "DE40": "000",
        "DE41": one.terminal_id,
        "DE42": one.acceptor.id,
        "DE43": rf"{one.acceptor.name}\\{one.acceptor.city}\000000       {one.acceptor.country}",
        "DE49": one.amount.numeric_currency,
        "DE63": f" {one.scheme_reference:<12}   ",
        "DE71": number,
        "PDS0023": "CT6",
        "PDS0148": f"{one.amount.numeric_currency}{CURRENCIES[one.amount.currency].exponent}",
        "PDS0158": "MCC0020004",
        "PDS0165": "M",
    }


def _packed(record: dict[str, Any]) -> bytes:
    """One record with its descriptor word."""
    out = io.BytesIO()
    writer = VbsWriter(out, blocked=False)
    writer.write(iso8583.dumps(record, encoding=ENCODING))
    return out.getvalue()


def _records(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 1
    try:
        for number, raw in enumerate(VbsReader(stream, blocked=False), 1):
            yield number, iso8583.loads(raw, encoding=ENCODING)
    except (CardutilError, ValueError):  # its message would quote the record
        raise FileRejected(f"record {number} or the one after it cannot be read") from None


def _check_header(record: dict[str, Any], of_class: tuple[str, str]) -> None:
    if of_class != FILE_HEADER or not str(record.get("PDS0105", "")).startswith(FROM_NETWORK):
        raise FileRejected("record 1 is no header of a settlement file")


def _settled(record: dict[str, Any], number: int) -> SettledRecord:
    fee, sign = str(record.get("PDS0146", "")), {"D": 1, "C": -1}.get(str(record.get("PDS9001")))
    kind = _KINDS.get(str(record.get("DE3")))
    amount, reference = record.get("DE4"), str(record.get("DE31", ""))
    if sign is None or kind is None or not isinstance(amount, int) or amount < 0:
        raise FileRejected(f"record {number}: amount, kind or fee cannot be read")
    if not (len(reference) == 23 and reference.isascii() and reference.isdigit()):
        raise FileRejected(f"record {number}: the reference number is not 23 digits")
    try:
        return SettledRecord(
            acquirer_reference_number=reference,
            kind=kind,
            amount=Money(amount, currency_of_numeric(str(record.get("DE49")))),
            interchange_minor=sign * int(fee[9:21]),
            settled_on=datetime.strptime(str(record.get("PDS0159"))[:8], "%Y%m%d").date(),  # noqa: DTZ007
        )
    except (ValueError, CurrencyUnsupported):
        raise FileRejected(f"record {number}: currency, fee or date cannot be read") from None
