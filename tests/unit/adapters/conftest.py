"""AWS as an adapter finds it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import pytest

from tests.support.mocked_aws import mocked_aws
from tests.support.tables import table_definition

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
    with mocked_aws():
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(TableName=NAME, **table_definition())
        key_id = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
        monkeypatch.setenv("KMS_KEY_ID", key_id)
        yield SimpleNamespace(table=NAME, key_id=key_id, dynamodb=dynamodb)
