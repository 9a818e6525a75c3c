"""Where services are and how they are spoken to, held against botocore's own data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials as TheirCredentials
from botocore.exceptions import NoCredentialsError
from botocore.retries import standard
from botocore.session import Session
from moto.core.botocore_stubber import MockRawResponse

from tidegate.adapters import aws, wire

DATA = Path(botocore.__file__).parent / "data"
NAMES = {"states": "stepfunctions"}
"""Where botocore's name for a service is another."""


def regions() -> list[str]:
    """Every region that botocore knows, of all partitions."""
    partitions = json.loads((DATA / "partitions.json").read_text())["partitions"]
    return [name for one in partitions for name in one["regions"] if "global" not in name]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("service", wire.PROTOCOLS)
def test_a_service_is_spoken_to_as_botocores_model_says(service: str) -> None:
    model = Session().get_service_model(NAMES.get(service, service))
    assert model.metadata["targetPrefix"] == wire.PROTOCOLS[service].target
    assert model.metadata["jsonVersion"] == wire.PROTOCOLS[service].version
    assert model.metadata["endpointPrefix"] == service == model.signing_name


def test_a_payments_workflow_has_the_host_that_botocores_model_says() -> None:
    model = Session().get_service_model("stepfunctions").operation_model("StartSyncExecution")
    endpoint: Any = model.endpoint
    assert endpoint == {"hostPrefix": "sync-"}


@pytest.mark.parametrize("region", regions())
def test_a_service_is_in_the_domain_of_its_regions_partition(region: str) -> None:
    partitions = json.loads((DATA / "partitions.json").read_text())["partitions"]
    (domain,) = (one["outputs"]["dnsSuffix"] for one in partitions if region in one["regions"])
    assert aws.endpoint_url("dynamodb", region) == f"https://dynamodb.{region}.{domain}"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", wire.PROTOCOLS)
def test_a_wire_leads_where_botocores_own_client_does(
    service: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    aws.wire.cache_clear()
    theirs = Session().create_client(NAMES.get(service, service), region)
    ours = aws.wire(service, connect_s=1, read_s=1, tries=1)
    assert ours.endpoint_url == theirs.meta.endpoint_url
    aws.wire.cache_clear()


def test_an_endpoint_of_our_own_is_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    aws.wire.cache_clear()
    ours = aws.wire("states", connect_s=1, read_s=1, tries=1, host="sync-states")
    assert ours.endpoint_url == "http://127.0.0.1:1"
    assert ours is aws.wire("states", connect_s=1, read_s=1, tries=1, host="sync-states")
    aws.wire.cache_clear()


def test_what_is_tried_again_is_what_botocore_tries_again() -> None:
    throttled: Any = standard.ThrottledRetryableChecker
    transient: Any = standard.TransientRetryableChecker
    by_status: Any = vars(standard)["ThrottlingStatusCodeChecker"]
    assert (
        frozenset(throttled._THROTTLED_ERROR_CODES + transient._TRANSIENT_ERROR_CODES)
        == wire.RETRIED_CODES
    )
    assert (
        frozenset(transient._TRANSIENT_STATUS_CODES + by_status._THROTTLING_STATUS_CODES)
        == wire.TRANSIENT_STATUSES
    )


def test_lambdas_credentials_are_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SK")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "TK")
    assert aws.credentials() == ("AK", "SK", "TK")


def test_those_that_are_renewed_are_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with SnapStart, where the environment holds none."""
    aws._renewed.cache_clear()
    monkeypatch.setattr(Session, "get_credentials", lambda _: TheirCredentials("A", "S", "T"))
    found = aws.credentials()
    assert (found.access_key, found.secret_key, found.token) == ("A", "S", "T")
    aws._renewed.cache_clear()
    monkeypatch.setattr(Session, "get_credentials", lambda _: None)
    with pytest.raises(NoCredentialsError):
        aws.credentials()
    aws._renewed.cache_clear()


def test_a_file_is_sent_without_asking_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SK")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.client.cache_clear()
    sent: list[AWSPreparedRequest] = []

    def answered(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, MockRawResponse(""))  # type: ignore[arg-type]

    client = aws.client("s3", tries=1)
    client.meta.events.register("before-send.s3", answered)
    client.put_object(Bucket="b", Key="k", Body=b"x")
    assert [request.method for request in sent] == ["PUT"]
    assert "Expect" not in sent[0].headers
    aws.client.cache_clear()


def test_other_services_are_boto3s() -> None:
    client = aws.client("s3", tries=3)
    assert client is aws.client("s3", tries=3), "made once"
    assert client.meta.service_model.service_name == "s3"
    aws.client.cache_clear()
