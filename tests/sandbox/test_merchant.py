"""The merchant's receiver keeps every webhook and answers as its path asks."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.sandbox.process import SandboxProcess


@pytest.fixture
def merchant(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess("merchant", tmp_path) as process:
        yield process


def test_a_webhook_is_kept_whole_and_acknowledged(merchant: SandboxProcess) -> None:
    body = '{"eventCode":"Payment","note":"café"}'.encode()
    headers = {"Authorization": "9f8e", "MsgID": "m-1", "Content-Type": "application/json"}
    answer = merchant.http("POST", "/shop/hook?x=1", content=body, headers=headers)
    assert (answer.status_code, answer.text) == (200, "SUCCESS")
    assert answer.headers["content-type"] == "text/plain"

    [kept] = merchant.http("GET", "/received").json()
    assert kept["path"] == "/shop/hook?x=1"
    assert kept["body"].encode() == body
    assert headers.items() <= kept["headers"].items()
    [line] = (merchant.state_dir / "webhooks.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == kept


def test_received_webhooks_can_be_asked_for_by_path(merchant: SandboxProcess) -> None:
    for path, body in (("/a", "1"), ("/b", "2"), ("/a?again", "3")):
        merchant.http("POST", path, content=body)
    found = merchant.http("GET", "/received?path=/a").json()
    assert [entry["body"] for entry in found] == ["1", "3"]
    assert merchant.http("GET", "/received?path=/c").json() == []


def test_failing_paths(merchant: SandboxProcess) -> None:
    assert merchant.http("POST", "/fail").status_code == 500
    answers = [merchant.http("POST", "/fail-once/p1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 200, 200]
    assert merchant.http("POST", "/fail-once/p2").status_code == 500
    plain = merchant.http("POST", "/ok")
    assert (plain.status_code, plain.text) == (200, "")
    assert len(merchant.http("GET", "/received").json()) == 6


def test_a_slow_path_is_slow_and_delays_nobody_else(merchant: SandboxProcess) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(merchant.http, "POST", "/slow/0.6")
        time.sleep(0.1)
        assert merchant.http("POST", "/quick").text == "SUCCESS"
        assert time.monotonic() - began < 0.5
        assert slow.result().text == "SUCCESS"
    assert time.monotonic() - began >= 0.6


def test_a_hanging_path_never_answers_and_does_not_keep_the_receiver_from_stopping(
    merchant: SandboxProcess,
) -> None:
    url = f"http://127.0.0.1:{merchant.ports['http']}/hang"
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url, timeout=0.4)
    assert merchant.http("GET", "/received?path=/hang").json()
    assert merchant.stop() == (0, "")


def test_what_was_received_is_found_again_after_a_kill(merchant: SandboxProcess) -> None:
    merchant.http("POST", "/one", content="first")
    merchant.stop(signal.SIGKILL)
    with (merchant.state_dir / "webhooks.jsonl").open("a") as file:
        file.write('{"cut sh')
    with SandboxProcess("merchant", merchant.state_dir) as again:
        again.http("POST", "/two", content="second")
        entries = again.http("GET", "/received").json()
    assert [entry["body"] for entry in entries] == ["first", "second"]


def test_the_page_shows_the_newest_first_and_runs_nothing(merchant: SandboxProcess) -> None:
    merchant.http("POST", "/old", content="the older one")
    merchant.http(
        "POST",
        "/<script>alert(1)</script>",
        content="<img src=x onerror=alert(2)>",
        headers={"X-Note": "<b>bold</b>"},
    )
    page = merchant.http("GET", "/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.index("onerror") < page.text.index("the older one")
    for markup in ("<script", "<img", "<b>"):
        assert markup not in page.text
    assert "&lt;img src=x onerror=alert(2)&gt;" in page.text


def test_a_body_without_a_length_is_refused(merchant: SandboxProcess) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"abc"

    assert merchant.http("POST", "/hook", content=chunks()).status_code == 411
    assert merchant.http("GET", "/received").json() == []
