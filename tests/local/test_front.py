"""The front changes one header and one path prefix, and passes everything else as it is."""

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.front import Front, response_headers

UPSTREAM_PATH = "/restapis/abc123/local/_user_request_"


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it received."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = {
            "path": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        answer = json.dumps(seen).encode()
        self.send_response(202)
        self.send_header("X-Evo-Signature", "c0ffee")
        self.send_header("MsgID", "m1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _serve(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


class _Upstream(ThreadingHTTPServer):
    request_queue_size = 128  # the default of 5 refuses when 32 clients come at once
    daemon_threads = True


@pytest.fixture(scope="module")
def upstream() -> Iterator[ThreadingHTTPServer]:
    yield from _serve(_Upstream(("127.0.0.1", 0), _Echo))


@pytest.fixture(scope="module")
def front(upstream: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    yield from _serve(Front(0, upstream.server_address[1], UPSTREAM_PATH))


@pytest.fixture
def client(front: ThreadingHTTPServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", front.server_address[1], timeout=5)
    yield connection
    connection.close()


def _call(
    client: http.client.HTTPConnection, path: str, body: Any = b"", **headers: str
) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    client.request("POST", path, body, headers)
    answer = client.getresponse()
    return answer, json.loads(answer.read())


def test_the_signature_comes_back_as_authorization(client: http.client.HTTPConnection) -> None:
    answer, _ = _call(client, "/g2/v1/payment/mer/S1/payment", b"{}")

    assert answer.status == 202
    assert answer.headers["Authorization"] == "c0ffee"
    assert answer.headers["MsgID"] == "m1"
    assert answer.headers["X-Evo-Signature"] is None


def test_path_query_headers_and_body_pass_unchanged(client: http.client.HTTPConnection) -> None:
    body = bytes(range(256))
    _, seen = _call(client, "/g2/x%2Fy?b=2&a=%2B+1&a", body, Authorization="sig", DateTime="now")

    assert seen["path"] == f"{UPSTREAM_PATH}/g2/x%2Fy?b=2&a=%2B+1&a"
    assert seen["body"] == body.decode("latin-1")
    assert ["authorization", "sig"] in seen["headers"]
    assert ["datetime", "now"] in seen["headers"]


def test_a_chunked_body_arrives_whole(client: http.client.HTTPConnection) -> None:
    _, seen = _call(client, "/g2/x", iter([b"one ", b"two"]))

    assert seen["body"] == "one two"


def test_one_connection_serves_many_requests(client: http.client.HTTPConnection) -> None:
    client.connect()
    first = client.sock
    for _ in range(3):
        _call(client, "/g2/x", b"{}")

    assert client.sock is first


def test_the_root_answers_without_the_gateway(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/")

    assert client.getresponse().status == 200


def test_other_paths_do_not_reach_the_embedded_aws(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/_ministack/reset")

    assert client.getresponse().status == 404


def test_a_gateway_that_is_down_is_said_so() -> None:
    for server in _serve(Front(0, 1, UPSTREAM_PATH)):
        client = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
        answer, body = _call(client, "/g2/x", b"{}")
        assert (answer.status, body["result"]["code"]) == (503, "E0000")
        client.close()


def test_a_broken_request_is_refused(client: http.client.HTTPConnection) -> None:
    client.putrequest("POST", "/g2/x")
    client.putheader("Content-Length", "many")
    client.endheaders()

    assert client.getresponse().status == 400


def test_thirty_two_clients_at_once(front: ThreadingHTTPServer) -> None:
    def one(number: int) -> bool:
        client = http.client.HTTPConnection("127.0.0.1", front.server_address[1], timeout=10)
        sent = [f"{number}-{turn}" for turn in range(10)]
        received = [_call(client, "/g2/x", text.encode())[1]["body"] for text in sent]
        client.close()
        return sent == received

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(one, range(32)))


def test_headers_of_the_connection_are_not_forwarded() -> None:
    received = [("Connection", "close"), ("Transfer-Encoding", "chunked"), ("KeyID", "k1")]

    assert list(response_headers(received)) == [("KeyID", "k1")]
