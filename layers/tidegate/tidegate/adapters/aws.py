"""AWS from within a function: where its services are, who asks, and one client for each.

DynamoDB, KMS, SQS, Step Functions and Secrets Manager go over a wire of our own (``wire.py``):
every cold start of a payment waits for them. S3, SNS and SES speak other protocols and stay with
boto3: they serve functions that nobody waits for.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, NamedTuple

from tidegate.adapters.wire import Wire

DOMAIN = "amazonaws.com"
PARTITIONS = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "us-isof-": "csp.hci.ic.gov",
}
"""The domains of AWS's other partitions, by how their regions' names begin."""


class Credentials(NamedTuple):
    """Who asks, by the names that botocore's signatures know."""

    access_key: str
    secret_key: str
    token: str | None = None


@cache
def wire(
    service: str, *, connect_s: float, read_s: float, tries: int, host: str | None = None
) -> Wire:
    """One connection to a service; endpoint, region and credentials from the environment."""
    url = os.environ.get("AWS_ENDPOINT_URL") or endpoint_url(host or service, region())
    return Wire(
        service, url, region(), credentials, connect_s=connect_s, read_s=read_s, tries=tries
    )


@cache
def client(service: str, *, tries: int, connect_s: float = 60, read_s: float = 60) -> Any:
    """boto3's client of a service."""
    import boto3
    from botocore.config import Config
    from botocore.handlers import add_expect_header

    make: Any = boto3.client
    made = make(
        service,
        config=Config(
            connect_timeout=connect_s,
            read_timeout=read_s,
            retries={"total_max_attempts": tries, "mode": "standard"},
            parameter_validation=False,  # parameters are written by us, and AWS checks them as well
            user_agent="tidegate",  # else it is put together anew for every request
        ),
    )
    # To ask first whether a file may come is a round trip for each, and ours are small.
    made.meta.events.unregister("before-call.s3", add_expect_header)
    return made


def region() -> str:
    """Where this function runs."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


def endpoint_url(host: str, of_region: str) -> str:
    """Where a service is, in whichever partition of AWS the region belongs to."""
    domain = next((PARTITIONS[one] for one in PARTITIONS if of_region.startswith(one)), DOMAIN)
    return f"https://{host}.{of_region}.{domain}"


def credentials() -> Any:
    """As they are now. Lambda's are in the environment and never change; with SnapStart they are
    fetched and renewed instead, which is left to botocore."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return Credentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN"),
        )
    return _renewed().get_frozen_credentials()


@cache
def _renewed() -> Any:
    from botocore.exceptions import NoCredentialsError
    from botocore.session import Session

    found = Session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found
