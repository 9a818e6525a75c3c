"""A payment on the local stack beside an empty request of the same shape on the same engine.

In both: the embedded REST API, a Python function that starts an Express workflow and waits for it,
a second function in the workflow, the answer (`bench/empty/`, deployed by the same `sam build` and
`sam deploy`). Only in the payment: the HTTP front, all that the gateway does, the network's host,
and on the same two cores what follows a payment: stream, queue, webhook, postings.

Between the two stands a bare request (`bench/bare/`): the empty one and the four exchanges without
which no payment keeps its promises (intent, intent read, host, outcome), with nothing done to what
is sent. It says how near to the empty request a payment could come at all.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.row import Row
from local import build, deploy
from local.merchant_client import PREFIX, Merchant, trans_info
from local.stack import STAGE, Stack
from tidegate.domain.message import MessageIdentity
from tidegate.networks.iso8583.client import SIGN_ON, identified
from tidegate.networks.iso8583.visa import VisaLink

EMPTY, BARE = (Path(__file__).with_name(name) for name in ("empty", "bare"))
PAIRS = 150
WARM_PAIRS = 15
CLIENTS = 16
ROUNDS = 3
ROUND_S = 6.0
WARM_S = 12.0
WEBHOOKS_S = 120.0
LATENCY_GOAL, THROUGHPUT_GOAL = 1.3, 0.7


@dataclass(frozen=True)
class Target:
    """Where a client's requests go."""

    netloc: str
    path: str
    merchant: Merchant
    expected: Callable[[dict[str, object]], bool]
    """Whether an answer is what it should be: a refusal is no payment, however fast."""
    is_payment: bool


class Client:
    """One kept connection."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection = http.client.HTTPConnection(target.netloc, timeout=60)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> float:
        """Seconds until a new payment is answered."""
        merchant = self._target.merchant
        content = json.dumps(_payment(), separators=(",", ":")).encode()
        signed = merchant.headers("POST", f"{PREFIX}/{merchant.sid}/payment", content)
        began = time.perf_counter()
        self._connection.request("POST", self._target.path, content, signed)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        took = time.perf_counter() - began
        assert response.status == 200, (response.status, answer)
        assert self._target.expected(answer), answer
        return took

    def close(self) -> None:
        self._connection.close()


def measure() -> Iterator[Row]:
    """Latency one at a time, then what many clients get."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        targets = (
            _payments(stack),
            _deployed(stack, EMPTY, {}),
            _deployed(stack, BARE, _host(stack)),
        )
        yield _latency(*targets)
        yield _throughput(stack, *targets)


def _payments(stack: Stack) -> Target:
    merchant = _merchant(stack)
    return Target(urlsplit(stack.base_url).netloc, _path(merchant), merchant, _is_captured, True)


def _deployed(stack: Stack, folder: Path, more: dict[str, str]) -> Target:
    """One of the two stacks that are no payment."""
    merchant, name = _merchant(stack), f"tidegate-{folder.name}"
    parameters = {"Stage": STAGE, "Runtime": build.RUNTIME, "Architecture": build.ARCHITECTURE}
    work = stack.state_dir / folder.name
    work.mkdir()
    deploy.deploy(build.build(folder), stack.endpoint_url, {**parameters, **more}, work, stack=name)
    api = deploy.outputs(stack.endpoint_url, name)["ApiId"]
    return Target(
        urlsplit(stack.endpoint_url).netloc,
        f"/restapis/{api}/{STAGE}/_user_request_{_path(merchant)}",
        merchant,
        lambda answer: answer == {"status": "SUCCEEDED", "output": {"outcome": "approved"}},
        False,
    )


def _merchant(stack: Stack) -> Merchant:
    store = stack.store
    return Merchant(stack.base_url, store["sid"], store["signKey"], store["signType"])


def _path(merchant: Merchant) -> str:
    return f"{PREFIX}/{merchant.sid}/payment"


def _host(stack: Stack) -> dict[str, str]:
    """Where Visa's host listens, and a sign-on that it answers."""
    identity = MessageIdentity("1127095010", 1, "400001", "000000000001", "BENCH")
    frame = VisaLink().frame({"t": "0800", **identified(identity), "70": SIGN_ON})
    return {"HostPort": str(stack.ports["visa"]), "Frame": frame.hex()}


