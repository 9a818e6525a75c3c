"""Clearing files that the networks take; settlement files, read only if nothing is amiss."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cardutil.mciipm import IpmReader
from hypothesis import given
from hypothesis import strategies as st

from sandbox.base2 import Base2
from sandbox.clearing import ClearingFormat as HostFormat
from sandbox.clearing import Presentment as Taken
from sandbox.clearing import interchange_minor
from sandbox.ipm import Ipm
from tests.sandbox.clearing_files import ipm_bytes
from tests.unit.networks.samples import (
    ACQUIRERS,
    DAY,
    NETWORKS,
    PANS,
    REFERENCES,
    a_presentment,
    a_purchase,
    a_refund,
)
from tidegate.domain.clearing import Presentment, SettledRecord
from tidegate.domain.errors import FileRejected
from tidegate.domain.message import CardAcceptor
from tidegate.domain.money import Money
from tidegate.networks.clearing import format_of

HOSTS: dict[str, HostFormat] = {"visa": Base2(), "mastercard": Ipm()}
FILE_ID = "TG-S024116-USD-20261123"
SETTLED_ON = date(2026, 11, 24)
BASIS_POINTS = {"visa": 110, "mastercard": 130}
RECORD = 169  # with its line feed


def written(network: str, presentments: list[Presentment]) -> bytes:
    pieces = format_of(network).write_clearing(FILE_ID, ACQUIRERS[network], DAY, presentments)
    return b"".join(pieces)


def taken(network: str, content: bytes) -> list[Taken]:
    """What the host reads out of a clearing file, with a codec of its own."""
    return HOSTS[network].parse(content, FILE_ID)


def settled(network: str, presentments: list[Presentment]) -> bytes:
    """The host's settlement file over what it was presented."""
    records = [one.record for one in taken(network, written(network, presentments))]
    return HOSTS[network].settlement("SETTLED-1", 1, SETTLED_ON, records)


def read(network: str, content: bytes) -> list[SettledRecord]:
    return list(format_of(network).read_settlement(io.BytesIO(content)))


def a_day(network: str) -> list[Presentment]:
    return [
        a_presentment(network),
        a_presentment(network, minor=4_950),
        a_presentment(network, a_refund(network)),
    ]


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class TestWriting:
    def test_the_network_reads_what_was_presented(self, network: str) -> None:
        day = a_day(network)
        found = taken(network, written(network, day))
        assert [one.acquirer_reference_number for one in found] == [
            one.acquirer_reference_number for one in day
        ]
        assert [one.kind for one in found] == ["purchase", "purchase", "refund"]
        assert [one.amount_minor for one in found] == [12_300, 4_950, 5_000]
        assert {one.pan for one in found} == {PANS[network]}
        assert {one.currency for one in found} == {"840"}
        assert {one.network_reference for one in found} == {REFERENCES[network]}
        assert {one.authorization_code for one in found} == {"A1B2C3"}

    def test_the_same_batch_is_the_same_file(self, network: str) -> None:
        """The host takes a repeated delivery as the same file only if no byte differs."""
        day = a_day(network)
        assert written(network, day) == written(network, day)
        assert written(network, day) != written(network, day[1:])

    def test_presentments_are_taken_one_by_one(self, network: str) -> None:
        asked = 0

        def stream() -> Any:
            nonlocal asked
            for one in a_day(network):
                asked += 1
                yield one

        pieces = format_of(network).write_clearing(FILE_ID, ACQUIRERS[network], DAY, stream())
        next(pieces)
        assert asked == 0
        next(pieces)
        assert asked == 1

    def test_an_empty_batch_is_a_well_formed_file(self, network: str) -> None:
        assert taken(network, written(network, [])) == []

    @pytest.mark.parametrize(
        ("name", "as_written"),
        [
            ("Café Zoë", "Cafe Zoe"),
            ("海港書店", "????"),
            ("Books\n9200\tHarbour", "Books?9200?Harbour"),
            ("The Old Harbour Book and Map Company Ltd", "The Old Harbour Book a"),
        ],
    )
    def test_a_name_in_any_script_fits_its_field(
        self, network: str, name: str, as_written: str
    ) -> None:
        acceptor = CardAcceptor("TIDEGATE0000001", name, name, "344", "5999")
        one = replace(a_presentment(network), acceptor=acceptor)
        content = written(network, [one])
        assert len(taken(network, content)) == 1
        assert as_written.encode("ascii" if network == "visa" else "cp500") in content

    def test_a_name_cannot_shift_the_parts_of_mastercards_location(self) -> None:
        acceptor = CardAcceptor("TIDEGATE0000001", r"Books\Maps", "Hong Kong", "344", "5999")
        content = written("mastercard", [replace(a_presentment("mastercard"), acceptor=acceptor)])
        assert r"Books/Maps\\Hong Kong\000000".encode("cp500") in content

    @pytest.mark.parametrize(
        "broken",
        [
            {"authorization_code": "A1B2C3D"},
            {"authorization_code": "A1\nB2"},
            {"scheme_reference": "3063271234567890"},
            {"terminal_id": "TG0000012"},
            {"acquirer_reference_number": "7" * 24},
        ],
        ids=lambda broken: "-".join(broken),
    )
    def test_what_does_not_fit_is_refused_not_cut(
        self, network: str, broken: dict[str, str]
    ) -> None:
        day = [a_presentment(network), replace(a_presentment(network), **broken)]  # type: ignore[arg-type]
        with pytest.raises(FileRejected, match="presentment 2 does not fit"):
            written(network, day)

    def test_visa_takes_no_card_number_beyond_16_digits(self) -> None:
        request = a_purchase("visa")
        request = replace(request, card=replace(request.card, pan="4761739999000213000"))
        with pytest.raises(FileRejected, match="positions 5 to 20") as caught:
            written("visa", [a_presentment("visa", request)])
        assert "47617" not in str(caught.value)

    @pytest.mark.parametrize("name", NETWORKS)
    @given(
        amounts=st.lists(st.integers(1, 10**12 - 1), max_size=4),
        currency=st.sampled_from(["HKD", "JPY", "KWD", "USD"]),
        text=st.text(max_size=30),
    )
    def test_any_batch_comes_back_settled(
        self, name: str, amounts: list[int], currency: str, text: str
    ) -> None:
        day = [
            replace(
                a_presentment(name),
                amount=Money(minor, currency),
                acceptor=CardAcceptor("TIDEGATE0000001", text, text, "344", "5999"),
            )
            for minor in amounts
        ]
        found = taken(name, written(name, day))
        assert [one.amount_minor for one in found] == amounts
        if amounts:
            assert [one.amount for one in read(name, settled(name, day))] == [
                one.amount for one in day
            ]


