"""The hosts' codecs read and write the published byte examples, and a host answers with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import mastercard, visa
from sandbox.iso8583 import Message, bitmap_of, split_bitmapped
from tests.sandbox.process import SandboxProcess
from tests.sandbox.terminal import connected

FOLDER = Path(__file__).parents[1] / "vectors" / "iso8583"


def vectors(network: str) -> dict[str, dict[str, Any]]:
    examples = json.loads((FOLDER / f"{network}.json").read_text())["vectors"]
    return {example["name"]: example for example in examples}


ALL = [
    pytest.param(network, example, id=f"{network}-{name}")
    for network in ("visa", "mastercard")
    for name, example in vectors(network).items()
]


def message_of(network: str, fields: dict[str, Any]) -> Message:
    """The message that an example's ``fields`` describe."""
    elements = {int(de): value for de, value in fields.items() if de != "mti"}
    if network == "visa":
        if 62 in elements:
            digits = bytes.fromhex(f"0{elements[62]['2']}")
            elements[62] = (bitmap_of(2) + digits).hex().upper()
        if 126 in elements:
            code = elements[126]["10"].encode("cp500")
            elements[126] = (bitmap_of(10) + code).hex().upper()
    elif 48 in elements:
        parts = elements[48]
        rest = "".join(f"{t}{len(v):02d}{v}" for t, v in parts.items() if t != "tcc")
        elements[48] = parts["tcc"] + rest
    return Message(fields["mti"], elements)


@pytest.mark.parametrize(("network", "example"), ALL)
def test_the_pieces_of_an_example_make_up_its_frame(network: str, example: dict[str, Any]) -> None:
    joined = "".join(part["hex"] for part in example["parts"]).replace(" ", "")
    assert joined == example["hex"]


@pytest.mark.parametrize(("network", "example"), ALL)
def test_the_codec_reads_and_writes_an_example(network: str, example: dict[str, Any]) -> None:
    frame = bytes.fromhex(example["hex"])
    codec, ahead = (visa.CODEC, 4 + 22) if network == "visa" else (mastercard.CODEC, 2)
    if "reject_code" in example.get("header", {}):
        ahead += 26
    expected = message_of(network, example["fields"])

    assert codec.decode(frame[ahead:]) == expected
    assert codec.encode(expected) == frame[ahead:]


@pytest.mark.parametrize(
    "example", [e for e in vectors("visa").values() if "reject_code" not in e["header"]]
)
def test_the_visa_header_names_the_stations(example: dict[str, Any]) -> None:
    header = visa.Header.read(bytes.fromhex(example["hex"])[4:])
    assert header.destination.hex() == example["header"]["destination"]
    assert header.source.hex() == example["header"]["source"]


def test_private_elements_are_understood() -> None:
    link, other = visa.VisaLink(), mastercard.MastercardLink()
    purchase = message_of("visa", vectors("visa")["purchase_with_cvv"]["fields"])
    refund = message_of("visa", vectors("visa")["refund"]["fields"])
    assert link.security_code(purchase) == "123"
    assert visa.transaction_id(refund.elements[62]) == "306327123456789"
    assert split_bitmapped(refund.elements[62])[0] == {2}
    purchase = message_of("mastercard", vectors("mastercard")["purchase_with_cvv"]["fields"])
    assert other.security_code(purchase) == "123"


def test_a_host_answers_with_the_bytes_of_the_examples(host: SandboxProcess) -> None:
    examples = vectors(host.name)
    with connected(host, signed_on=False) as terminal:
        terminal.send_bytes(bytes.fromhex(examples["sign_on"]["hex"]))
        assert terminal.receive_frame().hex().upper() == examples["sign_on_accepted"]["hex"]

        terminal.send_bytes(bytes.fromhex(examples["purchase_with_cvv"]["hex"]))
        approved = terminal.receive()
        own = {15, 38, 62 if host.name == "visa" else 63}  # what each host chooses itself
        expected = message_of(host.name, examples["purchase_approved"]["fields"])
        assert approved.mti == expected.mti
        assert approved.elements.keys() == expected.elements.keys()
        assert {de: v for de, v in approved.elements.items() if de not in own} == {
            de: v for de, v in expected.elements.items() if de not in own
        }

        terminal.send_bytes(bytes.fromhex(examples["refund"]["hex"]))
        assert terminal.receive().elements[39] == "00"

        for name in ("reversal", "reversal_repeated", "partial_reversal"):
            terminal.send_bytes(bytes.fromhex(examples[name]["hex"]))
            acknowledged = terminal.receive()
            sent = message_of(host.name, examples[name]["fields"])
            expected = message_of(host.name, examples["reversal_acknowledged"]["fields"])
            expected.elements |= {7: sent.elements[7], 11: sent.elements[11]}
            if host.name == "mastercard":
                expected.elements[15] = acknowledged.elements[15]  # the host's own day
            assert acknowledged == expected


def test_a_visa_host_rejects_with_the_bytes_of_the_example(tmp_path: Path) -> None:
    reject = vectors("visa")["reject"]["hex"]
    original = bytes.fromhex(reject)[4 + 26 :]
    with (
        SandboxProcess("visa", tmp_path) as host,
        connected(host, signed_on=False) as terminal,
    ):
        terminal.send_bytes(len(original).to_bytes(2, "big") + b"\0\0" + original)
        assert terminal.receive_frame().hex().upper() == reject
