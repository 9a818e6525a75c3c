"""The other side of AWS's wire for one function at a time: what was recorded, told again.

A request is known by its operation and the record that it is about; a second request about the same
record within an invocation gets the second answer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

YARDSTICK = "yardstick"
"""The yardstick's table."""
END = "/end"
"""Ends an invocation; answers how many requests it had."""


@dataclass(frozen=True)
class Recorded:
    """One answer of AWS."""

    operation: str
    record: str
    status: int
    headers: Mapping[str, str]
    body: str
    """Base64."""


def known_by(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Operation and record of a request."""
    target = headers.get("x-amz-target")
    if target is None:  # S3 by its path, SNS and SES by the action in the form
        action = next((p for p in body[:200].decode("latin-1").split("&") if "Action=" in p), "")
        return f"{method} {action}", path
    return target, _record(json.loads(body or b"{}"))


def _record(given: dict[str, Any]) -> str:
    if "TransactItems" in given:
        return "+".join(_record(next(iter(one.values()))) for one in given["TransactItems"])
    key = given.get("Key") or given.get("Item")
    if key:
        return "/".join(str(key[name].get("S")) for name in ("p", "s"))
    for name in ("CiphertextBlob", "ExpressionAttributeValues", "stateMachineArn"):
        if name in given:
            return json.dumps(given[name], sort_keys=True)
    return ""


class Stub:
    """A server on 127.0.0.1, keep-alive, one answer a packet."""

    def __init__(self, recorded: list[Recorded]) -> None:
        self._exact: dict[tuple[str, str], list[bytes]] = {}
        self._alike: dict[tuple[str, str], bytes] = {}
        for one in recorded:
            answer = _http(one.status, one.headers, base64.b64decode(one.body))
            self._exact.setdefault((one.operation, one.record), []).append(answer)
            self._alike[one.operation, _kind(one.record)] = answer
            self._alike[one.operation, ""] = answer
        self._seen: Counter[tuple[str, str]] = Counter()
        self._requests = 0
        self._empty = _http(200, {"content-type": "application/x-amz-json-1.0"}, b"{}")

    async def serve(self) -> None:
        """Until cancelled; the port is the first line of output."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                if headers.get("expect") == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = head[0].split(" ", 2)
                writer.write(self._answer(method, path, headers, body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        if path == END:
            count, self._requests = self._requests, 0
            self._seen.clear()
            return _http(200, {}, str(count).encode())
        if f'"{YARDSTICK}"'.encode() in body:
            return self._empty
        self._requests += 1
        key = known_by(method, path, headers, body)
        answers = self._exact.get(key)
        if answers:
            self._seen[key] += 1
            return answers[min(self._seen[key], len(answers)) - 1]
        alike = self._alike.get((key[0], _kind(key[1]))) or self._alike.get((key[0], ""))
        return alike or self._empty


def _kind(record: str) -> str:
    return record.split("#")[0]


def _http(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    kept = {n: v for n, v in headers.items() if n.lower() not in ("content-length", "server")}
    lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
    head = f"HTTP/1.1 {status} OK\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


def write(recorded: list[Recorded]) -> str:
    return json.dumps([asdict(one) for one in recorded])


if __name__ == "__main__":
    asyncio.run(Stub([Recorded(**one) for one in json.load(sys.stdin)]).serve())
