"""AWS in this process, for one adapter at a time. Races and transactions are tried elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from tests.support.tables import mocked_connection, table_definition
from tidegate.adapters import aws as aws_clients
from tidegate.adapters import kms
from tidegate.adapters.dynamodb import table as adapter

NAME = "tidegate"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A table and a key, named in the environment as a function would find them."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "TABLE_NAME": NAME,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        monkeypatch.setattr(adapter, "connection", cache(mocked_connection))
        kms.client.cache_clear()
        aws_clients.client.cache_clear()
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(TableName=NAME, **table_definition())
        key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        monkeypatch.setenv("KMS_KEY_ID", key_id)
        yield SimpleNamespace(table=NAME, key_id=key_id, dynamodb=dynamodb)
    kms.client.cache_clear()
    aws_clients.client.cache_clear()
