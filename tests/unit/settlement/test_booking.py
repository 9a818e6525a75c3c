"""From the stream to the ledger: once each, whatever comes twice, repacked or too late."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice
from typing import Any

import pytest

from tests.unit.settlement.house import DAY_S, FIRST_DAY, SECOND_DAY, THIRD_DAY, House, key
from tidegate.adapters.dynamodb.ledger import SHARDS
from tidegate.adapters.dynamodb.stream import events_in
from tidegate.domain.errors import BatchClosed, InvalidValue, NotSent
from tidegate.domain.events import Event
from tidegate.domain.ledger import CAPTURE, REFUND, Movement
from tidegate.services.record_postings import PAGE_MOVEMENTS

ITEM_BYTES = 400_000  # DynamoDB's limit


def test_captures_and_refunds_are_booked_with_gross_fee_and_day(house: House) -> None:
    house.capture("BOOK", 10_000)
    house.refund("BOOK-R", "BOOK", 3_000)
    assert house.stream("BOOK") == 2
    booked = house.booked(key())
    capture, refund = booked["BOOK"], booked["BOOK-R"]
    assert (capture.kind, capture.gross_minor, capture.fee_minor) == (CAPTURE, 10_000, 280)
    assert (refund.kind, refund.gross_minor, refund.fee_minor) == (REFUND, 3_000, 50)
    assert (refund.trans_id, refund.signed_minor) == ("BOOK", -3_000)
    assert {one.day for one in booked.values()} == {FIRST_DAY}
    assert {(one.network, one.acquirer_id) for one in booked.values()} == {("visa", "400001")}


def test_a_capture_on_its_own_is_booked_when_it_is_made(house: House) -> None:
    house.gateway.pay("PEN", 5_000)
    assert house.stream("PEN") == 0
    before = house.gateway.payments.get("S024116", "PEN")
    assert before is not None
    house.gateway.change("capture", "PEN-C", 4_000, of="PEN")
    assert house.stream("PEN", known=before.version) == 1
    assert house.booked(key())["PEN"].gross_minor == 4_000


def test_what_moves_no_money_is_not_booked(house: House) -> None:
    house.gateway.pay("AUTH", 5_000)
    house.gateway.pay("VOID", 6_000)
    house.gateway.change("cancel", "VOID-X", of="VOID")
    house.gateway.visa.replies.append(NotSent())
    house.gateway.visa2.replies.append(NotSent())
    house.gateway.pay("GONE", 7_000, hours=0)
    assert house.stream("AUTH", "VOID", "GONE") == 0
    assert house.booked(key()) == {}


def test_the_cut_off_decides_the_batch(house: House) -> None:
    house.capture("NOON", 1_000)
    house.clock.at += 6 * 3600  # 23:10 in Hong Kong
    house.capture("NIGHT", 2_000)
    house.stream("NOON", "NIGHT")
    assert set(house.booked(key(FIRST_DAY))) == {"NOON"}
    assert set(house.booked(key(SECOND_DAY))) == {"NIGHT"}


def test_currencies_are_batches_of_their_own(house: House) -> None:
    house.capture("HKD-1", 1_000)
    house.capture("JPY-1", 500, currency="JPY")
    house.stream("HKD-1", "JPY-1")
    assert set(house.booked(key())) == {"HKD-1"}
    assert set(house.booked(key(currency="JPY"))) == {"JPY-1"}


def test_the_same_delivery_overwrites_itself(house: House) -> None:
    names = [house.capture(f"P{number}", 1_000 + number) for number in range(5)]
    house.stream(*names)
    before = house.items()
    house.stream(*names)
    assert house.items() == before


def test_another_packing_of_the_same_records_is_told_apart_by_id(house: House) -> None:
    names = [house.capture(f"P{number}", 1_000) for number in range(40)]
    house.stream(*names)
    house.stream(*names[10:30])
    for name in names:
        house.stream(name)
    assert len(house.booked(key())) == 40


def test_a_latecomer_joins_the_next_batch_and_keeps_its_day(house: House) -> None:
    house.capture("EARLY", 1_000)
    house.capture("LATE", 2_000)
    house.stream("EARLY")
    house.close(key(), now=True)
    house.stream("LATE")
    assert set(house.booked(key(FIRST_DAY))) == {"EARLY"}
    assert house.booked(key(SECOND_DAY))["LATE"].day == FIRST_DAY


def test_what_a_closed_batch_holds_already_joins_no_other(house: House) -> None:
    house.capture("EARLY", 1_000)
    house.capture("LATE", 2_000)
    house.stream("EARLY")
    house.close(key(), now=True)
    house.stream("EARLY", "LATE")
    house.stream("EARLY")
    assert set(house.booked(key(FIRST_DAY))) == {"EARLY"}
    assert set(house.booked(key(SECOND_DAY))) == {"LATE"}


def test_a_latecomer_that_comes_again_stays_where_it_was_settled(house: House) -> None:
    house.capture("EARLY", 1_000)
    house.capture("LATE", 2_000)
    house.stream("EARLY")
    house.close(key(FIRST_DAY), now=True)
    house.stream("LATE")
    house.close(key(SECOND_DAY), now=True)
    house.stream("LATE", "EARLY")
    assert set(house.booked(key(SECOND_DAY))) == {"LATE"}
    assert house.booked(key(THIRD_DAY)) == {}


def test_no_batch_is_opened_behind_one_that_is_closed(house: House) -> None:
    """Else two batches would follow the same one, and its carry would be taken twice."""
    house.capture("MONDAY", 1_000)
    house.capture("STRAY", 1_500)
    house.stream("MONDAY")
    house.close(key(FIRST_DAY), now=True)
    house.clock.at += 2 * DAY_S
    house.capture("WEDNESDAY", 2_000)
    house.stream("WEDNESDAY")
    house.close(key(THIRD_DAY), now=True)
    house.stream("STRAY")
    assert house.ledger.batch(key(SECOND_DAY)) is None
    assert house.booked(key("20250307"))["STRAY"].day == FIRST_DAY


def test_an_older_batch_that_is_open_stays_open(house: House) -> None:
    house.capture("TODAY", 1_000)
    house.clock.at += DAY_S
    house.capture("TOMORROW", 2_000)
    house.stream("TODAY", "TOMORROW")
    house.close(key(SECOND_DAY), now=True)
    house.clock.at -= DAY_S
    house.capture("TODAY-2", 3_000)
    house.stream("TODAY-2")
    assert set(house.booked(key(FIRST_DAY))) == {"TODAY", "TODAY-2"}


def test_a_writer_that_has_seen_the_batch_open_is_refused_once_it_is_closed(house: House) -> None:
    house.capture("ONE", 1_000)
    house.stream("ONE")
    movement = house.booked(key())["ONE"]
    house.close(key(), now=True)
    with pytest.raises(BatchClosed):
        house.ledger.add(key(), [replace(movement, version=99)])


def test_a_batch_closes_only_after_its_cut_off_and_grace(house: House) -> None:
    house.capture("ONE", 1_000)
    house.stream("ONE")
    cut_off = 1_741_100_400  # 2025-03-04T23:00:00+08:00
    house.clock.at = cut_off + 899
    with pytest.raises(InvalidValue, match="not be closed yet"):
        house.close(key(), now=False)
    house.stream("ONE")
    house.clock.at = cut_off + 900
    assert house.close(key(), now=False) == [("visa", "400001")]


def test_a_day_into_which_nothing_was_booked_is_not_closed(house: House) -> None:
    """A slip in an operator's date must not keep the days before it from opening."""
    with pytest.raises(InvalidValue, match="there is no batch"):
        house.close(key("20990101"), now=True)
    house.capture("ONE", 1_000)
    house.stream("ONE")
    assert set(house.booked(key())) == {"ONE"}


