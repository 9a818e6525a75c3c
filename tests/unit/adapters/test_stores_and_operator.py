"""A store from the operator's file to the function that reads it; no secret in clear at rest."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tidegate import operator
from tidegate.adapters.dynamodb.reconciliation import DynamoBreaks
from tidegate.adapters.dynamodb.stores import DynamoStores
from tidegate.domain.errors import StaleVersion, StoreUnknown
from tidegate.domain.reconciliation import Line
from tidegate.ports_reconciliation import Run

DEMO = Path(__file__).parents[3] / "local" / "demo-store.json"
SID = "S024116"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert operator.main(["--json", "store", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def changed(tmp_path: Path, **fields: Any) -> str:
    file = tmp_path / "store.json"
    file.write_text(json.dumps(json.loads(DEMO.read_text()) | fields))
    return str(file)


@pytest.mark.usefixtures("aws")
class TestOperator:
    def test_a_new_store_gets_a_key_of_32_characters(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = run(capsys, "put", "--file", str(DEMO))
        assert made["sid"] == SID
        assert len(made["signKey"]) == 32
        assert run(capsys, "list") == {"stores": [SID]}

    def test_putting_the_same_file_again_changes_nothing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first = run(capsys, "put", "--file", str(DEMO))
        assert run(capsys, "put", "--file", str(DEMO)) == first
        assert run(capsys, "show", SID)["version"] == 1

    def test_a_change_keeps_the_keys_and_counts_the_version(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        first = run(capsys, "put", "--file", str(DEMO))
        again = run(capsys, "put", "--file", changed(tmp_path, cutOff="22:30"))
        assert again["signKey"] == first["signKey"]
        shown = run(capsys, "show", SID)
        assert (shown["version"], shown["cutOff"]) == (2, "22:30")

    def test_rotation_leaves_two_live_keys_and_drops_the_oldest(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first = run(capsys, "put", "--file", str(DEMO))
        second = run(capsys, "rotate-key", SID)
        assert run(capsys, "show", SID)["keyIDs"] == [second["keyID"], first["keyID"]]
        third = run(capsys, "rotate-key", SID)
        assert run(capsys, "show", SID)["keyIDs"] == [third["keyID"], second["keyID"]]

    def test_retirement_leaves_the_newest_key_alone(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first = run(capsys, "put", "--file", str(DEMO))
        second = run(capsys, "rotate-key", SID)
        assert run(capsys, "retire-key", SID)["retired"] == [first["keyID"]]
        assert run(capsys, "show", SID)["keyIDs"] == [second["keyID"]]
        version = run(capsys, "show", SID)["version"]
        assert run(capsys, "retire-key", SID)["retired"] == []
        assert run(capsys, "show", SID)["version"] == version

    def test_disable_and_enable(self, capsys: pytest.CaptureFixture[str]) -> None:
        run(capsys, "put", "--file", str(DEMO))
        assert run(capsys, "disable", SID)["active"] is False
        assert run(capsys, "enable", SID)["active"] is True

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"sid": "X1"}, "sid"),
            ({"currencies": ["HKD", "ABC"]}, "ABC"),
            ({"currencies": []}, "currency"),
            ({"timeZone": "Mars/Olympus"}, "Mars/Olympus"),
            ({"cutOff": "25:00"}, "cutOff"),
            ({"signType": "MD5"}, "signType"),
            ({"captureAfterHours": 200}, "captureAfterHours"),
            ({"terminalID": "short"}, "terminalID"),
            ({"feePlans": [{"version": 2, "default": {"percent": "1"}}]}, "feePlans"),
            ({"feePlans": [{"version": 1, "default": {"percent": "much"}}]}, "percent"),
            ({"payoutAccount": None}, "payoutAccount"),
        ],
    )
    def test_a_bad_file_is_one_sentence_that_names_the_field(
        self,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
        fields: dict[str, Any],
        named: str,
    ) -> None:
        assert operator.main(["store", "put", "--file", changed(tmp_path, **fields)]) == 1
        said = capsys.readouterr().err
        assert named in said
        assert said.count("\n") == 1

    def test_an_unknown_store_is_one_sentence(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert operator.main(["store", "show", "S000009"]) == 1
        assert "S000009" in capsys.readouterr().err


class TestBreaks:
    def test_open_ones_are_listed_oldest_first_with_their_age(
        self, aws: SimpleNamespace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = DynamoBreaks(aws.table)
        now = int(time.time())
        first, second = (Run("visa", f"file-{n}", None, ()) for n in (1, 2))
        old = Line("7" * 23, "missing_at_network", 1_000, "HKD")
        new = Line("8" * 23, "amount", 1_000, "HKD", 200)
        kept.seen(first, [old], now - 3 * 24 * 3600)
        kept.seen(second, [new, old], now)
        kept.seen(second, [new, old], now)  # the same step again counts nothing twice
        assert operator.main(["--json", "breaks", "visa"]) == 0
        found = json.loads(capsys.readouterr().out)["breaks"]
        assert [(one["kind"], one["files"], one["days"]) for one in found] == [
            ("missing_at_network", 2, 3),
            ("amount", 1, 0),
        ]
        kept.closed(second, [replace(old, result="matched", closes="missing_at_network")])
        operator.main(["--json", "breaks", "visa"])
        assert len(json.loads(capsys.readouterr().out)["breaks"]) == 1


@pytest.fixture
def reader(aws: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> DynamoStores:
    """A process that reads the demo's store."""
    run(capsys, "put", "--file", str(DEMO))
    return DynamoStores(aws.table, aws.key_id)


