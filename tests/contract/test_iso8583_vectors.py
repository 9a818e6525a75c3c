"""The gateway's side of the links, held to the published byte examples (tests/vectors/iso8583)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.networks.samples import ACCEPTOR, PANS, REFERENCES
from tidegate.domain.message import (
    AuthorizationRequest,
    Card,
    MessageIdentity,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.domain.money import Money
from tidegate.networks import LINKS
from tidegate.networks.iso8583.client import Link, identified
from tidegate.networks.iso8583.message import Elements

FOLDER = Path(__file__).parents[1] / "vectors" / "iso8583"
PANS = PANS | {"visa": "4761340000000043"}
ACQUIRERS = {"visa": "40055200017", "mastercard": "200234"}


def examples(network: str) -> dict[str, dict[str, Any]]:
    found = json.loads((FOLDER / f"{network}.json").read_text())["vectors"]
    return {example["name"]: example for example in found}


def frame_of(network: str, name: str) -> bytes:
    return bytes.fromhex(examples(network)[name]["hex"])


def body_of(network: str, name: str) -> bytes:
    return frame_of(network, name)[LINKS[network].prefix_bytes :]


@pytest.fixture(params=sorted(LINKS))
def link(request: pytest.FixtureRequest) -> Link:
    return LINKS[request.param]()


def identity(link: Link, stan: int, at: str, rrn_stan: int | None = None) -> MessageIdentity:
    rrn = f"632717{rrn_stan or stan:06d}"
    return MessageIdentity(f"1123{at}", stan, ACQUIRERS[link.name], rrn, "TG000001")


def purchase(link: Link) -> AuthorizationRequest:
    return AuthorizationRequest(
        identity=identity(link, 2, "093015"),
        kind="purchase",
        amount=Money(12_300, "USD"),
        card=Card(PANS[link.name], "3112", "123"),
        acceptor=ACCEPTOR,
        local_time="261123173015",
    )


def reversal(link: Link) -> ReversalRequest:
    return ReversalRequest(
        identity=identity(link, 4, "093200", rrn_stan=2),
        original=purchase(link).identity,
        kind="purchase",
        amount=Money(12_300, "USD"),
        card=Card(PANS[link.name], "3112"),
        acceptor=ACCEPTOR,
        local_time="261123173200",
        authorization_code="A1B2C3",
        scheme_reference=REFERENCES[link.name],
    )


def assert_sent(link: Link, name: str, elements: Elements) -> None:
    assert link.frame(elements).hex() == frame_of(link.name, name).hex()


@pytest.mark.parametrize(
    ("name", "stan", "at", "code"), [("sign_on", 1, "093000", "001"), ("echo", 9, "093001", "301")]
)
def test_network_management(link: Link, name: str, stan: int, at: str, code: str) -> None:
    elements = {"t": "0800", **identified(identity(link, stan, at)), "70": code}
    assert_sent(link, name, elements)


def test_a_purchase_with_the_security_code(link: Link) -> None:
    assert_sent(link, "purchase_with_cvv", link.authorization(purchase(link)))


def test_a_refund_names_the_purchase_it_belongs_to(link: Link) -> None:
    request = replace(
        purchase(link),
        identity=identity(link, 3, "093100"),
        kind="refund",
        amount=Money(5_000, "USD"),
        card=Card(PANS[link.name], "3112"),
        local_time="261123173100",
        scheme_reference=REFERENCES[link.name],
    )
    assert_sent(link, "refund", link.authorization(request))


def test_a_reversal_names_its_original(link: Link) -> None:
    assert_sent(link, "reversal", link.reversal(reversal(link)))


def test_a_repeat_has_the_same_stan_and_a_fresh_time(link: Link) -> None:
    again = replace(reversal(link), identity=identity(link, 4, "093210", rrn_stan=2), repeat=True)
    assert_sent(link, "reversal_repeated", link.reversal(again))


def test_a_partial_reversal_says_what_remains(link: Link) -> None:
    partial = replace(
        reversal(link),
        identity=identity(link, 5, "093300", rrn_stan=2),
        remaining=Money(7_500, "USD"),
    )
    assert_sent(link, "partial_reversal", link.reversal(partial))


def test_an_approval_is_read_with_its_references(link: Link) -> None:
    elements = link.open(body_of(link.name, "purchase_approved"))
    assert elements["t"] == "0110"
    assert link.answer(elements) == NetworkAnswer("00", "A1B2C3", REFERENCES[link.name], "M")


def test_an_acknowledged_reversal_is_read(link: Link) -> None:
    elements = link.open(body_of(link.name, "reversal_acknowledged"))
    assert elements["t"] == "0410"
    assert link.answer(elements) == NetworkAnswer("00", None, REFERENCES[link.name])


@pytest.mark.parametrize("name", sorted({*examples("visa")} - {"reject"}))
def test_every_example_is_read_as_described(link: Link, name: str) -> None:
    frame = frame_of(link.name, name)
    prefix, body = frame[: link.prefix_bytes], frame[link.prefix_bytes :]
    fields = examples(link.name)[name]["fields"]
    assert link.body_bytes(prefix) == len(body)
    read = link.open(body)
    for element, value in fields.items():
        if isinstance(value, str):
            assert read["t" if element == "mti" else element] == value
    # Behind Visa's header, whose stations a host exchanges.
    message = link.prefix_bytes + (22 if link.name == "visa" else 0)
    assert link.frame(read)[message:] == frame[message:]


def test_a_visa_reject_is_the_example_and_nothing_else() -> None:
    link = LINKS["visa"]()
    body = body_of("visa", "reject")
    original = body[26:]
    assert link.rejects(body, b"\0\0\0\0" + original)
    assert not link.rejects(body, frame_of("visa", "echo"))
    assert not link.rejects(body_of("visa", "sign_on_accepted"), frame_of("visa", "sign_on"))
