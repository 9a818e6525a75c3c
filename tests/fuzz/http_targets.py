"""What anybody whom the gateway calls may answer as HTTP."""

from __future__ import annotations

from tests.fuzz.shapes import FORM, Either, Http, Raw
from tests.fuzz.target import Target
from tests.fuzz.wires import answering
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.networks.http import exchange


def _exchanged(said: bytes) -> None:
    with answering(said):
        answer = exchange("http://network.example/a", "POST", b"{}", {}, timeout_s=60)
    assert 100 <= answer.status <= 999


HTTP_ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nResponse-Time: 2026\r\n"
    b"Content-Length: 14\r\n\r\n" + b'{"a":[1,2,{}]}',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 Busy\r\nConnection: close\r\n\r\nlater",
    b"HTTP/1.1 204 No Content\r\nA: b\r\n c\r\n\r\n",
)


TARGETS = (
    Target(
        "http.answer",
        _exchanged,
        (NotSent, Unanswered),
        Either(Http(Raw()), FORM),
        lambda: HTTP_ANSWERS,
    ),
)
