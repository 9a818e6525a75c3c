"""Card ranges from an operator's file to the function that looks a card up, and what is done when
the table does not answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.memory import MASTERCARD_CARD, VISA_CARD
from tests.support.tables import wired
from tidegate import operator
from tidegate.adapters.dynamodb import card_ranges
from tidegate.adapters.dynamodb.card_ranges import (
    CACHE_S,
    REST_S,
    DynamoCardRanges,
    RangeTable,
)
from tidegate.adapters.dynamodb.fields import pack_account, unpack_account
from tidegate.adapters.dynamodb.table import HURRIED_S, Item, Table, Unavailable
from tidegate.adapters.range_files import COLUMNS, MAX_BANK_BYTES, read_ranges
from tidegate.domain.account_data import AccountData
from tidegate.domain.card_ranges import CardRange
from tidegate.domain.errors import FileRejected

HEADER = ",".join(COLUMNS) + "\n"
GOOD = HEADER + "476134,,visa,credit,HKG,F,false,Harbour Bank\n"
HONG_KONG = AccountData("credit", "HKG", "F", commercial=False, bank="Harbour Bank")
DEMO = Path(__file__).parents[3] / "local" / "card-ranges.csv"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert operator.main(["--json", "card-ranges", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert operator.main(["card-ranges", *arguments]) == 1
    return capsys.readouterr().err


def read(text: str) -> list[CardRange]:
    return list(read_ranges(text.splitlines(keepends=True)))


# The file


def test_a_line_says_what_is_known_of_a_range() -> None:
    assert read(GOOD) == [CardRange("476134", "Visa", HONG_KONG)]


@pytest.mark.parametrize(
    ("low", "high", "prefixes"),
    [
        ("47613401", "", ["47613401"]),
        ("4761340", "", [f"4761340{digit}" for digit in range(10)]),
        ("476134", "476135", ["476134", "476135"]),
        ("4761340000000000", "4761349999999999", ["476134"]),
        ("476134000", "4761340199", ["47613400", "47613401"]),
    ],
)
def test_a_range_is_named_by_its_beginning_or_by_its_bounds(
    low: str, high: str, prefixes: list[str]
) -> None:
    found = read(f"{HEADER}{low},{high},Visa,credit,,,,\n")
    assert [one.prefix for one in found] == prefixes


def test_a_line_that_says_nothing_takes_back_what_was_known() -> None:
    assert read(HEADER + "476134,,Visa,,,,,\n\n") == [CardRange("476134", "Visa", None)]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("476134,,Visa", "line 3: needs 8 columns, not 3"),
        ("47613,,Visa,,,,,", "line 3, column low: '47613' is not 6 to 19 digits"),
        ("47613x,,Visa,,,,,", "line 3, column low"),
        ("４７６１３５,,Visa,,,,,", "line 3, column low"),
        ("476135,47613,Visa,,,,,", "line 3, column high"),
        ("476135,476134,Visa,,,,,", "line 3, column high: is less than low"),
        ("400000,499999,Visa,,,,,", "line 3, column high: is more than 1000000"),
        ("476135001,,Visa,,,,,", "line 3, column low: ranges end after 8 digits"),
        ("476135,4761350000,Visa,,,,,", "line 3, column high: ranges end after 8 digits"),
        ("476134,,Visa,,,,,", "line 3, column low: 476134 is in line 2 already"),
        ("476135,,,,,,,", "line 3, column brand: '' is no brand"),
        ("476135,,AlipayHK,,,,,", "line 3, column brand: AlipayHK has no cards"),
        ("476135,,Mastercard,,,,,", "line 3, column brand: numbers of this range are Visa's"),
        ("476135,,Visa,charge,,,,", "line 3, column funding: 'charge' is not one of credit"),
        ("476135,,Visa,,HK,,,", "line 3, column country: 'HK' is no country"),
        ("476135,,Visa,,HGK,,,", "line 3, column country: 'HGK' is no country"),
        ("476135,,Visa,,,F 1,,", "line 3, column product: 'F 1' is not 1 to 8"),
        ("476135,,Visa,,,,yes,", "line 3, column commercial: 'yes' is not one of true, false"),
        ("476135,,Visa,,,,,a|b", "line 3, column bank"),
        ("476135,,Visa,,,,," + "x" * (MAX_BANK_BYTES + 1), "line 3, column bank"),
        ('476135,,Visa,,,,,"Bank', "no CSV"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(line: str, named: str) -> None:
    with pytest.raises(FileRejected) as refusal:
        read(GOOD + line + "\n")
    assert named in str(refusal.value)


def test_a_first_line_that_names_no_columns_is_refused() -> None:
    for text in ("", "bin,brand\n", GOOD.removeprefix(HEADER)):
        with pytest.raises(FileRejected, match="the first line must be low,high,brand"):
            read(text)


def test_no_card_number_is_repeated() -> None:
    with pytest.raises(FileRejected) as refusal:
        read(f"{HEADER}{VISA_CARD},,{VISA_CARD},,,,,\n")
    assert VISA_CARD not in str(refusal.value)
    with pytest.raises(FileRejected) as refusal:
        read(f"{HEADER}476134,,{VISA_CARD},,,,,\n")
    assert VISA_CARD[:9] not in str(refusal.value)


# The compact form


@pytest.mark.parametrize(
    ("account", "text"),
    [
        (None, None),
        (AccountData(), None),
        (AccountData("credit", "HKG"), "c|HKG"),
        (AccountData("prepaid"), "p"),
        (AccountData(product="MCS"), "||MCS"),
        (AccountData(commercial=True), "|||y"),
        (HONG_KONG, "c|HKG|F|n|Harbour Bank"),
    ],
)
def test_account_data_is_a_handful_of_bytes(account: AccountData | None, text: str | None) -> None:
    assert pack_account(account) == text
    assert unpack_account(text) == (account if text else None)


# The operator's commands


def test_the_operator_loads_a_file_and_looks_at_it(
    aws: SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ranges.csv"
    file.write_text("\ufeff" + GOOD + "512034,512036,Mastercard,debit,,,,\n", encoding="utf-8")
    loaded = {"loaded": 4, "brands": {"Mastercard": 3, "Visa": 1}}
    assert run(capsys, "load", "--file", str(file)) == loaded
    assert run(capsys, "load", "--file", str(file)) == loaded
    shown = {
        "prefix": "476134",
        "paymentBrand": "Visa",
        "fundingType": "credit",
        "issuingCountry": "HKG",
        "issuingBank": "Harbour Bank",
        "productID": "F",
        "isCommercial": False,
    }
    assert run(capsys, "show", "47613400") == run(capsys, "show", "476134") == shown
    assert DynamoCardRanges(aws.table).account_data(VISA_CARD) == HONG_KONG

    file.write_text(HEADER + "47613400,,Visa,debit,SGP,,,\n476134,,Visa,,,,,\n")
    assert run(capsys, "load", "--file", str(file))["loaded"] == 2
    assert run(capsys, "show", "47613400")["issuingCountry"] == "SGP"
    assert run(capsys, "show", "476134") == {"prefix": "476134", "paymentBrand": "Visa"}
    assert run(capsys, "show", "512035")["fundingType"] == "debit"


def test_nothing_is_loaded_of_a_file_with_a_mistake(
    aws: SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ranges.csv"
    file.write_text(GOOD + "476135,,Visa,charge,,,,\n")
    assert "line 3, column funding" in refused(capsys, "load", "--file", str(file))
    assert DynamoCardRanges(aws.table).account_data(VISA_CARD) is None


@pytest.mark.usefixtures("aws")
def test_what_cannot_be_done_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    empty, latin = tmp_path / "empty.csv", tmp_path / "latin.csv"
    empty.write_text(HEADER)
    latin.write_bytes(GOOD.encode() + b"476135,,Visa,,,,,Cr\xe9dit\n")
    for arguments, named in (
        (["load", "--file", "/nowhere.csv"], "/nowhere.csv"),
        (["load", "--file", str(empty)], "no ranges"),
        (["load", "--file", str(latin)], "not UTF-8"),
        (["show", "476134"], "no range of 476134"),
        (["show", VISA_CARD], "never a whole card number"),
    ):
        said = refused(capsys, *arguments)
        assert named in said
        assert said.count("\n") == 1
        assert VISA_CARD not in said


@pytest.mark.usefixtures("aws")
def test_the_demos_file_has_the_contracts_test_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "load", "--file", str(DEMO))["loaded"] == 3
    for head in (VISA_CARD[:6], MASTERCARD_CARD[:6]):
        shown = run(capsys, "show", head)
        assert (shown["fundingType"], shown["issuingCountry"]) == ("credit", "HKG")


# When the table says nothing


class Moody:
    """A table that counts who asks, and answers or does not."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.items: dict[str, Mapping[str, str]] = {}

    def glance(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        self.asked += 1
        if self.down:
            raise Unavailable
        return [{"p": p, "s": s, **self.items[p]} for p, s in keys if p in self.items]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    now = SimpleNamespace(at=1_000.0)
    monkeypatch.setattr("tidegate.adapters.dynamodb.card_ranges.time.monotonic", lambda: now.at)
    return now


def test_an_answer_is_kept_for_an_hour_and_so_is_that_there_is_none(clock: SimpleNamespace) -> None:
    table = Moody()
    table.items["A#476134"] = {"br": "Visa", "ad": "c|HKG"}
    ranges = DynamoCardRanges(table)  # type: ignore[arg-type]
    for _ in range(3):
        assert ranges.account_data(VISA_CARD) == AccountData("credit", "HKG")
        assert ranges.account_data(MASTERCARD_CARD) is None
    assert table.asked == 2
    table.items["A#476134"] = {"br": "Visa", "ad": "d|HKG"}
    clock.at += CACHE_S - 1
    assert ranges.account_data(VISA_CARD) == AccountData("credit", "HKG")
    clock.at += 2
    assert ranges.account_data(VISA_CARD) == AccountData("debit", "HKG")


def test_a_table_that_does_not_answer_is_left_alone_for_a_while(clock: SimpleNamespace) -> None:
    table = Moody()
    table.items["A#476134"] = {"br": "Visa", "ad": "c|HKG"}
    ranges = DynamoCardRanges(table)  # type: ignore[arg-type]
    table.down = True
    assert [ranges.account_data(VISA_CARD), ranges.account_data(MASTERCARD_CARD)] == [None, None]
    assert table.asked == 1
    table.down = False
    clock.at += REST_S + 1
    assert ranges.account_data(VISA_CARD) == AccountData("credit", "HKG")


def test_what_is_too_old_serves_until_it_can_be_read_anew(clock: SimpleNamespace) -> None:
    table = Moody()
    table.items["A#476134"] = {"br": "Visa", "ad": "c|HKG"}
    ranges = DynamoCardRanges(table)  # type: ignore[arg-type]
    ranges.account_data(VISA_CARD)
    table.down = True
    clock.at += CACHE_S + 1
    assert ranges.account_data(VISA_CARD) == AccountData("credit", "HKG")
    assert ranges.account_data(VISA_CARD) == AccountData("credit", "HKG")
    assert table.asked == 2


def test_no_more_is_remembered_than_there_is_room_for(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clock.at
    monkeypatch.setattr(card_ranges, "CACHED", 3)
    table = Moody()
    ranges = DynamoCardRanges(table)  # type: ignore[arg-type]
    for number in range(5):
        ranges.account_data(f"4761340{number}00000000")
    assert table.asked == 5
    ranges.account_data("4761340400000000")
    assert table.asked == 5
    ranges.account_data("4761340000000000")
    assert table.asked == 6


@pytest.fixture
def deaf() -> Iterator[str]:
    """An address where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address where nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("where", ["deaf", "nobody"])
def test_no_payment_waits_for_a_slow_table(where: str, request: pytest.FixtureRequest) -> None:
    wire = wired(request.getfixturevalue(where), tries=3)
    ranges = DynamoCardRanges(Table("tidegate", wire.hurried(HURRIED_S)))
    began = time.monotonic()
    assert ranges.account_data(VISA_CARD) is None
    assert ranges.account_data(MASTERCARD_CARD) is None
    assert time.monotonic() - began < 2.5, "one try of half a second, and the second card asks none"


class Busy:
    """DynamoDB while it takes one item a request, and gives none."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.requests: list[int] = []

    def call(self, operation: str, given: Any) -> dict[str, Any]:
        ((name, wanted),) = given["RequestItems"].items()
        if operation == "BatchGetItem":
            return {
                "Responses": {name: []},
                "UnprocessedKeys": {name: {"Keys": wanted["Keys"][1:]}},
            }
        self.requests.append(len(wanted))
        first, *left = wanted
        self.written.append(first["PutRequest"]["Item"]["p"]["S"])
        return {"UnprocessedItems": {name: left} if left else {}}


def test_what_a_busy_table_leaves_out_is_not_taken_for_absent() -> None:
    with pytest.raises(Unavailable):
        Table("tidegate", Busy()).glance([("A#47613400", "A"), ("A#476134", "A")])  # type: ignore[arg-type]


def test_what_a_busy_table_does_not_write_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    busy = Busy()
    ranges = [CardRange(f"{prefix}", "Visa", None) for prefix in range(476100, 476130)]
    RangeTable(Table("tidegate", busy)).put(ranges)  # type: ignore[arg-type]
    assert busy.written == [f"A#{one.prefix}" for one in ranges]
    assert busy.requests == [*range(25, 0, -1), *range(5, 0, -1)]
    assert len(pauses) == 24 + 4
