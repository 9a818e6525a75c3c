"""An acquirer's clearing files, written from the record layouts of docs/networks.md."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cardutil.card import add_check_digit
from cardutil.mciipm import IpmReader, IpmWriter

from sandbox.iso8583 import Message
from sandbox.visa import transaction_id
from tests.sandbox.terminal import Sent

BIN, DAY = "400552", "26327"
_OWN_ID = f"002261123{'200234':0>11}00001"


@dataclass(frozen=True)
class Item:
    """One transaction to present."""

    sent: Sent
    authorization_code: str
    network_reference: str
    amount_minor: int
    arn: str
    currency: str = "840"
    pan: str = field(default="", repr=False)

    def but(self, **changed: object) -> Item:
        return replace(self, **changed)  # type: ignore[arg-type]


def item(sent: Sent, answer: Message, amount_minor: int | None = None) -> Item:
    """What to present of an approved message: all of it, or ``amount_minor``."""
    elements = answer.elements
    return Item(
        sent=sent,
        authorization_code=elements[38],
        network_reference=elements[63] if 63 in elements else transaction_id(elements[62]),
        amount_minor=sent.amount_minor if amount_minor is None else amount_minor,
        arn=arn_of(sent),
        pan=sent.message.elements[2],
    )


def arn_of(sent: Sent) -> str:
    """An acquirer reference number of its own for each message."""
    return str(add_check_digit(f"7{BIN}6327{sent.stan:011d}"))


def clearing_file(network: str, file_id: str, items: list[Item]) -> bytes:
    return _base2(file_id, items) if network == "visa" else _ipm(file_id, items)


def placed(*parts: tuple[int, str]) -> str:
    """A 168-character record with each text at its position, counted from 1."""
    record = [" "] * 168
    for position, text in parts:
        record[position - 1 : position - 1 + len(text)] = text
    return "".join(record)


def base2_lines(file_id: str, items: list[Item]) -> list[str]:
    """The records of a BASE II file without their line feeds."""
    lines = [placed((1, "9000"), (5, BIN), (11, DAY), (17, file_id))]
    for one in items:
        code = "05" if one.sent.kind == "purchase" else "06"
        lines.append(
            placed(
                (1, f"{code}00"),
                (5, one.pan.zfill(16)),
                (21, "000"),
                (27, one.arn),
                (50, "12345678"),
                (58, "1123"),
                (62, "0" * 12),
                (77, f"{one.amount_minor:012d}"),
                (89, one.currency),
                (92, "HARBOUR BOOKS"),
                (117, "HONG KONG"),
                (130, "344"),
                (133, "5999"),
                (147, "1009W"),
                (152, one.authorization_code),
                (162, "01"),
                (164, "6327"),
                (168, "0"),
            )
        )
        lines.append(
            placed(
                (1, f"{code}05"),
                (5, one.network_reference),
                (20, f"{one.sent.amount_minor:012d}"),
                (32, one.currency),
                (35, "00"),
            )
        )
    total = f"{sum(one.amount_minor for one in items):015d}"
    tcrs = 2 * len(items) + 1
    for code, counted in (("9100", tcrs), ("9200", tcrs + 1)):
        lines.append(
            placed(
                (1, code),
                (5, BIN),
                (11, DAY),
                (16, "0" * 12),
                (28, f"{len(items):012d}"),
                (40, "000001"),
                (46, f"{counted:012d}"),
                (67, total),
            )
        )
    return lines


def _base2(file_id: str, items: list[Item]) -> bytes:
    return "".join(f"{line}\n" for line in base2_lines(file_id, items)).encode("ascii")


def ipm_records(file_id: str, items: list[Item]) -> list[dict[str, Any]]:
    """The messages of an IPM file, header and trailer included."""
    framing = {"MTI": "1644", "PDS0105": _OWN_ID}
    records: list[dict[str, Any]] = [
        framing | {"DE24": "697", "DE71": 1, "PDS0122": "T", "PDS9000": file_id}
    ]
    records += [
        {
            "MTI": "1240",
            "DE2": one.pan,
            "DE3": "000000" if one.sent.kind == "purchase" else "200000",
            "DE4": one.amount_minor,
            "DE12": datetime(2026, 11, 23, 17, 30, 15),  # noqa: DTZ001  local at the terminal
            "DE14": "3112",
            "DE22": "1025100006600"[:12],
            "DE24": "200",
            "DE26": 5999,
            "DE31": one.arn,
            "DE33": "200234",
            "DE37": one.sent.identity[37],
            "DE38": one.authorization_code,
            "DE40": "000",
            "DE41": "TG000001",
            "DE42": "TIDEGATE0000001",
            "DE43": r"HARBOUR BOOKS\1 PIER ROAD\HONG KONG\000000    HK HKG",
            "DE49": one.currency,
            "DE63": f" {one.network_reference}   ",
            "DE71": number,
            "PDS0023": "CT6",
            "PDS0148": f"{one.currency}2",
            "PDS0158": "MCC",
            "PDS0165": "M",
        }
        for number, one in enumerate(items, 2)
    ]
    total = sum(one.amount_minor for one in items)
    counts = {"PDS0301": f"{total:016d}", "PDS0306": f"{len(items) + 2:08d}"}
    records.append(framing | {"DE24": "695", "DE71": len(items) + 2} | counts)
    return records


def ipm_bytes(records: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    with IpmWriter(out, encoding="cp500") as writer:
        writer.write_many([dict(record) for record in records])
    return out.getvalue()


def _ipm(file_id: str, items: list[Item]) -> bytes:
    return ipm_bytes(ipm_records(file_id, items))


@dataclass(frozen=True)
class Settled:
    """One transaction of a settlement file."""

    arn: str
    kind: str
    amount_minor: int
    fee_minor: int
    fee_sign: str
    day: str
    shown_pan: str


def settled(network: str, content: bytes) -> list[Settled]:
    """Read a settlement file; checks its frame on the way."""
    return _settled_base2(content) if network == "visa" else _settled_ipm(content)


def _settled_base2(content: bytes) -> list[Settled]:
    lines = content.decode("ascii").splitlines()
    assert all(len(line) == 168 for line in lines)
    assert lines[0][:4] == "9000"
    assert lines[0][15] == "S"
    found = [
        Settled(
            arn=first[26:49],
            kind={"05": "purchase", "06": "refund"}[first[:2]],
            amount_minor=int(first[76:88]),
            fee_minor=int(second[36:48]),
            fee_sign=second[48],
            day=second[49:57],
            shown_pan=first[4:20],
        )
        for first, second in zip(lines[1:-2:2], lines[2:-2:2], strict=True)
    ]
    for line, code, tcrs in ((lines[-2], "9100", 1), (lines[-1], "9200", 2)):
        assert line[:4] == code
        assert int(line[27:39]) == len(found)
        assert int(line[45:57]) == 2 * len(found) + tcrs
        assert int(line[66:81]) == sum(one.amount_minor for one in found)
    return found


def _settled_ipm(content: bytes) -> list[Settled]:
    header, *presented, trailer = IpmReader(io.BytesIO(content), encoding="cp500")
    assert (header["DE24"], trailer["DE24"]) == ("697", "695")
    assert header["PDS0105"][:3] == "001"
    assert len(header["PDS0105"]) == 25
    assert header["PDS0105"] == trailer["PDS0105"]
    assert int(trailer["PDS0306"]) == len(presented) + 2
    assert int(trailer["PDS0301"]) == sum(record["DE4"] for record in presented)
    assert [r["DE71"] for r in presented] == list(range(2, len(presented) + 2))
    for record in presented:
        fee = record["PDS0146"]
        assert fee[:6] == "000001"
        assert fee[6:9] == record["DE49"]
        assert fee[6:21] == fee[21:]
    return [
        Settled(
            arn=record["DE31"],
            kind={"000000": "purchase", "200000": "refund"}[record["DE3"]],
            amount_minor=record["DE4"],
            fee_minor=int(record["PDS0146"][9:21]),
            fee_sign=record["PDS9001"],
            day=record["PDS0159"][:8],
            shown_pan=record["DE2"],
        )
        for record in presented
    ]
