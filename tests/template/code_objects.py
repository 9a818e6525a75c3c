"""What code is made of, for those who follow it (``calls.py``): objects that are real or only known
by their class, and the syntax tree, hints and closure of a function."""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.template.reading import ROOT

OURS = "tidegate"
PURE = ("tidegate.domain", "tidegate.ports")
"""Leads nowhere (tests/unit/test_architecture.py)."""
ACTIONS = {
    ("Table", "get"): "dynamodb:GetItem",
    ("Table", "put"): "dynamodb:PutItem",
    ("Table", "update"): "dynamodb:UpdateItem",
    ("Table", "query"): "dynamodb:Query",
    ("Table", "batch_get"): "dynamodb:BatchGetItem",
    ("Table", "glance"): "dynamodb:BatchGetItem",
    ("Table", "batch_put"): "dynamodb:BatchWriteItem",
    ("Transaction", "put"): "dynamodb:PutItem",
    ("Transaction", "update"): "dynamodb:UpdateItem",
    ("Transaction", "check"): "dynamodb:ConditionCheckItem",
}
"""What a transaction writes needs the permission of each of its writes."""
OPERATIONS = {"SendMessageBatch": "SendMessage", "HeadObject": "GetObject"}
"""Operations that are permitted under another's name."""
RESOURCES = ("KeyId", "SecretId", "Bucket", "stateMachineArn", "TopicArn", "QueueUrl", "Source")
EXECUTION = "executionArn"
VARIABLES = {
    "TABLE_NAME": "Table",
    "KMS_KEY_ID": "KmsKey",
    "CARD_INFO_KEY_ID": "CardInfoKey",
    "FILES_BUCKET": "FilesBucket",
    "WALLET_SECRET_ARN": "WalletSecret",
    "EVENTS_TOPIC_ARN": "EventsTopic",
    "NOTICES_QUEUE_URL": "NoticesQueue",
    "NOTICES_STATE_MACHINE_ARN": "NoticesStateMachine",
    "PAYMENT_STATE_MACHINE_ARN": "PaymentStateMachine",
    "SETTLEMENT_STATE_MACHINE_ARN": "SettlementStateMachine",
    "MAIL_FROM": "MailFrom",
    "NETWORKS": "visa,mastercard",
    "WALLETS": "alipayplus",
    "PUBLIC_URL": "https://pay.example",
}
"""Every resource under its logical name, so that a call says which it is about."""


class Client:
    """In the place of a client: knows its service, and does nothing."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.exceptions = types.SimpleNamespace()

    def __repr__(self) -> str:
        return f"Client({self.service})"

    def hurried(self, _read_s: float) -> Client:
        """The same in haste."""
        return self


@dataclass(frozen=True)
class Made:
    """An object that exists only while the function runs: its class is known, no more."""

    kind: type


@dataclass(frozen=True)
class Of:
    """Something of a generic type, such as the items of an Iterator[Payment]."""

    hint: Any


@dataclass(frozen=True)
class Method:
    """A method of an object, real or not."""

    function: Any
    owner: Any
    name: str


def own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything of a function but what its inner functions are made of."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def key_of(value: Any) -> str:
    """What tells a value apart where it may lead to AWS; empty where it cannot."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, Method):
        return f"{value.name} of {key_of(value.owner)}"
    kind = value.kind if isinstance(value, Made) else type(value)
    if isinstance(value, types.FunctionType):
        return f"{value.__qualname__}@{id(value)}"
    if not kind.__module__.startswith(OURS) or kind.__module__.startswith(PURE):
        return ""
    return kind.__qualname__ if isinstance(value, Made) else f"{kind.__qualname__}@{id(value)}"


def held_by(function: Any) -> list[str]:
    """What a closure was made over."""
    return [key_of(cell.cell_contents) for cell in function.__closure__ or ()]


def bound_arguments(
    function: Any, arguments: list[Any], named: dict[str, list[Any]]
) -> dict[str, list[Any]]:
    """Arguments by the names of the parameters."""
    names = list(inspect.signature(function, follow_wrapped=False).parameters)
    return {**dict(zip(names, arguments, strict=False)), **named}


@functools.cache
def tree_of(function: Any) -> Any:
    """The syntax tree of a function's own source."""
    source = textwrap.dedent(inspect.getsource(function.__code__))  # its own, not what it wraps
    found = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.Lambda)
    )
    if isinstance(found, ast.Lambda):
        return ast.Module([ast.Return(found.body)], [])
    return found


@functools.cache
def hints_of(one: Any) -> dict[str, Any]:
    """The type hints of a function or a class."""
    try:
        return typing.get_type_hints(one)
    except (NameError, TypeError):
        return {}


def within(value: Any, seen: set[int]) -> Iterator[Any]:
    """An object of ours and everything of ours that it holds."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, dict):
        inside: Iterable[Any] = value.values()
    elif isinstance(value, list | tuple):
        inside = value
    elif isinstance(value, types.FunctionType):
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
    elif type(value).__module__.startswith(OURS):
        yield value
        slots = [name for one in type(value).__mro__ for name in getattr(one, "__slots__", ())]
        inside = [getattr(value, name, None) for name in (*getattr(value, "__dict__", ()), *slots)]
    else:
        return
    for one in inside:
        yield from within(one, seen)


def load(folder: str) -> types.ModuleType:
    """A function's module, by the folder of its code."""
    name = f"app_{folder.rsplit('/', 1)[-1]}"
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
