"""Mastercard clearing and settlement files: IPM, EBCDIC, not blocked (docs/networks.md)."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import date, datetime
from typing import Any

from cardutil import CardutilError, iso8583
from cardutil.config import config
from cardutil.mciipm import IpmWriter

from sandbox.clearing import (
    MalformedFile,
    Presentment,
    interchange_minor,
    masked,
    require_arn,
)
from sandbox.iso8583 import EBCDIC
from sandbox.link import KINDS

INTERCHANGE_BASIS_POINTS = 130
MAX_RECORD_BYTES = 6000

_HEADER, _TRAILER, _FIRST_PRESENTMENT = ("1644", "697"), ("1644", "695"), ("1240", "200")
_TO_NETWORK, _FROM_NETWORK = "002", "001"
_REQUIRED = (
    *(f"DE{de}" for de in (2, 3, 4, 12, 22, 26, 31, 33, 37, 38, 41, 42, 43, 49, 63, 71)),
    *(f"PDS{tag}" for tag in ("0023", "0148", "0158", "0165")),
)
_FORMS = {
    "DE2": r"\d{12,19}",
    "DE3": "000000|200000|280000",
    "DE49": r"\d{3}",
    "DE63": r" MCC[0-9A-Z]{9} {3}",
    "PDS0023": "CT6",
    "PDS0165": "M",
}

# Without cardutil's own reading of private data, which a negative length keeps busy for good, and
# of chip data, which nobody asks for here.
_FIELDS = {
    bit: {key: value for key, value in form.items() if value not in {"PDS", "ICC"}}
    for bit, form in config["bit_config"].items()
}
_PRIVATE_DATA = re.compile(r"(?a:(\d{4})(\d{3}))")

# cardutil logs whole records, card numbers included, at DEBUG.
logging.getLogger("cardutil").setLevel(logging.WARNING)


class Ipm:
    """IPM as `sandbox.clearing.ClearingFormat`."""

    def parse(self, content: bytes, file_id: str) -> list[Presentment]:
        records = [
            _decoded(raw, f"Record {number}") for number, raw in enumerate(_records(content), 1)
        ]
        if len(records) < 2 or _class(records[0]) != _HEADER or _class(records[-1]) != _TRAILER:
            raise MalformedFile("The file is not framed by a header (697) and a trailer (695).")
        head, trailer = records[0], records[-1]
        own_id = str(head.get("PDS0105"))
        if not re.fullmatch(_TO_NETWORK + r"\d{22}", own_id) or head.get("PDS0122") != "T":
            raise MalformedFile("Record 1: PDS 0105 and 0122 are not those of a test file to us.")
        if head.get("PDS9000") != file_id:
            raise MalformedFile("Record 1: PDS 9000 is not the id the file was delivered under.")
        presentments = []
        last_number = 0
        for number, record in enumerate(records[1:-1], 2):
            where = f"Record {number}"
            presentments.append(_presentment(record, where, own_id))
            if record["DE71"] <= last_number:
                raise MalformedFile(f"{where}: the message number (DE 71) does not rise.")
            last_number = record["DE71"]
        counted = {
            "PDS0105": own_id,
            "PDS0301": f"{sum(p.amount_minor for p in presentments):016d}",
            "PDS0306": f"{len(records):08d}",
        }
        for name, wanted in counted.items():
            if trailer.get(name) != wanted:
                raise MalformedFile(f"The trailer's {name} is not {wanted!r}.")
        return presentments

    def settlement(self, file_id: str, sequence: int, day: date, records: list[str]) -> bytes:
        kept = [json.loads(record) for record in records]
        own_id = f"{_FROM_NETWORK}{day:%y%m%d}{kept[0]['acquirer']}{sequence % 100_000:05d}"
        out = io.BytesIO()
        total = 0
        with IpmWriter(out, encoding=EBCDIC) as writer:
            framing = {"MTI": "1644", "PDS0105": own_id}
            writer.write(framing | {"DE24": "697", "DE71": 1, "PDS0122": "T", "PDS9000": file_id})
            for number, entry in enumerate(kept, 2):
                record = entry["record"]
                total += record["DE4"]
                writer.write(
                    record
                    | _fee(record["DE3"], record["DE4"], record["DE49"])
                    | {
                        "DE12": datetime.fromisoformat(record["DE12"]),
                        "DE71": number,
                        "PDS0159": f"{day:%Y%m%d}",
                    }
                )
            writer.write(
                framing
                | {
                    "DE24": "695",
                    "DE71": len(kept) + 2,
                    "PDS0301": f"{total:016d}",
                    "PDS0306": f"{len(kept) + 2:08d}",
                }
            )
        return out.getvalue()


def _fee(processing_code: str, amount_minor: int, currency: str) -> dict[str, str]:
    """PDS 0146 (fee type 00, processing code 00, settlement indicator 01) and its direction."""
    fee = f"{currency}{interchange_minor(amount_minor, INTERCHANGE_BASIS_POINTS):012d}"
    direction = "D" if KINDS[processing_code] == "purchase" else "C"
    return {"PDS0146": f"000001{fee}{fee}", "PDS9001": direction}


def _records(content: bytes) -> list[bytes]:
    """Split by record descriptor words; the file must end exactly behind the empty record."""
    records: list[bytes] = []
    at = 0
    while True:
        length = int.from_bytes(content[at : at + 4], "big")
        if len(content) < at + 4 or length > MAX_RECORD_BYTES or len(content) < at + 4 + length:
            raise MalformedFile(f"The file breaks off in record {len(records) + 1}.")
        at += 4 + length
        if length == 0:
            break
        records.append(content[at - length : at])
    if at != len(content):
        raise MalformedFile("The file goes on behind its last record.")
    return records


def _decoded(raw: bytes, where: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = iso8583.loads(raw, encoding=EBCDIC, iso_config=_FIELDS)
        record |= _private_data(record.get("DE48", ""))
    except (CardutilError, ValueError):
        # The library's message quotes the record, which holds a card number.
        raise MalformedFile(f"{where} is no ISO 8583 message of an IPM file.") from None
    return record


def _private_data(text: str) -> dict[str, str]:
    """DE 48: tag, length, value, again and again; raises ValueError."""
    found: dict[str, str] = {}
    while text:
        head = _PRIVATE_DATA.match(text)
        if head is None or len(text) < (end := head.end() + int(head[2])):
            raise ValueError("a private data subelement breaks off")
        found[f"PDS{head[1]}"], text = text[head.end() : end], text[end:]
    return found


def _class(record: dict[str, Any]) -> tuple[str, str]:
    return str(record["MTI"]), str(record.get("DE24"))


def _presentment(record: dict[str, Any], where: str, own_id: str) -> Presentment:
    if _class(record) != _FIRST_PRESENTMENT:
        raise MalformedFile(f"{where} is not a first presentment (1240, DE 24 = 200).")
    missing = [name for name in _REQUIRED if name not in record]
    if missing:
        raise MalformedFile(f"{where}: {missing[0]} is missing.")
    for name, form in _FORMS.items():
        if not re.fullmatch(form, record[name]):
            raise MalformedFile(f"{where}: {name} is not as agreed.")
    if record["DE4"] < 0:
        raise MalformedFile(f"{where}: DE 4 is not an amount.")
    require_arn(record["DE31"], where)
    # DE 48 is written anew from its PDS elements, DE 43 from itself.
    kept = {key: value for key, value in record.items() if not key.startswith("DE43_")}
    del kept["DE48"]
    kept |= {"DE2": masked(record["DE2"]), "DE12": record["DE12"].isoformat()}
    return Presentment(
        acquirer_reference_number=record["DE31"],
        kind=KINDS[record["DE3"]],
        pan=record["DE2"],
        network_reference=record["DE63"].strip(),
        authorization_code=record["DE38"],
        amount_minor=record["DE4"],
        currency=record["DE49"],
        record=json.dumps({"acquirer": own_id[9:20], "record": kept}),
    )
