"""A store's day from its movements to its payout: right by hand calculation, once whatever runs
twice."""

from __future__ import annotations

import json
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from tests.support.gateway import Gateway
from tests.support.memory import VISA_CARD
from tests.support.settlement_memory import (
    MemoryAnnouncer,
    MemoryFiles,
    MemoryLedger,
    MemoryNetworkFiles,
    MemoryRecords,
)
from tidegate.domain.errors import BatchOutOfOrder, FileRejected, InvalidFormat, InvalidValue
from tidegate.domain.events import Event, events_of
from tidegate.domain.ledger import BatchKey, Movement, totals_of
from tidegate.domain.statement import safe, statement
from tidegate.networks.clearing import format_of, presents
from tidegate.ports_settlement import ANNOUNCED
from tidegate.services.announce_settlement import AnnounceSettlement
from tidegate.services.close_batch import CloseBatch
from tidegate.services.deliver_clearing import DeliverClearing
from tidegate.services.record_postings import RecordPostings
from tidegate.services.settle_batch import SettleBatch
from tidegate.services.start_settlements import StartSettlements

KEY = BatchKey("S024116", "HKD", "20250304")
NEXT = BatchKey("S024116", "HKD", "20250305")
PAYOUT = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


@pytest.fixture
def day() -> SimpleNamespace:
    """A gateway and everything that settles its day."""
    gateway = Gateway()
    ledger, files, hosts = MemoryLedger(), MemoryFiles(), MemoryNetworkFiles()
    announcer = MemoryAnnouncer()
    stores = gateway.stores
    return SimpleNamespace(
        gateway=gateway,
        ledger=ledger,
        files=files,
        hosts=hosts,
        announcer=announcer,
        record=RecordPostings(ledger),
        close=CloseBatch(stores, ledger, gateway.clock, 900, presents),
        deliver=DeliverClearing(
            stores,
            ledger,
            MemoryRecords(gateway.payments),
            gateway.vault,
            files,
            hosts,
            lambda network, *rest: format_of(network).write_clearing(*rest),
        ),
        settle=SettleBatch(stores, ledger, files),
        announce=AnnounceSettlement(stores, ledger, announcer),
    )


def events(day: SimpleNamespace) -> list[Event]:
    """Every event of every payment, as the stream would bring them."""
    payments = [one for one in day.gateway.payments.items.values() if hasattr(one, "history")]
    return [event for payment in payments for event in events_of(payment, 0)]


def sell(day: SimpleNamespace) -> None:
    """100.00 captured at once, 88.00 captured to 80.00, 30.00 refunded, one decline."""
    gateway = day.gateway
    gateway.pay("SALE-1", 10_000, hours=0)
    gateway.pay("PAY-1", 8_800)
    gateway.change("capture", "CAP-1", 8_000)
    gateway.change("refund", "REF-1", 3_000)
    day.record(events(day))


def run(day: SimpleNamespace, key: BatchKey = KEY) -> dict[str, object]:
    for network, acquirer in day.close(key, now=True):
        day.deliver(key, network, acquirer)
    result: dict[str, object] = day.settle(key)
    day.announce(key, result)
    return result


def test_the_numbers_by_hand(day: SimpleNamespace) -> None:
    sell(day)
    result = run(day)
    # Fees: 1.8 % + 1.00 of 100.00 = 2.80, of 80.00 = 2.44, and 0.50 for the refund.
    assert result["captured_minor"] == 18_000
    assert result["refunded_minor"] == 3_000
    assert result["fees_minor"] == 280 + 244 + 50
    assert result["payout_minor"] == 18_000 - 3_000 - 574
    assert result["posting"] == {"merchant:S024116": 14_426, "payouts": -14_426}


def test_the_clearing_file_holds_each_movement_and_the_expectation_no_card(
    day: SimpleNamespace,
) -> None:
    sell(day)
    run(day)
    ((file_id, content),) = day.hosts.taken.items()
    lines = content.decode().splitlines()
    assert [line[:4] for line in lines if line[3] == "0" and line[0] == "0"] == [
        "0500",
        "0600",
        "0500",
    ]
    assert VISA_CARD.encode() in content
    expected = [
        json.loads(line)
        for key, held in day.files.held.items()
        if key.startswith(f"expected/visa/{file_id}/")
        for line in held.splitlines()
    ]
    assert sorted(one["minor"] for one in expected) == [-3_000, 8_000, 10_000]
    assert {one["arn"] for one in expected} == {line[26:49] for line in lines if line[3] == "0"} - {
        lines[0][26:49],
        lines[-1][26:49],
        lines[-2][26:49],
    }
    assert not any(VISA_CARD.encode() in held for held in day.files.held.values())


def test_running_every_step_twice_presents_and_pays_once(day: SimpleNamespace) -> None:
    sell(day)
    first = run(day)
    assert run(day) == first
    assert len(day.hosts.taken) == 1
    assert day.hosts.deliveries == 2
    assert day.ledger.states[KEY].status == ANNOUNCED


