"""A host takes clearing files strictly, accepts only what it authorized, and settles what it
accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from pathlib import Path

import pytest

from tests.sandbox.clearing_files import (
    BIN,
    DAY,
    Item,
    arn_of,
    base2_lines,
    clearing_file,
    ipm_bytes,
    ipm_records,
    item,
    placed,
    settled,
)
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import OTHER_CARDS, Sent, connected

RATES = {"visa": Decimal("0.011"), "mastercard": Decimal("0.013")}
_ids = count(1)


@pytest.fixture(params=["visa", "mastercard"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxProcess]:
    """A host of its own for each test: a cut settles all there is."""
    with SandboxProcess(request.param, tmp_path) as process:
        yield process


def approved(host: SandboxProcess, *sent: Sent) -> list[Item]:
    """Authorize on a connection of its own; what to present of each in full."""
    with connected(host) as terminal:
        return [item(one, terminal.ask(one.message)) for one in sent]


def put(host: SandboxProcess, content: bytes, file_id: str) -> tuple[int, dict[str, object]]:
    response = host.http("PUT", f"/clearing/{file_id}", content=content)
    return response.status_code, response.json()


def deliver(host: SandboxProcess, *items: Item) -> dict[str, object]:
    file_id = f"f-{next(_ids)}"
    status, told = put(host, clearing_file(host.name, file_id, list(items)), file_id)
    assert (status, told["file_id"]) == (201, file_id), told
    return {key: told[key] for key in ("accepted", "rejected")}


def presentments(host: SandboxProcess) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = host.http("GET", "/books").json()["presentments"]
    return rows


def cut(host: SandboxProcess) -> dict[str, object] | None:
    response = host.http("POST", "/cut")
    assert response.status_code in {200, 204}
    return None if response.status_code == 204 else response.json()


def cut_arns(host: SandboxProcess) -> list[str]:
    """The acquirer reference numbers of the settlement file of one cut."""
    told = cut(host)
    if told is None:
        return []
    content = host.http("GET", f"/settlement/{told['file_id']}").content
    found = [one.arn for one in settled(host.name, content)]
    assert told["records"] == len(found)
    return found


def test_a_day_is_presented_and_settled(host: SandboxProcess) -> None:
    sale, part, refund = approved(
        host,
        Sent(host.name),
        Sent(host.name, amount_minor=20_000),
        Sent(host.name, amount_minor=1_150, kind="refund"),
    )
    part = part.but(amount_minor=14_150)
    assert deliver(host, sale, part, refund) == {"accepted": 3, "rejected": 0}

    told = cut(host)
    assert told is not None
    assert told["records"] == 3
    content = host.http("GET", f"/settlement/{told['file_id']}").content
    found = settled(host.name, content)
    assert [one.arn for one in found] == [sale.arn, part.arn, refund.arn]
    assert [one.amount_minor for one in found] == [12_300, 14_150, 1_150]
    assert [one.kind for one in found] == ["purchase", "purchase", "refund"]
    assert [one.fee_sign for one in found] == ["D", "D", "C"]
    for one in found:
        fee = (one.amount_minor * RATES[host.name]).quantize(Decimal(1), ROUND_HALF_UP)
        assert one.fee_minor == fee
        assert one.day == f"{datetime.now(UTC):%Y%m%d}"
        assert one.shown_pan == f"{sale.pan[:6]}000000{sale.pan[-4:]}"

    assert host.http("GET", "/settlement").json() == [
        {
            "file_id": told["file_id"],
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    ]
    assert {row["status"] for row in presentments(host)} == {"settled"}


def test_nothing_is_settled_twice(host: SandboxProcess) -> None:
    [first] = approved(host, Sent(host.name))
    deliver(host, first)
    assert cut_arns(host) == [first.arn]
    assert cut(host) is None
    [second] = approved(host, Sent(host.name))
    deliver(host, second)
    assert cut_arns(host) == [second.arn]
    listed = [row["file_id"] for row in host.http("GET", "/settlement").json()]
    assert len(listed) == 2
    assert listed == sorted(listed)


def test_an_amount_ending_in_77_is_settled_one_cut_later(host: SandboxProcess) -> None:
    late, prompt = approved(host, Sent(host.name, 3_077), Sent(host.name, 3_000))
    deliver(host, late, prompt)
    assert cut_arns(host) == [prompt.arn]
    [next_late] = approved(host, Sent(host.name, 177))
    deliver(host, next_late)
    assert cut_arns(host) == [late.arn]
    assert cut_arns(host) == [next_late.arn]
    assert cut(host) is None


def test_a_late_presentment_alone_makes_no_file_and_still_waits_only_once(
    host: SandboxProcess,
) -> None:
    [late] = approved(host, Sent(host.name, 3_077))
    deliver(host, late)
    assert cut(host) is None
    assert cut_arns(host) == [late.arn]


def test_the_same_file_again_changes_nothing(host: SandboxProcess) -> None:
    [one] = approved(host, Sent(host.name))
    content = clearing_file(host.name, "again", [one])
    first, second = put(host, content, "again"), put(host, content, "again")
    assert (first[0], second[0]) == (201, 200)
    assert first[1] == second[1] == {"file_id": "again", "accepted": 1, "rejected": 0}
    assert len(presentments(host)) == 1


def test_a_file_id_with_other_bytes_is_a_conflict(host: SandboxProcess) -> None:
    one, other = approved(host, Sent(host.name), Sent(host.name))
    put(host, clearing_file(host.name, "used", [one]), "used")
    status, told = put(host, clearing_file(host.name, "used", [other]), "used")
    assert status == 409
    assert "used" in str(told["error"])
    assert [row["acquirer_reference_number"] for row in presentments(host)] == [one.arn]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"authorization_code": "ZZZZZZ"}, "the authorization code differs"),
        ({"currency": "978"}, "the currency differs"),
        ({"amount_minor": 12_301}, "more is presented than remains authorized"),
        ({"network_reference": None}, "no authorization has this network reference"),
        ({"pan": None}, "the card differs"),
        ({"kind": "refund"}, "the kind differs"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_does_not_agree_with_its_authorization_is_rejected(
    host: SandboxProcess, changed: dict[str, object], reason: str
) -> None:
    [one] = approved(host, Sent(host.name))
    unknown = {"visa": "399999999999999", "mastercard": "MCCZZZZZZZZZ"}[host.name]
    if "network_reference" in changed:
        changed = {"network_reference": unknown}
    if "pan" in changed:
        changed = {"pan": OTHER_CARDS[host.name]}
    wrong = one.but(sent=one.sent.but(kind="refund")) if "kind" in changed else one.but(**changed)
    assert deliver(host, wrong) == {"accepted": 0, "rejected": 1}
    [row] = presentments(host)
    assert (row["status"], row["reason"]) == ("rejected", reason)
    assert cut(host) is None
    assert deliver(host, one) == {"accepted": 1, "rejected": 0}  # nothing was used up


def test_a_reversed_authorization_cannot_be_presented(host: SandboxProcess) -> None:
    [one] = approved(host, Sent(host.name))
    with connected(host) as terminal:
        terminal.ask(one.sent.reversal())
    assert deliver(host, one) == {"accepted": 0, "rejected": 1}
    assert presentments(host)[0]["reason"] == "the authorization is reversed"


def test_only_what_a_partial_reversal_left_can_be_presented(host: SandboxProcess) -> None:
    [one] = approved(host, Sent(host.name))
    with connected(host) as terminal:
        terminal.ask(one.sent.reversal(remaining_minor=7_500))
    assert deliver(host, one.but(amount_minor=7_501))["accepted"] == 0
    assert deliver(host, one.but(amount_minor=7_500))["accepted"] == 1


def test_presentments_of_one_authorization_never_exceed_it(host: SandboxProcess) -> None:
    [one] = approved(host, Sent(host.name))
    other_arn = arn_of(Sent(host.name))
    first = one.but(amount_minor=10_000)
    second = one.but(amount_minor=2_301, arn=other_arn)
    assert deliver(host, first, second) == {"accepted": 1, "rejected": 1}
    assert deliver(host, second.but(amount_minor=2_300))["accepted"] == 1


def test_an_acquirer_reference_number_is_accepted_once(host: SandboxProcess) -> None:
    one, other = approved(host, Sent(host.name), Sent(host.name))
    assert deliver(host, one, other.but(arn=one.arn)) == {"accepted": 1, "rejected": 1}
    assert deliver(host, other.but(arn=one.arn))["rejected"] == 1
    reasons = [row["reason"] for row in presentments(host)[1:]]
    assert reasons == ["the acquirer reference number was presented before"] * 2


def test_an_authorization_whose_answer_was_lost_is_not_settled_unasked(
    host: SandboxProcess,
) -> None:
    with connected(host) as terminal:
        terminal.send(Sent(host.name, 5_062).message)
        assert terminal.hears_nothing()
    assert cut(host) is None


def test_a_file_without_transactions_is_taken(host: SandboxProcess) -> None:
    assert deliver(host) == {"accepted": 0, "rejected": 0}


@pytest.mark.parametrize("file_id", ["a" * 65, "a%20b", "%2e%2e%2fb", "ä"])
def test_a_file_id_has_a_form(host: SandboxProcess, file_id: str) -> None:
    assert put(host, b"", file_id)[0] == 422


def malformed(network: str, one: Item) -> dict[str, bytes]:
    """Files that must not be taken, each wrong in one place, by what is wrong."""
    good = clearing_file(network, "bad", [one])
    files = {
        "empty": b"",
        "noise": bytes(range(256)) * 3,
        "cut short": good[:-1],
        "goes on": good + b"\0",
        "a byte lost": good[:200] + good[201:],
        "another file id": clearing_file(network, "other", [one]),
        "wrong check digit": clearing_file(
            network, "bad", [one.but(arn=one.arn[:-1] + str((int(one.arn[-1]) + 1) % 10))]
        ),
    }
    if network == "mastercard":
        records = ipm_records("bad", [one])
        changes: dict[str, tuple[int, dict[str, object]]] = {
            "amount total": (2, {"PDS0301": "0000000000000001"}),
            "message count": (2, {"PDS0306": "00000004"}),
            "trailer of another file": (2, {"PDS0105": f"002261123{'1':0>11}00001"}),
            "not a test file": (0, {"PDS0122": "P"}),
            "file from the network": (0, {"PDS0105": f"001261123{'1':0>11}00001"}),
            "not a presentment": (1, {"DE24": "205"}),
            "processing code": (1, {"DE3": "090000"}),
            "life cycle": (1, {"DE63": "MCC000000001"}),
            "message number": (1, {"DE71": 0}),
        }
        for name, (at, change) in changes.items():
            files[name] = ipm_bytes([r | change if i == at else r for i, r in enumerate(records)])
        files["a missing element"] = ipm_bytes(
            [{k: v for k, v in record.items() if k != "DE38"} for record in records]
        )
        files["no trailer"] = ipm_bytes(records[:2])
        return files
    lines = base2_lines("bad", [one])

    def with_line(at: int, *parts: tuple[int, str]) -> bytes:
        changed = list(lines)
        kept = [*changed[at]]
        for position, text in parts:
            kept[position - 1 : position - 1 + len(text)] = text
        changed[at] = "".join(kept)
        return "".join(f"{line}\n" for line in changed).encode()

    settlement = (16, "S")
    return files | {
        "batch total": with_line(3, (67, f"{1:015d}")),
        "batch transactions": with_line(3, (28, f"{2:012d}")),
        "batch TCRs": with_line(3, (46, f"{4:012d}")),
        "batch number": with_line(3, (40, "000002")),
        "unused positions of a trailer": with_line(3, (60, "X")),
        "file total": with_line(4, (67, f"{1:015d}")),
        "file TCRs": with_line(4, (46, f"{5:012d}")),
        "another day in the trailer": with_line(4, (11, "26328")),
        "a settlement file": with_line(0, settlement),
        "amount": with_line(1, (77, "        1230")),
        "extension": with_line(1, (21, "001")),
        "credit behind a sale": with_line(2, (1, "06")),
        "response code": with_line(2, (35, "05")),
        "another record": with_line(1, (1, "25")),
        "no TCR 5": "".join(f"{line}\n" for line in [*lines[:2], *lines[3:]]).encode(),
        "no batch trailer": "".join(f"{line}\n" for line in [*lines[:3], lines[4]]).encode(),
        "no file trailer": "".join(f"{line}\n" for line in lines[:4]).encode(),
        "long line": "".join(f"{line} \n" for line in lines).encode(),
        "a record behind": "".join(f"{line}\n" for line in [*lines, lines[0]]).encode(),
    }


def test_a_malformed_file_is_not_taken_at_all(host: SandboxProcess) -> None:
    [one] = approved(host, Sent(host.name))
    for name, content in malformed(host.name, one).items():
        status, told = put(host, content, "bad")
        assert status == 422, name
        sentence = str(told["error"])
        assert sentence.endswith("."), name
        assert one.pan not in sentence, name
    assert presentments(host) == []
    assert put(host, clearing_file(host.name, "bad", [one]), "bad")[0] == 201


def test_several_batches_of_one_visa_file_are_counted_apart(tmp_path: Path) -> None:
    with SandboxProcess("visa", tmp_path) as host:
        one, two = approved(host, Sent("visa"), Sent("visa", 5_000))
        head, *_ = base2_lines("batches", [])
        lines = [head]
        for number, each in ((1, one), (2, two)):
            _, first, second, trailer, _ = base2_lines("batches", [each])
            lines += [first, second, trailer[:39] + f"{number:06d}" + trailer[45:]]
        lines.append(
            placed(
                (1, "9200"),
                (5, BIN),
                (11, DAY),
                (16, "0" * 12),
                (28, f"{2:012d}"),
                (40, "000002"),
                (46, f"{7:012d}"),
                (67, f"{17_300:015d}"),
            )
        )
        content = "".join(f"{line}\n" for line in lines).encode()
        assert put(host, content, "batches") == (
            201,
            {"file_id": "batches", "accepted": 2, "rejected": 0},
        )