def _payment() -> dict[str, object]:
    card = {"cardNumber": "4761340000000043", "expiryDate": "1249", "cvc": "321"}
    return {
        "merchantTransInfo": trans_info(f"BENCH-{secrets.token_hex(8)}"),
        "transAmount": {"currency": "HKD", "value": "88.00"},
        "paymentMethod": {"type": "card", "card": {"cardInfo": card}},
        "captureAfterHours": "0",
        "transInitiator": {"platform": "WEB"},
    }


def _is_captured(answer: dict[str, object]) -> bool:
    payment = answer["payment"]
    return isinstance(payment, dict) and payment["status"] == "Captured"


def _latency(payment: Target, empty: Target, bare: Target) -> Row:
    clients = (Client(payment), Client(empty), Client(bare))
    for client in clients * WARM_PAIRS:
        client.ask()
    taken = [[client.ask() for client in clients] for _ in range(PAIRS)]
    ours, engine, least = (statistics.median(column) for column in zip(*taken, strict=True))
    for client in clients:
        client.close()
    return Row(
        part="local",
        figure="POST payment, p50 ÷ empty handlers",
        value=round(ours / engine, 2),
        goal=LATENCY_GOAL,
        measured=f"{ours * 1000:.1f} ms",
        yardstick=f"empty {engine * 1000:.1f} ms; bare {least * 1000:.1f} ms: {least / engine:.2f}",
    )


def _throughput(stack: Stack, payment: Target, empty: Target, bare: Target) -> Row:
    """Alternating rounds; whatever a round's payments left to do is done before the next begins."""
    webhooks = Webhooks(stack, already_due=WARM_PAIRS + PAIRS)
    for target in (empty, bare, payment):  # until as many processes have started as clients wait
        webhooks.due += _round(target, WARM_S).payments
    webhooks.await_all()
    ours, engine, least, late_s = [], [], [], []
    for _ in range(ROUNDS):
        engine.append(_round(empty, ROUND_S).per_second)
        least.append(_round(bare, ROUND_S).per_second)
        held = _round(payment, ROUND_S)
        webhooks.due += held.payments
        ours.append(held.per_second)
        late_s.append(webhooks.await_all())
    rate, yardstick, floor = map(statistics.median, (ours, engine, least))
    return Row(
        part="local",
        figure=f"payments/s, {CLIENTS} clients ÷ empty handlers",
        value=round(rate / yardstick, 2),
        goal=THROUGHPUT_GOAL,
        at_least=True,
        measured=f"{rate:.0f}/s, last webhook {statistics.median(late_s):.0f} s later",
        yardstick=f"empty {yardstick:.0f}/s; bare {floor:.0f}/s: {floor / yardstick:.2f}",
    )


@dataclass(frozen=True)
class Round:
    """What was answered in a time."""

    target: Target
    answered: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def payments(self) -> int:
        return self.answered if self.target.is_payment else 0


def _round(target: Target, seconds: float) -> Round:
    ends = time.monotonic() + seconds

    def answered() -> int:
        client, count = Client(target), 0
        while time.monotonic() < ends:
            client.ask()
            count += 1
        client.close()
        return count

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        counts = [pool.submit(answered) for _ in range(CLIENTS)]
        total = sum(count.result() for count in counts)
    return Round(target, total, time.monotonic() - began)


class Webhooks:
    """What the merchant was told: one webhook for each payment, none lost and none twice."""

    def __init__(self, stack: Stack, already_due: int) -> None:
        self.due = already_due
        self._file = stack.state_dir / "hosts" / "merchant" / "webhooks.jsonl"

    def await_all(self) -> float:
        """Seconds until the last one has come; raises TimeoutError if it does not."""
        began = time.monotonic()
        while (come := self._file.read_bytes().count(b"\n")) < self.due:
            if time.monotonic() - began > WEBHOOKS_S:
                raise TimeoutError(f"{come} webhooks of {self.due} after {WEBHOOKS_S:.0f} s")
            time.sleep(0.2)
        assert come == self.due, f"{come} webhooks for {self.due} payments"
        return time.monotonic() - began