def test_the_stream_may_deliver_twice_and_in_other_packings(day: SimpleNamespace) -> None:
    sell(day)
    everything = events(day)
    day.record(everything)
    day.record(everything[:1])
    day.record(reversed(everything))
    assert totals_of("S024116", "HKD", day.ledger.movements(KEY)).captured_minor == 18_000


def test_a_latecomer_joins_the_next_batch_and_a_redelivery_does_not(day: SimpleNamespace) -> None:
    sell(day)
    day.close(KEY, now=True)
    day.gateway.pay("LATE-1", 5_000, hours=0)
    day.record(events(day))
    assert [one.trans_id for one in day.ledger.movements(NEXT)] == ["LATE-1"]
    (late,) = day.ledger.movements(NEXT)
    assert late.day == "20250304"


def test_what_a_store_owes_is_carried_until_sales_cover_it(day: SimpleNamespace) -> None:
    gateway = day.gateway
    gateway.pay("PAY-1", 10_000, hours=0)
    day.record(events(day))
    run(day)
    gateway.clock.at += 24 * 3600
    gateway.change("refund", "REF-1", 10_000)
    day.record(events(day))
    second = run(day, NEXT)
    assert second["payout_minor"] == 0
    assert second["payout"] is None
    assert second["carried_out_minor"] == -10_050
    gateway.clock.at += 24 * 3600
    gateway.pay("PAY-2", 50_000, hours=0)
    day.record(events(day))
    third = run(day, BatchKey("S024116", "HKD", "20250306"))
    assert third["carried_in_minor"] == -10_050
    assert third["payout_minor"] == 50_000 - 1_000 - 10_050


def test_a_batch_waits_for_the_one_before_it(day: SimpleNamespace) -> None:
    sell(day)
    day.gateway.clock.at += 24 * 3600
    day.gateway.pay("PAY-9", 1_000, hours=0)
    day.record(events(day))
    day.close(NEXT, now=True)
    with pytest.raises(BatchOutOfOrder):
        day.settle(NEXT)


def test_a_batch_closes_after_its_cut_off_and_grace_and_not_before(day: SimpleNamespace) -> None:
    sell(day)
    with pytest.raises(InvalidValue):
        day.close(KEY, now=False)
    day.gateway.clock.at = 1_741_101_300.0  # 23:15 in Hong Kong
    assert day.close(KEY, now=False) == [("visa", "400001")]


def test_settlements_start_by_themselves_once_due(day: SimpleNamespace) -> None:
    sell(day)
    started: list[BatchKey] = []

    def begin(key: BatchKey) -> bool:
        started.append(key)
        return True

    gateway = day.gateway
    start = StartSettlements(
        gateway.stores,
        day.ledger,
        SimpleNamespace(start=begin),
        gateway.clock,
        900,
    )
    assert start() == 0
    gateway.clock.at = 1_741_101_300.0
    assert start() == 1
    assert started == [KEY]


def test_a_network_that_refuses_the_file_stops_the_settlement(day: SimpleNamespace) -> None:
    sell(day)
    day.close(KEY, now=True)
    day.hosts.taken[f"TG-{KEY}-visa-400001"] = b"something else"
    with pytest.raises(FileRejected):
        day.deliver(KEY, "visa", "400001")


def test_the_payout_instruction_names_account_amount_and_batch(day: SimpleNamespace) -> None:
    sell(day)
    result = run(day)
    root = ET.fromstring(day.files.held[result["payout"]])  # noqa: S314  our own file
    assert root.findtext(f".//{PAYOUT}MsgId") == str(KEY)
    assert root.findtext(f".//{PAYOUT}InstdAmt") == "144.26"
    assert root.findtext(f".//{PAYOUT}CdtrAcct//{PAYOUT}Othr/{PAYOUT}Id") == "012-345678-001"


def test_the_statement_sums_up_and_is_no_formula(day: SimpleNamespace) -> None:
    sell(day)
    result = run(day)
    lines = day.files.held[result["statement"]].decode().splitlines()
    assert len(lines) == 1 + 3 + 2
    assert lines[-1].endswith("150.00,5.74,144.26")
    assert safe("=1+1") == "'=1+1"
    movement = Movement("@SUM(A1)", 1, "c", "", "visa", "400001", 100, 0, "20250304")
    totals = totals_of("S024116", "HKD", [movement])
    assert b"'@SUM(A1)" in statement(KEY, [movement], totals, 0)


def test_the_store_is_told_by_mail_where_it_has_an_address(day: SimpleNamespace) -> None:
    sell(day)
    run(day)
    ((to, subject, text),) = day.announcer.said
    assert to is None
    assert subject == f"Settlement {KEY}"
    assert "HKD 144.26" in text


def test_a_day_that_is_no_date_is_refused(day: SimpleNamespace) -> None:
    with pytest.raises((InvalidFormat, InvalidValue)):
        day.close(BatchKey("S024116", "HKD", "2025-03-04"), now=True)
