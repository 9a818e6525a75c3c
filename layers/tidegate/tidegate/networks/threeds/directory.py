"""``DirectoryServers`` over HTTP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from tidegate.domain.authentication import AuthenticationAnswer, AuthenticationRequest
from tidegate.domain.errors import InvalidValue, MalformedBody, Unanswered
from tidegate.networks.http import exchange
from tidegate.networks.threeds.messages import (
    authentication_request,
    preparation_request,
    read_authentication_response,
    read_preparation_response,
)

RANGES_S = 3600.0
"""Card ranges are asked for at most once an hour and process."""
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


class HttpDirectoryServers:
    """The directory servers of all schemes behind one address; which scheme stands in the AReq."""

    def __init__(self, url: str, now: Callable[[], float] = time.monotonic) -> None:
        self._url = url.rstrip("/")
        self._now = now
        self._ranges: list[tuple[str, str, str]] = []
        self._ranges_until = float("-inf")

    def method_url(self, brand: str, pan: str, *, timeout_s: float) -> str | None:
        """See ``ports_authentication.DirectoryServers``."""
        if self._now() >= self._ranges_until:
            raw = self._post("prepare", preparation_request(str(uuid.uuid4())), timeout_s)
            try:
                self._ranges = read_preparation_response(raw)
            except (MalformedBody, InvalidValue):
                raise Unanswered("the card ranges cannot be read") from None
            self._ranges_until = self._now() + RANGES_S
        for start, end, url in self._ranges:
            if start[: len(pan)] <= pan <= end[: len(pan)]:
                return url
        return None

    def authenticate(
        self, request: AuthenticationRequest, *, timeout_s: float
    ) -> AuthenticationAnswer:
        """See ``ports_authentication.DirectoryServers``; an answer that cannot be read is none."""
        raw = self._post("authenticate", authentication_request(request), timeout_s)
        try:
            return read_authentication_response(raw, request.server_trans_id)
        except (MalformedBody, InvalidValue):
            raise Unanswered("the directory server's answer cannot be read") from None

    def _post(self, path: str, message: dict[str, Any], timeout_s: float) -> bytes:
        body = json.dumps(message, separators=(",", ":")).encode()
        answer = exchange(f"{self._url}/ds/{path}", "POST", body, HEADERS, timeout_s=timeout_s)
        if answer.status != 200:
            raise Unanswered("the directory server refused the message")
        return answer.body
