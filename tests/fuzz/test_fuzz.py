"""No parser crashes outside its own errors, none loops, none repeats a card number: a few hundred
inputs each here, a million by `make fuzz` and in the long run."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from random import Random

import pytest

from sandbox.iso8583 import Codec
from sandbox.mastercard import CODEC as MASTERCARD
from sandbox.visa import CODEC as VISA
from tests.fuzz.file_targets import presentments
from tests.fuzz.iso8583_targets import asked, vectors
from tests.fuzz.running import fuzz, shared
from tests.fuzz.shapes import CARD, Json, Raw
from tests.fuzz.target import Target, attempt, make_input, run, watched
from tests.fuzz.targets import TARGETS
from tidegate.networks import LINKS
from tidegate.networks.alipayplus import messages
from tidegate.networks.clearing import format_of
from tidegate.networks.iso8583.mastercard import read_subelements, write_subelements
from tidegate.networks.threeds.messages import decoded, encoded

INPUTS = 600
MILLION = 1_000_000


@pytest.mark.parametrize("name", TARGETS)
def test_broken_inputs_end_in_the_parsers_own_errors(name: str) -> None:
    target = TARGETS[name]
    count = INPUTS * target.weight // 10
    assert [str(failure) for failure in run(target, range(count))] == []


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_taken_as_it_should_be(name: str) -> None:
    with watched():
        assert [attempt(TARGETS[name], seed) for seed in TARGETS[name].seeds()] == [None] * len(
            TARGETS[name].seeds()
        )


@pytest.mark.long
def test_a_million_inputs() -> None:
    failures = fuzz(MILLION, io.StringIO())
    assert [str(failure) for failure in failures] == []


def test_the_work_is_shared_out_whole() -> None:
    chunks = shared(100_000, TARGETS)
    assert sum(end - first for _, first, end in chunks) == 100_000
    assert {name for name, _, _ in chunks} == set(TARGETS)


def test_a_number_is_the_same_input_every_time() -> None:
    for target in TARGETS.values():
        assert make_input(target, 7) == make_input(target, 7)
    card = TARGETS["api.create_payment"]
    assert len({make_input(card, number) for number in range(200)}) > 100


# What comes back as it was


@pytest.mark.parametrize("network", sorted(LINKS))
def test_our_messages_are_read_back_by_both_sides(network: str) -> None:
    link, random = LINKS[network](), Random(8583)
    codec: Codec = VISA if network == "visa" else MASTERCARD
    for _ in range(200):
        elements = link.authorization(asked(network))
        elements |= {
            "4": f"{random.randrange(10**12):012d}",
            "11": f"{random.randrange(10**6):06d}",
            "37": "".join(random.choice("0123456789ABCZ") for _ in range(12)),
        }
        body = link.frame(elements)[link.prefix_bytes :]
        read = link.open(body)
        assert {name: read[name] for name in elements} == elements
        theirs = codec.decode(body[22:] if network == "visa" else body)
        assert {str(de): value for de, value in theirs.elements.items()}.items() <= read.items()


def test_subelements_are_read_back() -> None:
    random = Random(48)
    for _ in range(500):
        values = {
            f"{random.randrange(100):02d}": "".join(
                random.choice("0123456789 A") for _ in range(random.randrange(100))
            )
            for _ in range(random.randrange(6))
        }
        assert read_subelements(write_subelements(values)) == values


@pytest.mark.parametrize("network", sorted(LINKS))
def test_a_settlement_file_is_read_back(network: str) -> None:
    (content, *_) = TARGETS[f"{network}.settlement_file"].seeds()
    read = list(format_of(network).read_settlement(io.BytesIO(content)))
    assert [one.acquirer_reference_number for one in read] == [
        one.acquirer_reference_number for one in presentments(network)
    ]
    assert [one.amount for one in read] == [one.amount for one in presentments(network)]


def test_json_messages_are_read_back() -> None:
    for seed in TARGETS["alipayplus.answer"].seeds():
        message = json.loads(seed)
        assert messages.parsed(messages.written(message)) == message
        assert decoded(encoded(message)) == message


# The harness itself


def _broken(parse: Callable[[bytes], object]) -> Target:
    return Target("broken", parse, (ValueError,), Raw(), lambda: [b"seed"])


def _crash(data: bytes) -> None:
    if b"x" in data:
        raise KeyError("x")


def _loop(data: bytes) -> None:
    while data:
        pass


def _swallowing_loop(data: bytes) -> None:
    while True:
        try:
            data += data[:0]
        except Exception:  # noqa: BLE001, S112  what a careless parser does
            continue


def _echo(data: bytes) -> None:
    raise ValueError(f"cannot read {data.decode()}")


def _echo_below(data: bytes) -> None:
    try:
        _echo(data)
    except ValueError as error:
        raise ValueError("cannot be read") from error


def test_a_crash_is_told_with_its_place() -> None:
    with watched():
        assert "raised KeyError at tests/fuzz/test_fuzz.py" in str(attempt(_broken(_crash), b"x"))
        assert attempt(_broken(_crash), b"") is None


@pytest.mark.parametrize("loop", [_loop, _swallowing_loop])
def test_an_endless_loop_is_ended_and_told(loop: Callable[[bytes], object]) -> None:
    with watched():
        assert "still busy" in str(attempt(_broken(loop), b"x", loop_s=0.05))


@pytest.mark.parametrize("spelled", [f"pan={CARD}", f"{CARD[:12]}", f"000{CARD}000"])
@pytest.mark.parametrize("echo", [_echo, _echo_below])
def test_an_echoed_card_number_is_told(echo: Callable[[bytes], object], spelled: str) -> None:
    with watched():
        assert "repeats" in str(attempt(_broken(echo), spelled.encode()))


def test_digits_of_our_own_and_short_ones_are_no_echo() -> None:
    def shown(_data: bytes) -> None:
        raise ValueError(f"cannot read {CARD}")

    with watched():
        assert attempt(_broken(shown), b"something else") is None
        assert attempt(_broken(_echo), b"12345678901") is None


@pytest.mark.parametrize("code_page", ["cp500", "bcd"])
def test_an_echo_is_found_whatever_the_input_is_written_in(code_page: str) -> None:
    def shown(data: bytes) -> None:
        raise ValueError(data.hex() if code_page == "bcd" else data.decode(code_page))

    data = bytes.fromhex(CARD) if code_page == "bcd" else CARD.encode(code_page)
    with watched():
        assert "repeats 16 digits" in str(attempt(_broken(shown), data))


def test_a_failure_says_how_to_see_it_again() -> None:
    (failure,) = run(_broken(lambda data: data[999]), range(40))
    assert failure.data.hex() in str(failure)
    assert f"--target broken --seed {failure.number}" in str(failure)
    assert make_input(_broken(_crash), failure.number) == failure.data


def test_json_is_broken_in_all_the_ways_that_matter() -> None:
    shape, seeds = Json(), [b'{"a":{"b":["c",1]},"d":"2025-03-04T09:10:11Z"}']
    made = [shape.broken(Random(number), seeds) for number in range(4000)]
    assert any(b'"d":"2025-03-04T09:10:11Z","d"' in one.replace(b" ", b"") for one in made)
    assert any(one.count(b"[") > 900 for one in made)
    assert any(b"1e999" in one for one in made)
    assert any(b"\xed\xa0\x80" in one or b"\\ud800" in one for one in made)
    assert any(b"9" * 5000 in one for one in made)
    assert any(one == seeds[0] for one in (bytes(one).replace(b" ", b"") for one in made))


def test_vectors_exist_for_both_links() -> None:
    assert all(len(vectors(network)) >= 10 for network in LINKS)
