"""AWS in this process, for one adapter at a time. Races and transactions are tried elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session
from moto import mock_aws
from moto.core.models import botocore_stubber

from tidegate.adapters import aws
from tidegate.adapters.dynamodb import table


@contextmanager
def mocked_aws() -> Iterator[None]:
    """moto, which answers boto3's clients by itself; and what our wire sends as well."""
    send = URLLib3Session.send

    def answered(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        return botocore_stubber("before-send", request) or send(session, request)

    _forget()
    with mock_aws(), patch.object(URLLib3Session, "send", answered):
        yield
    _forget()


def _forget() -> None:
    for made in (aws.wire, aws.client, table.connection):
        made.cache_clear()
