"""AWS's JSON protocols: a request is one signed POST of JSON, its answer JSON; bytes are base64.

Stands where botocore has its clients. Signatures, connections and exceptions are botocore's; left
out is what botocore loads and does for four hundred services around them, which takes longer than
the request itself, and half of a cold start.
"""

from __future__ import annotations

import copy
import json
import os
import random
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from botocore.httpsession import URLLib3Session

MAX_PAUSE_S = 20.0
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
RETRIED_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""As botocore's standard mode has them."""


class Protocol(NamedTuple):
    """How a service is spoken to."""

    target: str
    """Stands before an operation's name."""
    version: str


PROTOCOLS = {
    "dynamodb": Protocol("DynamoDB_20120810", "1.0"),
    "kms": Protocol("TrentService", "1.1"),
    "secretsmanager": Protocol("secretsmanager", "1.1"),
    "sqs": Protocol("AmazonSQS", "1.0"),
    "states": Protocol("AWSStepFunctions", "1.0"),
}
"""By the name that a service has in signatures, endpoints and policies; as botocore says."""


class Wire:
    """One service at one endpoint, kept connected."""

    def __init__(
        self,
        service: str,
        endpoint_url: str,
        region: str,
        credentials: Callable[[], Any],
        *,
        connect_s: float,
        read_s: float,
        tries: int,
    ) -> None:
        self.endpoint_url = endpoint_url
        self._service = service
        self._region = region
        self._credentials = credentials
        self._tries = tries
        self._read_s: float | None = None
        # A pair is what botocore itself gives it, and no wait for an acknowledgement between the
        # head and the body of a request: that is 40 ms.
        self._http = URLLib3Session(
            verify=os.environ.get("AWS_CA_BUNDLE") or True,  # type: ignore[arg-type]
            timeout=(connect_s, read_s),  # type: ignore[arg-type]
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # type: ignore[list-item]
        )

    def hurried(self, read_s: float) -> Wire:
        """For what is not worth waiting for: the same connections, one try, and no more than this
        for its answer."""
        made = copy.copy(self)
        made._tries, made._read_s = 1, read_s
        return made

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of an operation.

        Raises ClientError for what the service refuses, NotConnected where it was not reached and
        HTTPClientError where it did not answer; all after the last try.
        """
        body = json.dumps(given).encode()
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
        protocol = PROTOCOLS[self._service]
        headers = {
            "X-Amz-Target": f"{protocol.target}.{operation}",
            "Content-Type": f"application/x-amz-json-{protocol.version}",
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            headers["X-Amzn-Trace-Id"] = trace
        request = AWSRequest("POST", f"{self.endpoint_url}/", headers=headers, data=body)
        SigV4Auth(self._credentials(), self._service, self._region).add_auth(request)
        prepared = request.prepare()
        if self._read_s is not None:  # no stub names the context
            prepared.context["read_timeout"] = self._read_s  # type: ignore[attr-defined]
        answer = self._http.send(prepared)
        if answer.status_code != 200:
            raise _refusal(operation, answer.status_code, answer.headers, answer.content)
        found: dict[str, Any] = json.loads(answer.content) if answer.content else {}
        return found


def _refusal(operation: str, status: int, headers: Any, content: bytes) -> ClientError:
    """As botocore parses it."""
    try:
        said = json.loads(content)
    except ValueError:  # not the service, but something before it
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
