"""Net, payout, carry and statement: by hand, once, and in a form that banks and sheets take."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from importlib.resources import files as resources
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.settlement.house import (
    DAY_S,
    FIRST_DAY,
    MASTERCARD_CARD,
    SECOND_DAY,
    THIRD_DAY,
    House,
    key,
)
from tidegate.domain.errors import BatchOutOfOrder
from tidegate.domain.ledger import CAPTURE, REFUND, Movement, totals_of
from tidegate.domain.payout import payout_instruction
from tidegate.domain.statement import statement
from tidegate.domain.store import PayoutAccount

PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
SCHEMA = xmlschema.XMLSchema(str(resources("sepaxml") / "schemas" / "pain.001.001.09.xsd"))
LOCAL_ACCOUNT = PayoutAccount("Harbour Books", "012-345678-001", "HSBCHKHH", "HK")


def a_day(house: House) -> None:
    """Captured 350.55 over two networks, refunded 30.00."""
    house.capture("BOOK", 10_000)
    house.capture("LAMP", 25_055, pan=MASTERCARD_CARD)
    house.refund("BOOK-R", "BOOK", 3_000)
    house.stream("BOOK", "LAMP")


def test_the_numbers_by_hand(house: House) -> None:
    a_day(house)
    result = house.settle_day(key())
    # 1.8 % + 1.00: of 100.00 2.80, of 250.55 5.51 (4.5099 is 4.51); 0.50 for the refund.
    assert result["captures"] == 2
    assert result["captured_minor"] == 35_055
    assert (result["refunds"], result["refunded_minor"]) == (1, 3_000)
    assert result["fees_minor"] == 280 + 551 + 50
    assert result["net_minor"] == result["payout_minor"] == 31_174
    assert result["posting"] == {"merchant:S024116": 31_174, "payouts": -31_174}


def test_every_task_three_times_over_presents_pays_and_tells_once(house: House) -> None:
    a_day(house)
    once = house.settle_day(key())
    seen = house.objects(), house.items(), dict(house.gate.files)
    assert house.settle_day(key(), times=3) == once
    assert (house.objects(), house.items(), dict(house.gate.files)) == seen
    assert len(house.told.mails) == len(house.told.events) == 1


def test_what_was_settled_stays_so_whatever_comes_after(house: House) -> None:
    a_day(house)
    first = house.settle_day(key(FIRST_DAY))
    house.clock.at += DAY_S
    house.refund("BOOK-R2", "BOOK", 7_000)
    house.stream("BOOK")
    house.settle_day(key(SECOND_DAY))
    moved = PayoutAccount("Harbour Books", "999-999999-999", "HSBCHKHH", "HK")
    house.gateway.stores.put(replace(house.store, payout_account=moved))
    paid = house.objects()
    assert house.settle(key(FIRST_DAY)) == first
    assert house.objects() == paid


def test_a_yen_has_no_minor_unit(house: House) -> None:
    house.capture("YEN", 1_250, currency="JPY")
    house.stream("YEN")
    batch = key(currency="JPY")
    result = house.settle_day(batch)
    assert result["fees_minor"] == 23 + 100  # 22.5 rounds half up
    root = ET.fromstring(house.file(result["payout"]))  # noqa: S314  our own file
    amount = root.find(f".//{PAIN}InstdAmt")
    assert amount is not None
    assert (amount.text, amount.get("Ccy")) == ("1127", "JPY")


def test_a_carry_is_taken_by_the_next_batch_and_by_no_other(house: House) -> None:
    house.capture("BOOK", 10_000)
    house.stream("BOOK")
    house.settle_day(key(FIRST_DAY))
    house.clock.at += DAY_S
    house.refund("BOOK-R", "BOOK", 10_000)
    house.stream("BOOK")
    owing = house.settle_day(key(SECOND_DAY))
    assert (owing["payout_minor"], owing["payout"]) == (0, None)
    assert owing["carried_out_minor"] == -10_050
    assert "posting" not in owing
    assert f"payouts/S024116/HKD/{SECOND_DAY}.xml" not in house.objects()
    house.clock.at += DAY_S
    house.capture("PEN", 12_000)
    house.stream("PEN")
    paying = house.settle_day(key(THIRD_DAY))
    assert paying["carried_in_minor"] == -10_050
    assert paying["payout_minor"] == 12_000 - 316 - 10_050
    house.clock.at += DAY_S
    house.capture("INK", 1_000)
    house.stream("INK")
    assert house.settle_day(key("20250307"))["carried_in_minor"] == 0


def test_a_batch_waits_for_those_before_it(house: House) -> None:
    house.capture("BOOK", 1_000)
    house.clock.at += DAY_S
    house.capture("PEN", 2_000)
    house.stream("BOOK", "PEN")
    house.close(key(SECOND_DAY), now=True)
    with pytest.raises(BatchOutOfOrder):
        house.settle(key(SECOND_DAY))
    house.settle_day(key(FIRST_DAY))
    assert house.settle(key(SECOND_DAY))["captured_minor"] == 2_000


def test_nothing_is_paid_for_a_batch_that_is_open_or_unknown(house: House) -> None:
    a_day(house)
    for batch in (key(), key("20250401")):
        with pytest.raises(BatchOutOfOrder):
            house.settle(batch)
    assert house.objects() == {}


def test_the_statement_has_a_line_per_movement_and_adds_up(house: House) -> None:
    a_day(house)
    result = house.settle_day(key())
    rows = list(csv.DictReader(io.StringIO(house.file(result["statement"]), newline="")))
    by_id = {row["operationTransID"] or row["merchantTransID"]: row for row in rows[:-2]}
    assert {name: (row["gross"], row["fee"], row["net"]) for name, row in by_id.items()} == {
        "BOOK": ("100.00", "2.80", "97.20"),
        "LAMP": ("250.55", "5.51", "245.04"),
        "BOOK-R": ("-30.00", "0.50", "-30.50"),
    }
    assert by_id["LAMP"]["network"] == "mastercard"
    assert (rows[-1]["type"], rows[-1]["gross"], rows[-1]["net"]) == ("total", "320.55", "311.74")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_no_cell_of_a_statement_is_a_formula_and_every_row_survives(name: str) -> None:
    one = Movement(name, 1, CAPTURE, "", "visa", "400001", 100, 0, FIRST_DAY)
    content = statement(key(), [one], totals_of("S024116", "HKD", [one]), 0).decode()
    header, row, *_ = csv.reader(io.StringIO(content, newline=""))
    assert len(row) == len(header)
    assert row[1].removeprefix("'") == name.removeprefix("'")
    assert not row[1].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert content.count("\r\n") >= 4


@given(
    st.lists(
        st.builds(
            Movement,
            st.text("AB1-", min_size=1, max_size=8),
            st.integers(1, 99),
            st.sampled_from([CAPTURE, REFUND]),
            st.just("R"),
            st.sampled_from(["visa", "mastercard"]),
            st.just("400001"),
            st.integers(0, 10**12),
            st.integers(0, 10**9),
            st.just(FIRST_DAY),
        )
    )
)
def test_totals_are_what_the_postings_leave_on_the_stores_account(
    movements: list[Movement],
) -> None:
    totals = totals_of("S024116", "HKD", movements)
    balance: dict[str, int] = {}
    for one in movements:
        for line in one.posting("S024116", "HKD").lines:
            balance[line.account] = balance.get(line.account, 0) + line.minor
    assert totals.net_minor == -balance.get("merchant:S024116", 0)
    assert totals.fees_minor == -balance.get("income:mdr", 0)
    assert sum(balance.values()) == 0


@pytest.mark.parametrize(
    ("account", "where"),
    [
        (LOCAL_ACCOUNT, {"Othr": {"Id": "012-345678-001"}}),
        (
            PayoutAccount(
                "Bücher & Söhne <KG>", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "DE"
            ),
            {"IBAN": "DE89370400440532013000"},
        ),
    ],
)
def test_a_payout_instruction_fits_the_schema(
    account: PayoutAccount, where: dict[str, Any]
) -> None:
    document: Any = SCHEMA.to_dict(
        payout_instruction(key(), account, 31_174, date(2025, 3, 4)).decode(), validation="strict"
    )
    message = document["CstmrCdtTrfInitn"]
    assert message["GrpHdr"]["MsgId"] == "S024116-HKD-20250304"
    assert (message["GrpHdr"]["NbOfTxs"], float(message["GrpHdr"]["CtrlSum"])) == ("1", 311.74)
    (payment,) = message["PmtInf"]
    assert payment["ReqdExctnDt"] == {"Dt": "2025-03-04"}
    (transfer,) = payment["CdtTrfTxInf"]
    assert transfer["PmtId"]["EndToEndId"] == "S024116-HKD-20250304"
    assert transfer["Amt"]["InstdAmt"]["@Ccy"] == "HKD"
    assert transfer["Cdtr"]["Nm"] == account.holder
    assert transfer["CdtrAgt"]["FinInstnId"]["BICFI"] == account.bank
    assert transfer["CdtrAcct"]["Id"] == where


def test_the_same_batch_gives_the_same_instruction() -> None:
    made = [payout_instruction(key(), LOCAL_ACCOUNT, 100, date(2025, 3, 4)) for _ in range(2)]
    assert made[0] == made[1]