class TestDirectory:
    def test_what_is_put_is_read_by_another_process(
        self, aws: SimpleNamespace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = run(capsys, "put", "--file", str(DEMO))
        store = DynamoStores(aws.table, aws.key_id).get(SID)
        assert store.sign_keys[0].secret == made["signKey"]
        assert store.payout_account.account == "012345678001"
        assert store.fee_plan.by_brand[0][0] == "Visa"

    def test_secrets_are_sealed_at_rest(
        self, aws: SimpleNamespace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = run(capsys, "put", "--file", str(DEMO))
        items = str(aws.dynamodb.scan(TableName=aws.table)["Items"])
        assert made["signKey"] not in items
        assert "012345678001" not in items

    def test_a_change_is_seen_at_once_by_who_asks_for_it(
        self, reader: DynamoStores, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = reader.get(SID)
        rotated = run(capsys, "rotate-key", SID)
        assert reader.get(SID) is before
        assert reader.get(SID, max_age_s=0).sign_keys[0].key_id == rotated["keyID"]

    def test_what_is_only_refreshed_is_read_at_half_the_price(
        self, reader: DynamoStores, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, asked = reader._table.get, []

        def spied(p: str, s: str, *, consistent: bool = True) -> Any:
            asked.append(consistent)
            return read(p, s, consistent=consistent)

        monkeypatch.setattr(reader._table, "get", spied)
        reader.get(SID)
        monkeypatch.setattr("tidegate.adapters.dynamodb.stores.time.monotonic", lambda: 1e12)
        reader.get(SID)
        reader.get(SID, max_age_s=0)
        assert asked == [True, False, True]

    def test_a_read_that_is_behind_takes_nothing_back(
        self,
        reader: DynamoStores,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        behind = reader._table.get(f"S#{SID}", "S")
        rotated = run(capsys, "rotate-key", SID)
        reader.get(SID, max_age_s=0)
        monkeypatch.setattr(reader._table, "get", lambda *_key, **_how: behind)
        monkeypatch.setattr("tidegate.adapters.dynamodb.stores.time.monotonic", lambda: 1e12)
        assert reader.get(SID).sign_keys[0].key_id == rotated["keyID"]

    def test_two_operators_at_once_do_not_overwrite_each_other(
        self, aws: SimpleNamespace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(capsys, "put", "--file", str(DEMO))
        one, other = (DynamoStores(aws.table, aws.key_id) for _ in range(2))
        store = one.get(SID)
        one.put(replace(store, active=False, version=2))
        with pytest.raises(StaleVersion):
            other.put(replace(store, email=None, version=2))

    def test_an_unknown_store(self, aws: SimpleNamespace) -> None:
        with pytest.raises(StoreUnknown):
            DynamoStores(aws.table, aws.key_id).get("S000009")
