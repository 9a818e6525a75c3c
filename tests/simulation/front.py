"""API Gateway as template.yaml has it: from a request to the function behind its path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulation.asl import TaskFailed
from tests.simulation.functions import Functions, resources

HOST = "pay.example"
API_S = 29.0
"""API Gateway waits no longer."""
_FUNCTION = re.compile(r"\$\{(\w+)\.Arn\}")
_PARAMETER = re.compile(r"\\\{(\w+)\\\}")
Answer = dict[str, Any]


class Front:
    """The one way to the functions that anybody outside has."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def request(self, method: str, target: str, headers: Mapping[str, str], body: str) -> Answer:
        """The function's answer; raises TaskFailed where it gave none."""
        parts = urlsplit(target)
        name, parameters = routed(method, parts.path)
        event = {
            "httpMethod": method,
            "path": parts.path,
            "pathParameters": parameters,
            "headers": dict(headers),
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": parse_qs(parts.query) or None,
            "body": body or None,
            "isBase64Encoded": False,
        }
        answer: Answer = self._functions.invoke(name, event, API_S)
        return answer

    def serve(self, raw: bytes) -> bytes:
        """The same by its bytes, for those who come over the web."""
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        try:
            answer = self.request(method, target, headers, body.decode())
        except TaskFailed:
            answer = {"statusCode": 502, "headers": {}, "body": ""}
        content: bytes = answer["body"].encode()
        status = HTTPStatus(answer["statusCode"])
        told = [f"HTTP/1.1 {status.value} {status.phrase}"]
        told += [f"{name}: {value}" for name, value in answer["headers"].items()]
        told += [f"Content-Length: {len(content)}", "", ""]
        return "\r\n".join(told).encode() + content


def routed(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The function's logical id and the path's parameters; raises LookupError."""
    for pattern, functions in _routes():
        found = pattern.fullmatch(path)
        if found is not None and method.lower() in functions:
            parameters = {name: unquote(text) for name, text in found.groupdict().items()}
            return functions[method.lower()], parameters
    raise LookupError(f"{method} {path}")


@cache
def _routes() -> list[tuple[re.Pattern[str], dict[str, str]]]:
    """Exact paths before those with parameters, as API Gateway chooses."""
    paths = resources()["Api"]["Properties"]["DefinitionBody"]["paths"]
    return [
        (
            re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", re.escape(path))),
            {method: name for method, one in item.items() for name in _named(one)},
        )
        for path, item in sorted(paths.items(), key=lambda one: one[0].count("{"))
    ]


def _named(operation: Mapping[str, Any]) -> list[str]:
    uri = operation["x-amazon-apigateway-integration"].get("uri")
    return _FUNCTION.findall(uri) if uri else []
