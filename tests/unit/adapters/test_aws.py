"""Clients over botocore's data cut down to what we ask for: they reach what botocore's own do."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.config import Config
from botocore.session import Session

from local import aws_models
from tidegate.adapters import aws

CONFIG = Config(retries={"total_max_attempts": 1})
REGIONS = ("us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1")


def test_the_data_is_what_botocores_own_comes_to(tmp_path: Path) -> None:
    aws_models.write(tmp_path / "models")
    written = {
        path.relative_to(tmp_path / "models"): path.read_text()
        for path in (tmp_path / "models").rglob("*.json")
    }
    kept = {path.relative_to(aws.MODELS): path.read_text() for path in aws.MODELS.rglob("*.json")}
    assert kept == written, "make lock writes it anew"


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", aws_models.OPERATIONS)
def test_a_client_reaches_the_same_endpoint_as_botocores_own(
    service: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.client.cache_clear()
    ours = aws.client(service, CONFIG)
    theirs = Session().create_client(service, region)
    assert ours.meta.endpoint_url == theirs.meta.endpoint_url
    assert ours.meta.service_model.signing_name == theirs.meta.service_model.signing_name
    aws.client.cache_clear()


def test_an_endpoint_of_our_own_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    aws.client.cache_clear()
    assert aws.client("kms", CONFIG).meta.endpoint_url == "http://127.0.0.1:1"
    aws.client.cache_clear()


def test_what_the_data_lacks_is_boto3s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = aws.client("s3", CONFIG)
    assert client is aws.client("s3", CONFIG), "made once"
    assert client.meta.service_model.service_name == "s3"
    aws.client.cache_clear()
