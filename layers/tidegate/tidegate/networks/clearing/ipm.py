"""Mastercard's files: IPM, EBCDIC, record descriptor words, not blocked; packed by cardutil
(docs/networks.md)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from cardutil import CardutilError, iso8583
from cardutil.config import config

from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.errors import CurrencyUnsupported, FileRejected
from tidegate.domain.message import Kind
from tidegate.domain.money import CURRENCIES, Money, currency_of_numeric
from tidegate.networks.clearing.fields import day_of, is_number, plain

ENCODING = "cp500"
FIRST_PRESENTMENT = ("1240", "200")
FILE_HEADER, FILE_TRAILER = ("1644", "697"), ("1644", "695")
TO_NETWORK, FROM_NETWORK = "002", "001"
MAX_RECORD_BYTES = 6000
NAME, CITY = 22, 13
NO_POSTAL_CODE = "000000".ljust(10) + " " * 3
"""DE 43: postal code (10) and region (3)."""
FEE_PREFIX = "000001"
"""PDS 0146: fee type 00, processing code 00, settlement indicator 01."""
_PROCESSING: dict[str, str] = {"purchase": "000000", "refund": "200000", "payout": "280000"}
_KINDS: dict[str, Kind] = {code: kind for kind, code in _PROCESSING.items()}  # type: ignore[misc]

# Fields as the text that they are. cardutil's own conversions take signs, blanks and underscores
# for numbers, and a negative length in DE 48 keeps them busy for good.
_TEXT = {
    bit: {key: field[key] for key in ("field_name", "field_type", "field_length")}
    for bit, field in config["bit_config"].items()
}

# cardutil logs whole records, card numbers included, at DEBUG.
logging.getLogger("cardutil").setLevel(logging.WARNING)


def write_clearing(
    file_id: str, acquirer_id: str, created: date, presentments: Iterable[Presentment]
) -> Iterator[bytes]:
    """First presentments (1240) between header and trailer (1644). Raises FileRejected where a
    presentment does not fit the fields."""
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
    """The settled presentments; header, message numbers, count and total are checked. Raises
    FileRejected, possibly not before the last record."""
    records = _records(stream)
    number, header = next(records, (0, {}))
    own_id = header.get("PDS0105", "")
    if _class_of(header) != FILE_HEADER or own_id[:3] != FROM_NETWORK or not is_number(own_id, 25):
        raise FileRejected("record 1 is no header of a settlement file")
    total = 0
    for number, record in records:
        if _class_of(record) == FIRST_PRESENTMENT:
            settled = _settled(record, number)
            total += settled.amount.minor
            yield settled
        elif _class_of(record) == FILE_TRAILER:
            _check_trailer(record, own_id, number, total)
            break
        else:
            raise FileRejected(f"record {number} is of an unknown class")
    else:
        raise FileRejected(f"the file breaks off after record {number}")
    if next(records, None) is not None:
        raise FileRejected("the file goes on after its trailer")


def _presented(one: Presentment, number: int, acquirer_id: str) -> dict[str, Any]:
    where = f"presentment {number - 1}"
    name, city = (
        plain(text, width).replace("\\", "/")
        for text, width in ((one.acceptor.name, NAME), (one.acceptor.city, CITY))
    )
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
        "DE31": _fitting(one.acquirer_reference_number, 23, where),
        "DE33": acquirer_id,
        "DE37": _fitting(one.rrn, 12, where),
        "DE38": _fitting(one.authorization_code, 6, where),
        "DE40": "000",
        "DE41": _fitting(one.terminal_id, 8, where),
        "DE42": _fitting(one.acceptor.id, 15, where),
        "DE43": rf"{name}\\{city}\{NO_POSTAL_CODE}{one.acceptor.country}",
        "DE49": one.amount.numeric_currency,
        "DE63": f" {_fitting(one.scheme_reference, 12, where):<12}   ",
        "DE71": number,
        "PDS0023": "CT6",
        "PDS0148": f"{one.amount.numeric_currency}{CURRENCIES[one.amount.currency].exponent}",
        "PDS0158": "MCC0020004",
        "PDS0165": "M",
    }


def _fitting(text: str, width: int, where: str) -> str:
    """``text`` if it fits a field; cardutil would cut it, and present something else."""
    if len(text) > width or not (text.isascii() and text.isprintable()):
        raise FileRejected(f"{where} does not fit a field of {width} characters")
    return text


def _packed(record: dict[str, Any]) -> bytes:
    """One record with its descriptor word."""
    raw = iso8583.dumps(record, encoding=ENCODING)
    return len(raw).to_bytes(4, "big") + bytes(raw)


def _records(stream: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
    """The records up to the empty one, which must be the last."""
    number = 1
    while length := int.from_bytes(_exactly(stream, 4, number), "big"):
        if length > MAX_RECORD_BYTES:
            raise FileRejected(f"record {number} is of impossible length")
        yield number, _unpacked(_exactly(stream, length, number), number)
        number += 1
    if stream.read(1):
        raise FileRejected("the file goes on after its empty record")


def _exactly(stream: BinaryIO, count: int, number: int) -> bytes:
    raw = stream.read(count)
    if len(raw) != count:
        raise FileRejected(f"the file breaks off in record {number}")
    return raw


def _unpacked(raw: bytes, number: int) -> dict[str, str]:
    """The record's elements and the private data subelements of DE 48."""
    try:
        record: dict[str, str] = iso8583.loads(raw, encoding=ENCODING, iso_config=_TEXT)
        return record | _private_data(record.get("DE48", ""))
    except (CardutilError, ValueError):
        pass
    # Outside the handler, for the library's error would stay attached, and it holds the record.
    raise FileRejected(f"record {number} is no message of this kind of file")


