"""The template and the state machines, read as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FUNCTION, MACHINE = "AWS::Serverless::Function", "AWS::Serverless::StateMachine"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as their long forms."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        return {name: text.split(".", 1) if tag == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


@cache
def template() -> dict[str, Any]:
    """template.yaml; intrinsic functions in their long forms."""
    loaded: dict[str, Any] = yaml.load(
        (ROOT / "template.yaml").read_text(),
        Loader=_Loader,  # noqa: S506  a SafeLoader's child
    )
    return loaded


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Properties of all resources of a type, by logical name."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, dict[str, Any]]:
    """Properties of every function, by logical name."""
    return resources(FUNCTION)


def variables(function: dict[str, Any]) -> dict[str, Any]:
    """The environment of a function, what all have included."""
    of_all = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**of_all, **function.get("Environment", {}).get("Variables", {})}


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy statement that the template writes itself, with its owner's name."""
    for kind in (FUNCTION, MACHINE):
        for name, properties in resources(kind).items():
            for policy in properties.get("Policies", ()):
                for statement in policy.get("Statement", ()):
                    yield name, statement


def as_list(value: Any) -> list[Any]:
    """A list of one, where CloudFormation lets a list of one be written as itself."""
    return value if isinstance(value, list) else [value]


def substituted(node: Any) -> str:
    """An Fn::Sub as text, its references left as they are."""
    value = node["Fn::Sub"]
    return str(value[0] if isinstance(value, list) else value)


def machines() -> dict[str, dict[str, Any]]:
    """Every state machine's definition, by file name."""
    return {
        path.name: json.loads(path.read_text())
        for path in sorted((ROOT / "statemachines").glob("*.asl.json"))
    }


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every state, those inside maps included: its name, itself, and the states beside it."""
    for name, state in definition["States"].items():
        yield name, state, definition["States"]
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])
