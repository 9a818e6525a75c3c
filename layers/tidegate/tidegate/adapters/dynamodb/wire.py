"""DynamoDB's wire: a request is one signed POST of JSON, its answer JSON.

Stands where pynamodb has a botocore client. Credentials, signatures, connections and exceptions are
botocore's; left out is what botocore does for four hundred services around them, which takes longer
than the request itself: it was a third of the processor time of a payment.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import random
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from botocore.httpsession import URLLib3Session

from tidegate.adapters import aws

SERVICE = "dynamodb"
API = "DynamoDB_20120810"
CONTENT_TYPE = "application/x-amz-json-1.0"
MAX_PAUSE_S = 20.0
TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
RETRIED_CODES = frozenset(
    {
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""As botocore's standard mode has them."""


class Wire:
    """One endpoint, kept connected."""

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        credentials: Callable[[], Any],
        *,
        connect_s: float,
        read_s: float,
        tries: int,
    ) -> None:
        self.endpoint_url = endpoint_url or aws.endpoint_url(SERVICE, region)
        self._region = region
        self._credentials = credentials
        self._tries = tries
        self._read_s: float | None = None
        # A pair is what botocore itself gives it, and no wait for an acknowledgement between the
        # head and the body of a request: that is 40 ms.
        self._http = URLLib3Session(
            verify=aws.trusted(),
            timeout=(connect_s, read_s),  # type: ignore[arg-type]
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # type: ignore[list-item]
        )

    def hurried(self, read_s: float) -> Wire:
        """For what is not worth waiting for: the same connections, one try, and no more than this
        for its answer."""
        made = copy.copy(self)
        made._tries, made._read_s = 1, read_s
        return made

    def _make_api_call(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """The answer of an operation; the name is botocore's, by which pynamodb calls it.

        Raises ClientError for what DynamoDB refuses, NotConnected where it was not reached and
        HTTPClientError where it did not answer; all after the last try.
        """
        if operation == "TransactWriteItems":  # by it DynamoDB knows a second try of the same
            given = {"ClientRequestToken": str(uuid.uuid4()), **given}
        body = json.dumps(given, default=_base64).encode()
        for left in reversed(range(self._tries)):
            try:
                return self._try(operation, body)
            except (NotConnected, HTTPClientError):
                if not left:
                    raise
            except ClientError as error:
                if not left or not _is_transient(error):
                    raise
            time.sleep(random.random() * min(2 ** (self._tries - 1 - left), MAX_PAUSE_S))  # noqa: S311
        raise AssertionError("there is at least one try")

    def _try(self, operation: str, body: bytes) -> dict[str, Any]:
        headers = {"X-Amz-Target": f"{API}.{operation}", "Content-Type": CONTENT_TYPE}
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            headers["X-Amzn-Trace-Id"] = trace
        request = AWSRequest("POST", f"{self.endpoint_url}/", headers=headers, data=body)
        SigV4Auth(self._credentials(), SERVICE, self._region).add_auth(request)
        prepared = request.prepare()
        if self._read_s is not None:  # no stub names the context
            prepared.context["read_timeout"] = self._read_s  # type: ignore[attr-defined]
        answer = self._http.send(prepared)
        if answer.status_code != 200:
            raise _refusal(operation, answer.status_code, answer.headers, answer.content)
        found: dict[str, Any] = json.loads(answer.content, object_hook=_with_bytes)
        return found


def _refusal(operation: str, status: int, headers: Any, content: bytes) -> ClientError:
    """As botocore parses it."""
    try:
        said = json.loads(content)
    except ValueError:  # not DynamoDB, but something before it
        said = {}
    code = str(said.get("__type", status)).rsplit("#", 1)[-1]
    response: Any = {
        "Error": {"Code": code, "Message": said.get("message") or said.get("Message") or ""},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": dict(headers)},
        "CancellationReasons": said.get("CancellationReasons", []),
    }
    return ClientError(response, operation)


def _is_transient(error: ClientError) -> bool:
    response: Any = error.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"] in TRANSIENT_STATUSES
        or response["Error"]["Code"] in RETRIED_CODES
    )


def _base64(value: Any) -> str:
    return base64.b64encode(value).decode()


def _with_bytes(found: dict[str, Any]) -> dict[str, Any]:
    """``{"B": …}`` with its bytes."""
    text = found.get("B")
    return {"B": base64.b64decode(text)} if len(found) == 1 and isinstance(text, str) else found