def _private_data(text: str) -> dict[str, str]:
    """DE 48: tag (4), length (3), value, again and again; raises ValueError."""
    found: dict[str, str] = {}
    while text:
        tag, length = text[:4], text[4:7]
        if not (is_number(tag, 4) and is_number(length, 3) and len(text) >= 7 + int(length)):
            raise ValueError("a private data subelement breaks off")
        found[f"PDS{tag}"] = text[7 : 7 + int(length)]
        text = text[7 + int(length) :]
    return found


def _class_of(record: dict[str, str]) -> tuple[str, str]:
    return record.get("MTI", ""), record.get("DE24", "")


def _check_trailer(record: dict[str, str], own_id: str, number: int, total: int) -> None:
    for name, subelement, counted in (
        ("file id", "PDS0105", own_id),
        ("number of messages", "PDS0306", f"{number:08d}"),
        ("amount total", "PDS0301", f"{total:016d}"),
    ):
        if record.get(subelement) != counted:
            # What was said stays unsaid: in a file that went wrong it may be a card number.
            raise FileRejected(f"record {number}: the {name} is not {counted!r}")


def _settled(record: dict[str, str], number: int) -> SettledRecord:
    kind, sign = _KINDS.get(record.get("DE3", "")), {"D": 1, "C": -1}.get(record.get("PDS9001", ""))
    if kind is None or sign is None:
        raise FileRejected(f"record {number}: processing code or direction of the fee is unknown")
    if record.get("DE71") != f"{number:08d}":
        raise FileRejected(f"record {number}: the message number is not its place in the file")
    reference, amount = record.get("DE31", ""), record.get("DE4", "")
    numeric_currency, fee = record.get("DE49", ""), record.get("PDS0146", "")[9:21]
    if not (is_number(reference, 23) and is_number(amount, 12) and is_number(fee, 12)):
        raise FileRejected(f"record {number}: reference number, amount or fee is not numeric")
    if record["PDS0146"] != FEE_PREFIX + (numeric_currency + fee) * 2:
        raise FileRejected(f"record {number}: the fee is not in the transaction's currency")
    try:
        currency = currency_of_numeric(numeric_currency)
        settled_on = day_of(record.get("PDS0159", "")[:8])
    except (CurrencyUnsupported, ValueError):
        raise FileRejected(f"record {number}: no such currency or date") from None
    return SettledRecord(
        acquirer_reference_number=reference,
        kind=kind,
        amount=Money(int(amount), currency),
        interchange_minor=sign * int(fee),
        settled_on=settled_on,
    )
