"""The collection of HTTP examples, sent one after the other."""

from __future__ import annotations

import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from local.environments import ROOT
from local.merchant_client import LINKPAY_PREFIX, Answer, Merchant
from local.stack import Stack
from tidegate.api.evocloud.operations import OPERATIONS

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
EXAMPLES = ROOT / "docs" / "examples" / "merchant-api.http"


@dataclass(frozen=True)
class Example:
    """One block of the collection."""

    title: str
    method: str
    target: str
    body: str
    expected: str
    kept: dict[str, str]


def examples(file: Path) -> list[Example]:
    found = []
    for block in file.read_text().split("\n### ")[1:]:
        title, request, *lines = block.strip().splitlines()
        method, target = request.split(" ", 1)
        body = "\n".join(line for line in lines if not line.startswith("#"))
        (expected,) = (line[4:] for line in lines if line.startswith("# → "))
        kept = dict(
            line.removeprefix("# keep ").split(" = ")
            for line in lines
            if line.startswith("# keep ")
        )
        found.append(Example(title, method, target, body, expected, kept))
    return found


def at(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body[int(name)] if isinstance(body, list) else body[name]
    return body


def send(merchant: Merchant, method: str, target: str, body: str) -> Answer:
    path, _, query = target.partition("?")
    prefix = LINKPAY_PREFIX if "linkpay" in path else ""
    pairs = dict(parse_qsl(query))
    return merchant.call(method, path, query=pairs, body=body.encode(), prefix=prefix)


def test_every_example_comes_out_as_it_says(stack: Stack, merchant: Merchant) -> None:
    values = {
        "run": f"-{secrets.token_hex(4)}",
        "vault": stack.store["vaultID"],
        "card": "4761340000000043",
    }

    def filled(text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda name: values[name[1]], text)

    for one in examples(EXAMPLES):
        answer = send(merchant, one.method, filled(one.target), filled(one.body))
        code, *facts = shlex.split(one.expected)
        assert answer.code == code, (one.title, answer.body)
        for fact in facts:
            path, value = fact.split("=", 1)
            shown = at(answer.body, path)
            assert (str(shown).lower() if shown is True else str(shown)) == value, one.title
        values |= {name: at(answer.body, path) for name, path in one.kept.items()}


def test_every_operation_has_an_example() -> None:
    shown = {(one.method.lower(), re.split(r"[?/]", one.target)[0]) for one in examples(EXAMPLES)}
    there = {
        (operation.method, operation.path.split("{sid}/")[1].split("/")[0])
        for operation in OPERATIONS
    }
    assert there == shown