class TestReading:
    def test_a_settlement_file_is_read_back(self, network: str) -> None:
        day = a_day(network)
        found = read(network, settled(network, day))
        assert [one.acquirer_reference_number for one in found] == [
            one.acquirer_reference_number for one in day
        ]
        assert [one.kind for one in found] == [one.kind for one in day]
        assert [one.amount for one in found] == [one.amount for one in day]
        assert {one.settled_on for one in found} == {SETTLED_ON}

    def test_interchange_is_paid_on_sales_and_comes_back_on_credits(self, network: str) -> None:
        fees = [one.interchange_minor for one in read(network, settled(network, a_day(network)))]
        rate = BASIS_POINTS[network]
        assert fees == [
            interchange_minor(12_300, rate),
            interchange_minor(4_950, rate),
            -interchange_minor(5_000, rate),
        ]
        assert fees[0] > 0 > fees[2]

    def test_records_come_before_the_file_has_ended(self, network: str) -> None:
        content = settled(network, a_day(network))
        records = format_of(network).read_settlement(io.BytesIO(content[: len(content) // 2]))
        assert next(records).amount == Money(12_300, "USD")
        with pytest.raises(FileRejected):
            list(records)

    def test_our_own_clearing_file_is_no_settlement_file(self, network: str) -> None:
        with pytest.raises(FileRejected, match="no header of a settlement file"):
            read(network, written(network, a_day(network)))

    def test_the_other_networks_file_is_rejected(self, network: str) -> None:
        other = {"visa": "mastercard", "mastercard": "visa"}[network]
        with pytest.raises(FileRejected):
            read(network, settled(other, a_day(other)))

    @pytest.mark.parametrize("content", [b"", b"\n", b"\0\0\0\0", b"\xff" * 500])
    def test_nothing_at_all_is_rejected(self, network: str, content: bytes) -> None:
        with pytest.raises(FileRejected):
            read(network, content)

    @pytest.mark.parametrize("name", NETWORKS)
    @given(share=st.floats(0, 1, exclude_max=True))
    def test_a_file_that_breaks_off_anywhere_is_rejected(self, name: str, share: float) -> None:
        content = settled(name, a_day(name))
        with pytest.raises(FileRejected):
            read(name, content[: int(len(content) * share)])

    def test_a_file_that_goes_on_is_rejected(self, network: str) -> None:
        content = settled(network, a_day(network))
        for more in (b"\n", b"\0", content[-RECORD:], content):
            with pytest.raises(FileRejected):
                read(network, content + more)

    @pytest.mark.parametrize("name", NETWORKS)
    @given(at=st.integers(0, 10**6), change=st.integers(1, 255))
    def test_damage_is_rejected_or_harmless(self, name: str, at: int, change: int) -> None:
        """One byte changed anywhere; the error never quotes what it stumbled over."""
        content = bytearray(settled(name, a_day(name)))
        content[at % len(content)] ^= change
        try:
            found = read(name, bytes(content))
        except FileRejected as error:
            shown = f"{error} {error.__context__}"
        else:
            shown = ""
            assert sum(one.amount.minor for one in found) == 22_250
        assert PANS[name][:6] not in shown


Tamper = Callable[[list[str]], list[str]]
Records = list[dict[str, Any]]


def lines_of(content: bytes) -> list[str]:
    return content.decode("ascii").splitlines()


def put(line: str, position: int, text: str) -> str:
    return line[: position - 1] + text + line[position - 1 + len(text) :]


def changed(record: int, position: int, text: str) -> Tamper:
    """``text`` at a position of a record, both counted from one."""
    return lambda lines: [
        put(line, position, text) if number == record else line
        for number, line in enumerate(lines, 1)
    ]


# Records of a_day: 1 header, 2-7 three transactions of two records each, 8 and 9 the trailers.
TAMPERED_BASE2: dict[str, tuple[Tamper, str]] = {
    "header of something else": (changed(1, 1, "91"), "record 1 is no header"),
    "header of a clearing file": (changed(1, 16, " "), "record 1 is no header"),
    "BIN not numeric": (changed(1, 5, "X"), "record 1 is no header"),
    "amount": (changed(2, 77, "000000012301"), "record 8: the amount total"),
    "amount not numeric": (changed(2, 77, "00000001230 "), "record 3: .* not numeric"),
    "fee not numeric": (changed(3, 37, "-00000000001"), "record 3: .* not numeric"),
    "reference not numeric": (changed(4, 27, "A"), "record 5: .* not numeric"),
    "currency": (changed(2, 89, "000"), "record 3: no such currency or date"),
    "date": (changed(3, 50, "20261131"), "record 3: no such currency or date"),
    "sign": (changed(3, 49, "X"), "record 3: the interchange fee has no sign"),
    "unknown transaction code": (changed(4, 1, "07"), "record 4 has an unknown transaction code"),
    "TCR 5 of another code": (changed(3, 1, "06"), "record 3: a TCR 0 without its TCR 5"),
    "transaction twice": (lambda ls: [*ls[:4], *ls[2:]], "number of transactions is"),
    "transaction missing": (lambda ls: [*ls[:3], *ls[5:]], "number of transactions is"),
    "TCR 5 missing": (lambda ls: [*ls[:2], *ls[3:]], "record 3: a TCR 0 without its TCR 5"),
    "batch count": (changed(8, 28, f"{4:012d}"), "record 8: the number of transactions"),
    "batch total": (changed(8, 67, f"{1:015d}"), "record 8: the amount total"),
    "batch number": (changed(8, 40, "000002"), "record 8: the number of batches"),
    "file count": (changed(9, 46, f"{7:012d}"), "record 9: the number of TCRs"),
    "another day's trailer": (changed(9, 10, "6"), "record 9: the BIN and date"),
    "scribbles in a trailer": (changed(9, 100, "x"), "record 9: .* unused positions"),
    "no batch trailer": (lambda ls: [*ls[:7], ls[8]], "record 8: the batch before it has no"),
    "no file trailer": (lambda ls: ls[:8], "breaks off after record 8"),
    "a short record": (lambda ls: [*ls[:4], ls[4][:-1], *ls[5:]], "record 5 is not 168"),
    "a long record": (lambda ls: [*ls[:4], ls[4] + " ", *ls[5:]], "record 5 is not 168"),
}


@pytest.mark.parametrize("name", TAMPERED_BASE2)
def test_a_tampered_visa_file_is_rejected_with_the_reason(name: str) -> None:
    tamper, reason = TAMPERED_BASE2[name]
    lines = tamper(lines_of(settled("visa", a_day("visa"))))
    with pytest.raises(FileRejected, match=reason):
        read("visa", "".join(f"{line}\n" for line in lines).encode("ascii"))


def test_a_visa_file_of_two_batches_is_read() -> None:
    first = lines_of(settled("visa", a_day("visa")))
    second = lines_of(settled("visa", a_day("visa")))
    trailer = put(first[8], 28, f"{6:012d}{2:06d}{15:012d}")
    trailer = put(trailer, 67, f"{44_500:015d}")
    lines = [*first[:8], *second[1:7], put(second[7], 40, "000002"), trailer]
    found = read("visa", "".join(f"{line}\n" for line in lines).encode("ascii"))
    assert len(found) == 6


def ipm_of(content: bytes) -> Records:
    records = [dict(record) for record in IpmReader(io.BytesIO(content), encoding="cp500")]
    for record in records:
        record.pop("DE48")  # written anew from its subelements
    return records


def with_(
    record: int, **elements: object
) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Elements of a record, counted from one, replaced."""
    return lambda records: [
        one | elements if number == record else one for number, one in enumerate(records, 1)
    ]


FEE = f"000001{'840' + '0' * 12}"
TAMPERED_IPM: dict[str, tuple[Callable[[Records], Records], str]] = {
    "header of a clearing file": (with_(1, PDS0105="0022611240000020023400001"), "record 1 is no"),
    "header of something else": (with_(1, DE24="698"), "record 1 is no header"),
    "amount": (with_(2, DE4=12_301), "record 5: the amount total"),
    "message number": (with_(3, DE71=9), "record 3: the message number"),
    "reference": (with_(2, DE31="7400"), "record 2: .* not numeric"),
    "currency": (
        with_(2, DE49="000", PDS0146=FEE[:6] + ("000" + "0" * 12) * 2),
        "no such currency",
    ),
    "fee of another currency": (with_(2, DE49="344"), "record 2: the fee is not in"),
    "fee not numeric": (with_(2, PDS0146=FEE[:9] + "-00000000001" * 2), "record 2: .* not numeric"),
    "fee missing": (with_(2, PDS0146=""), "record 2: .* not numeric"),
    "direction": (with_(2, PDS9001="X"), "record 2: .* direction of the fee"),
    "processing code": (with_(2, DE3="010000"), "record 2: processing code"),
    "date": (with_(2, PDS0159="20261131"), "record 2: no such currency or date"),
    "unknown class": (with_(3, MTI="1442"), "record 3 is of an unknown class"),
    "presentment twice": (lambda rs: [*rs[:3], *rs[2:]], "record 4: the message number"),
    "presentment missing": (lambda rs: [*rs[:2], *rs[3:]], "record 3: the message number"),
    "count": (with_(5, PDS0306="00000006"), "record 5: the number of messages"),
    "total": (with_(5, PDS0301="0000000000000001"), "record 5: the amount total"),
    "trailer of another file": (with_(5, PDS0105="0012611240000020023400002"), "the file id"),
    "no trailer": (lambda rs: rs[:-1], "breaks off after record 4"),
    "records behind the trailer": (lambda rs: [*rs, rs[1]], "goes on after its trailer"),
}


@pytest.mark.parametrize("name", TAMPERED_IPM)
def test_a_tampered_mastercard_file_is_rejected_with_the_reason(name: str) -> None:
    tamper, reason = TAMPERED_IPM[name]
    records = tamper(ipm_of(settled("mastercard", a_day("mastercard"))))
    with pytest.raises(FileRejected, match=reason):
        read("mastercard", ipm_bytes(records))


@pytest.mark.parametrize("length", ["-07", "+03", " 12", "1_0", "999"])
def test_a_forged_length_in_private_data_ends_in_an_error(length: str) -> None:
    """-07 would keep a reader that believes it busy for good."""
    content = settled("mastercard", a_day("mastercard"))
    honest, forged = "0023003CT6".encode("cp500"), f"0023{length}CT6".encode("cp500")
    assert honest in content
    with pytest.raises(FileRejected, match="record 2 is no message"):
        read("mastercard", content.replace(honest, forged))


def test_a_forged_record_length_is_not_allocated() -> None:
    content = settled("mastercard", a_day("mastercard"))
    with pytest.raises(FileRejected, match="impossible length"):
        read("mastercard", b"\x7f\xff\xff\xff" + content[4:])
