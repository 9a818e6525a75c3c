"""The table of template.yaml in any engine, and the adapters over it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml

from local import deploy
from tidegate.adapters import aws
from tidegate.adapters.dynamodb.table import Table
from tidegate.adapters.wire import Wire

ROOT = Path(__file__).parents[2]


class CloudFormationLoader(yaml.SafeLoader):
    """CloudFormation's short tags read as their values: the table's definition has none that
    matter."""


CloudFormationLoader.add_multi_constructor(
    "!",
    lambda loader, _suffix, node: (
        loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None
    ),
)


@cache
def table_definition() -> dict[str, Any]:
    """The properties of the table that CreateTable takes."""
    template = yaml.load((ROOT / "template.yaml").read_text(), CloudFormationLoader)  # noqa: S506
    properties = template["Resources"]["Table"]["Properties"]
    taken = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {name: properties[name] for name in taken}


def client(endpoint_url: str | None) -> Any:
    """A client that is not the adapters' own."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        region_name=deploy.REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def new_table(endpoint_url: str | None, name: str) -> Table:
    """A fresh table in an engine, with a connection of its own; without an endpoint in moto."""
    client(endpoint_url).create_table(TableName=name, **table_definition())
    return Table(name, wired(endpoint_url or aws.endpoint_url("dynamodb", deploy.REGION)))


def wired(endpoint_url: str, tries: int = 1) -> Wire:
    """A connection of its own."""
    return Wire(
        "dynamodb",
        endpoint_url,
        deploy.REGION,
        lambda: aws.Credentials("local", "local"),
        connect_s=1,
        read_s=3,
        tries=tries,
    )
