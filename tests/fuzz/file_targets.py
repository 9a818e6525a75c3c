"""What card networks give the gateway as files: settlement files and the list of them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from functools import partial
from unittest.mock import patch

from sandbox.base2 import Base2
from sandbox.clearing import ClearingFormat
from sandbox.ipm import Ipm
from tests.fuzz.shapes import EBCDIC_DIGITS, Either, Forged, Json, Parts, Shape
from tests.fuzz.target import Target
from tests.unit.networks.samples import (
    ACQUIRERS,
    DAY,
    REFERENCES,
    a_presentment,
    a_purchase,
    an_identity,
)
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.domain.clearing import Presentment
from tidegate.domain.errors import FileRejected, NotSent
from tidegate.networks.clearing import format_of

FILE_ID = "TIDEGATE-1"
FORMATS: dict[str, ClearingFormat] = {"visa": Base2(), "mastercard": Ipm()}


def presentments(network: str) -> list[Presentment]:
    """A purchase and a refund with numbers of their own, whatever was made before."""
    first, second = (
        replace(a_purchase(network, minor), identity=an_identity(network, stan))
        for stan, minor in ((7, 12_300), (8, 4_950))
    )
    refund = replace(second, kind="refund", scheme_reference=REFERENCES[network])
    return [a_presentment(network, first), a_presentment(network, refund)]


def clearing_file(network: str) -> bytes:
    pieces = format_of(network).write_clearing(
        FILE_ID, ACQUIRERS[network], DAY, presentments(network)
    )
    return b"".join(pieces)


def settlement_files(network: str) -> list[bytes]:
    """What a host answers to our clearing file: one, and the other of another day."""
    kept = [one.record for one in FORMATS[network].parse(clearing_file(network), FILE_ID)]
    return [
        FORMATS[network].settlement(f"S-{number}", number, date(2026, 11, 23 + number), records)
        for number, records in ((1, kept), (2, kept[:1]))
    ]


LINES = Parts(lambda data: data.splitlines(keepends=True))
CELLS = 24


def base2_shape() -> Parts:
    """Records in pieces, so that a change stays inside its record."""
    return Parts(lambda data: [data[at : at + CELLS] for at in range(0, len(data), CELLS)])


def _records(data: bytes) -> list[bytes]:
    """Records of an IPM file, each with its descriptor word."""
    found, at = [], 0
    while at < len(data):
        size = 4 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at : at + size])
        at += size
    return found


def _described(parts: list[bytes]) -> bytes:
    """Descriptor words as long as their records now are."""
    return b"".join(len(one[4:]).to_bytes(4, "big") + one[4:] for one in parts)


IPM = Forged(
    Parts(_records, _described, EBCDIC_DIGITS),
    "0023 0105 0122 0146 0148 0158 0159 0165 0301 0306 9000 9001",
    width=3,
)

FILE_SHAPES: dict[str, Shape] = {"visa": Either(LINES, base2_shape()), "mastercard": IPM}


def _settled(network: str, content: bytes) -> None:
    for record in format_of(network).read_settlement(io.BytesIO(content)):
        assert record.amount.minor >= 0
        assert len(record.acquirer_reference_number) == 23


def _listed(said: bytes) -> None:
    files = HttpNetworkFiles({})
    with patch.object(HttpNetworkFiles, "_call", lambda *_: said):
        found = files.listed("visa")
    for offered in found:
        assert isinstance(offered["file_id"], str)
        assert isinstance(offered["sha256"], str)


def _of_network(network: str) -> Target:
    return Target(
        f"{network}.settlement_file",
        partial(_settled, network),
        (FileRejected,),
        FILE_SHAPES[network],
        partial(settlement_files, network),
    )


TARGETS = (
    _of_network("visa"),
    _of_network("mastercard"),
    Target(
        "network_files.listed",
        _listed,
        (FileRejected, NotSent),
        Json(),
        lambda: [json.dumps([{"file_id": "S-1", "bytes": 3, "sha256": "00" * 32}]).encode()],
    ),
)