def test_a_crowd_is_packed_onto_pages_that_dynamodb_takes(house: House) -> None:
    """More movements than a page takes, their ids as long as they can be."""
    house.capture("ONE", 1_000)
    house.stream("ONE")
    pattern = house.booked(key())["ONE"]
    ids = (f"{number:0>64}" for number in count())
    crowd = [replace(pattern, trans_id=name) for name in islice(ids, PAGE_MOVEMENTS + 1)]
    house.record(_events(house, crowd))
    assert set(crowd) <= set(house.ledger.movements(key()))
    pages = [item["b"]["SS"] for item in _pages(house)]
    assert max(sum(map(len, page)) for page in pages) < ITEM_BYTES / 4
    assert max(map(len, pages)) == PAGE_MOVEMENTS


def test_what_one_delivery_brings_to_a_batch_is_on_one_page(house: House) -> None:
    house.stream(*(house.capture(f"P{number}", 1_000) for number in range(20)))
    assert len(_pages(house)) == 1


def test_pages_spread_over_all_shards(house: House) -> None:
    for number in range(120):
        house.stream(house.capture(f"P{number}", 1_000))
    assert len({item["p"]["S"] for item in _pages(house)}) == SHARDS


def test_a_movement_in_two_packings_counts_once(house: House) -> None:
    names = [house.capture(f"P{number}", 1_000) for number in range(20)]
    for size in range(len(names)):  # each begins with another, and comes to another shard
        house.stream(*names[size:])
    assert len({item["p"]["S"] for item in _pages(house)}) > 1
    assert len(list(house.ledger.movements(key()))) == len(names)


def _pages(house: House) -> list[dict[str, Any]]:
    return [item for item in house.items() if item["p"]["S"].startswith("L#")]


def _events(house: House, movements: list[Movement]) -> list[Event]:
    """One sale for each movement."""
    (event,) = events_in(house.record_of("ONE"))
    return [
        replace(event, payment=replace(event.payment, trans_id=one.trans_id)) for one in movements
    ]
