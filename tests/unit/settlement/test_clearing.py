"""What is presented to the networks: right as the other side reads it, and the same every time."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from tests.support.memory import VISA_CARD, a_store
from tests.unit.settlement.house import MASTERCARD_CARD, SID, House, key
from tidegate.domain.clearing import acquirer_reference_number
from tidegate.domain.errors import BatchOutOfOrder, FileRejected, NotSent
from tidegate.domain.payment import Payment, PaymentOperation
from tidegate.domain.reconciliation import partition_of
from tidegate.services.settlement_calendar import parsed_day

VISA_FILE = "TG-S024116-HKD-20250304-visa-400001"


def a_day(house: House) -> None:
    """Two captures and a refund with Visa, a capture with Mastercard."""
    house.capture("BOOK", 10_000)
    house.capture("PEN", 4_050)
    house.capture("LAMP", 25_055, pan=MASTERCARD_CARD)
    house.refund("BOOK-R", "BOOK", 3_000)
    house.stream("BOOK", "PEN", "LAMP")


def reference_of(house: House, trans_id: str) -> str:
    """The reference number that a payment's or refund's own message gives."""
    found = house.gateway.payments.get(SID, trans_id)
    assert isinstance(found, Payment | PaymentOperation)
    assert found.leg is not None
    day = parsed_day(key().day)
    return acquirer_reference_number(found.leg.acquirer_id, day, found.leg.sequence)


def test_each_network_reads_its_own_presentments(house: House) -> None:
    a_day(house)
    assert house.close(key(), now=True) == [("mastercard", "500001"), ("visa", "400001")]
    assert house.deliver(key(), "visa", "400001") == (VISA_FILE, 3)
    assert house.deliver(key(), "mastercard", "500001")[1] == 1
    visa = {one.acquirer_reference_number: one for one in house.gate.taken("visa")}
    assert {(one.kind, one.amount_minor, one.currency) for one in visa.values()} == {
        ("purchase", 10_000, "344"),
        ("purchase", 4_050, "344"),
        ("refund", 3_000, "344"),
    }
    assert {one.pan for one in visa.values()} == {VISA_CARD}
    (lamp,) = house.gate.taken("mastercard")
    assert (lamp.pan, lamp.amount_minor) == (MASTERCARD_CARD, 25_055)
    assert (lamp.network_reference, lamp.authorization_code) == ("MCC000000451", "55M3C1")


def test_a_refund_is_presented_under_its_own_approval(house: House) -> None:
    a_day(house)
    house.close(key(), now=True)
    house.deliver(key(), "visa", "400001")
    visa = {one.acquirer_reference_number: one for one in house.gate.taken("visa")}
    sale, refund = visa[reference_of(house, "BOOK")], visa[reference_of(house, "BOOK-R")]
    assert (sale.kind, sale.authorization_code) == ("purchase", "77Q2K1")
    assert sale.network_reference == "000000000900112"
    assert (refund.kind, refund.authorization_code) == ("refund", "REF001")
    assert refund.network_reference == "000000000777777"


def test_what_is_expected_back_is_written_by_partition_and_signed(house: House) -> None:
    a_day(house)
    house.close(key(), now=True)
    house.deliver(key(), "visa", "400001")
    lines = []
    for partition in range(8):
        held = house.file(f"expected/visa/{VISA_FILE}/{partition:02d}.jsonl")
        found = [json.loads(line) for line in held.splitlines()]
        assert all(partition_of(one["arn"]) == partition for one in found)
        lines += found
    assert {one["arn"]: (one["minor"], one["transId"]) for one in lines} == {
        reference_of(house, "BOOK"): (10_000, "BOOK"),
        reference_of(house, "PEN"): (4_050, "PEN"),
        reference_of(house, "BOOK-R"): (-3_000, "BOOK-R"),
    }
    assert {(one["currency"], one["sid"]) for one in lines} == {("HKD", SID)}


def test_the_expectation_stands_before_the_file_is_handed_over(house: House) -> None:
    """Nobody can settle with us what we do not know that we presented."""
    a_day(house)
    house.close(key(), now=True)
    house.gate.trouble.append(NotSent("the line is dead"))
    with pytest.raises(NotSent):
        house.deliver(key(), "visa", "400001")
    assert len([name for name in house.objects() if VISA_FILE in name]) == 8
    (entry,) = [item for item in house.items() if item["p"]["S"] == "C#visa"]
    assert (entry["s"]["S"], entry["n"]["N"]) == (VISA_FILE, "3")
    assert "h" not in entry


def test_a_second_run_hands_over_the_same_bytes(house: House) -> None:
    a_day(house)
    house.close(key(), now=True)
    house.deliver(key(), "visa", "400001")
    before, items = house.objects(), house.items()
    house.deliver(key(), "visa", "400001")  # the gate refuses other bytes under the same id
    assert house.gate.deliveries == [VISA_FILE] * 2
    assert (house.objects(), house.items()) == (before, items)
    (entry,) = [item for item in items if item["p"]["S"] == "C#visa"]
    assert entry["h"]["S"] == sha256(house.gate.files[VISA_FILE]).hexdigest()


def test_the_order_in_which_the_stream_came_does_not_matter(house: House) -> None:
    a_day(house)
    house.stream("PEN")
    house.stream("LAMP", "BOOK")
    house.stream("BOOK")
    house.close(key(), now=True)
    house.deliver(key(), "visa", "400001")
    assert len(house.gate.taken("visa")) == 3


def test_an_open_batch_is_not_presented(house: House) -> None:
    """What it would hold later could not go under the same file id."""
    a_day(house)
    with pytest.raises(BatchOutOfOrder):
        house.deliver(key(), "visa", "400001")
    assert house.gate.deliveries == []
    assert house.objects() == {}


def test_a_file_that_the_network_refuses_is_not_settled(house: House) -> None:
    a_day(house)
    house.close(key(), now=True)
    house.gate.files[VISA_FILE] = b"somebody else's"
    with pytest.raises(FileRejected):
        house.deliver(key(), "visa", "400001")
    batch = house.ledger.batch(key())
    assert batch is not None
    assert batch.status == "closed"


def test_the_card_number_stands_in_the_networks_file_alone(house: House) -> None:
    """In clear, that is: the envelopes of this vault are left out, which hides nothing."""
    a_day(house)
    house.settle_day(key())
    assert VISA_CARD.encode() in house.gate.files[VISA_FILE]
    items = [{name: value for name, value in item.items() if name != "x"} for item in house.items()]
    told = f"{items}{house.objects()}{house.told}"
    for pan in (VISA_CARD, MASTERCARD_CARD):
        assert pan not in told


def test_local_time_is_the_stores(house: House) -> None:
    a_day(house)
    house.close(key(), now=True)
    house.deliver(key(), "visa", "400001")
    sales = [
        line for line in house.gate.files[VISA_FILE].decode().split("\n") if line[:4] == "0500"
    ]
    assert {line[57:61] for line in sales} == {"0304"}
    zone = a_store(time_zone="Pacific/Auckland")
    house.gateway.stores.put(zone)
    house.capture("KIWI", 900)  # 22:10 of the 4th in Auckland
    house.clock.at += 3 * 3600
    house.capture("TUI", 800)  # 01:10 of the 5th
    house.stream("KIWI", "TUI")
    next_day = key("20250305")
    house.close(next_day, now=True)
    file_id, _ = house.deliver(next_day, "visa", "400001")
    sales = [line for line in house.gate.files[file_id].decode().split("\n") if line[:4] == "0500"]
    assert sorted(line[57:61] for line in sales) == ["0304", "0305"]


def test_more_than_one_page_of_payments_is_presented(house: House) -> None:
    names = [house.capture(f"P{number}", 1_000 + number) for number in range(105)]
    house.stream(*names)
    house.close(key(), now=True)
    assert house.deliver(key(), "visa", "400001")[1] == 105
    amounts = sorted(one.amount_minor for one in house.gate.taken("visa"))
    assert amounts == [1_000 + number for number in range(105)]
