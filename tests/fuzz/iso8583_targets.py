"""What card networks' hosts send to the gateway in ISO 8583: messages and whole conversations."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import cache, partial
from typing import Any

import iso8583

from tests.fuzz.shapes import EBCDIC_DIGITS, Forged, Parts, Shape
from tests.fuzz.target import ROOT, Target
from tests.fuzz.wires import as_socket
from tests.unit.networks.samples import a_purchase
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import AuthorizationRequest, Card, MessageIdentity
from tidegate.networks import LINKS
from tidegate.networks.iso8583 import mastercard, visa
from tidegate.networks.iso8583.client import HostClient
from tidegate.networks.iso8583.message import BadMessage

VISA_HEADER = 22
SPECS = {"visa": visa.SPEC, "mastercard": mastercard.SPEC}


def vectors(network: str) -> dict[str, dict[str, Any]]:
    folder = ROOT / "tests" / "vectors" / "iso8583"
    found = json.loads((folder / f"{network}.json").read_text())["vectors"]
    return {one["name"]: one for one in found}


def frames(network: str) -> list[bytes]:
    return [bytes.fromhex(one["hex"]) for one in vectors(network).values()]


def frame_shape(network: str) -> Shape:
    """A frame as its elements: header, type, bitmaps, then each length and each value; in DE 48
    of Mastercard the lengths of its sub-elements."""
    shape = Parts(partial(_elements, network), partial(_framed, network), EBCDIC_DIGITS)
    return shape if network == "visa" else Forged(shape, "42 43 63 66 87 92", width=2)


def _elements(network: str, frame: bytes) -> list[bytes]:
    link = LINKS[network]
    header, body = b"", frame[link.prefix_bytes :]
    if network == "visa":
        header, body = body[:VISA_HEADER], body[VISA_HEADER:]
    if header[:1] == b"\x1a":  # a reject holds another frame
        return [b"", header, body]
    _, encoded = iso8583.decode(body, SPECS[network])
    parts = [header]
    for element in sorted(encoded, key=lambda name: (name.isdecimal(), name.rjust(3))):
        if element in "tp":
            continue
        parts += [encoded[element]["len"], encoded[element]["data"]]
    return [header, encoded["t"]["data"], encoded["p"]["data"], *parts[1:]]


def _framed(network: str, parts: list[bytes]) -> bytes:
    whole = b"".join(parts)
    size = min(len(whole), 0xFFFF).to_bytes(2, "big")
    if network == "visa":
        return size + b"\0\0" + whole[:3] + size + whole[5:]
    return size + whole


def _read_frame(network: str, frame: bytes) -> None:
    """What is read is written and read again as the same."""
    link = LINKS[network]()
    size = link.body_bytes(frame[: link.prefix_bytes])
    read = link.open(frame[link.prefix_bytes :])
    assert size >= 0
    try:
        answer = link.answer(read)
    except KeyError:
        assert "39" not in read  # the client has looked for it before
    else:
        assert answer.response_code == read["39"]


def _authorized(network: str, said: bytes) -> None:
    """A whole conversation: whatever the host says, an answer names our message or is none."""
    client = HostClient(LINKS[network](), "127.0.0.1", 1)
    client._socket = as_socket(said)
    client._last_used = time.monotonic()
    request = asked(network)
    answer = client.authorize(request, timeout_s=60)
    assert answer.response_code.isalnum()


@cache
def asked(network: str) -> AuthorizationRequest:
    """The purchase of the vectors."""
    fields = vectors(network)["purchase_with_cvv"]["fields"]
    identity = MessageIdentity(fields["7"], 2, fields["32"], fields["37"], fields["41"])
    card = Card(fields["2"], "3112", "123")
    return replace(a_purchase(network), identity=identity, card=card)


def _conversation(network: str) -> Parts:
    return Parts(partial(_talk, network), digits=EBCDIC_DIGITS)


def _talk(network: str, said: bytes) -> list[bytes]:
    """Frame by frame, the one that counts element by element."""
    parts: list[bytes] = []
    prefix = LINKS[network].prefix_bytes
    while said:
        frame = said[: prefix + int.from_bytes(said[:2], "big")]
        said = said[len(frame) :]
        parts += [frame[:prefix], *_elements(network, frame)]
    return parts


def _answers(network: str) -> list[bytes]:
    known = {name: bytes.fromhex(one["hex"]) for name, one in vectors(network).items()}
    approved = known["purchase_approved"]
    return [approved, known["sign_on_accepted"] + approved, known["reversal_acknowledged"]]


def _of_network(network: str) -> tuple[Target, ...]:
    return (
        Target(
            f"{network}.message",
            partial(_read_frame, network),
            (BadMessage,),
            frame_shape(network),
            partial(frames, network),
        ),
        Target(
            f"{network}.conversation",
            partial(_authorized, network),
            (NotSent, Unanswered),
            _conversation(network),
            partial(_answers, network),
        ),
    )


TARGETS = (
    *_of_network("visa"),
    *_of_network("mastercard"),
    Target(
        "mastercard.subelements",
        lambda data: mastercard.read_subelements(data.decode("latin-1")),
        (BadMessage,),
        Parts(lambda data: [data[at : at + 2] for at in range(0, len(data), 2)]),
        lambda: [b"42070103211", b"420701032128701M", b"2208" + b"0504C101"],
    ),
)
