"""Merchants: what they ask for, how they insist, what they were answered and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.merchant_client import PREFIX, Merchant
from tests.simulation.asl import TaskFailed
from tests.simulation.calls import Calls, Failing
from tests.simulation.faults import Fault
from tidegate.api.evocloud.notifications import notification_body
from tidegate.domain.events import Event, Subject
from tidegate.domain.store import Store

if TYPE_CHECKING:
    from tests.simulation.world import World

CARDS = ("4111111111111111", "5555555555554444")
"""Without zeros: a masked number must not look like the whole one."""
CVC = "321"
ENDINGS = ("00", "00", "00", "00", "00", "10", "33", "99", "77", "77", "51", "62", "68")
"""Of amounts: what the hosts do by them (docs/networks.md)."""
HOURS = (None, None, "0", "0", "1", "30")
API_S = 29.0
"""API Gateway waits no longer."""
TRIES = 4


class NoAnswer(Exception):
    """The merchant does not know what became of his request."""


LOST = Failing(refused=NoAnswer, lost=NoAnswer)
INTERNET = (Fault.FAILS_BEFORE, Fault.LOST, Fault.FAILS_AFTER, Fault.LATE, Fault.TWICE)


@dataclass(frozen=True)
class Told:
    """A notice as the merchant's endpoint received it."""

    sid: str
    trans_id: str
    sequence: int
    acknowledged: bool
    heard: bool
    """Answered with a 2xx, whatever else it said: holds back no later notice."""


@dataclass
class Endpoint:
    """``Webhooks``: every store's endpoint, which may fail as others do."""

    calls: Calls
    received: list[Told] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def deliver(self, store: Store, url: str, event: Event, subject: Subject | None) -> bool | None:
        body = notification_body(event, subject)

        def take() -> bool | None:
            chance = self.calls.random.random()
            faulty = self.calls.faults.active and chance < self.calls.faults.rate
            payment = event.payment
            said = (False if chance < self.calls.faults.rate / 2 else None) if faulty else True
            self.bodies.append(body)
            self.received.append(
                Told(payment.sid, payment.trans_id, event.sequence, said is True, said is not False)
            )
            return said

        try:
            return self.calls.make(
                "webhook",
                take,
                (*INTERNET, Fault.DIES_BEFORE, Fault.DIES_AFTER),
                LOST,
                patience_s=10.0,
            )
        except NoAnswer:
            return False


@dataclass
class Asked:
    """One request under its merchantTransID, and what its merchant knows of it."""

    sid: str
    kind: str
    trans_id: str
    of: str
    """The payment's id."""
    sent: int = 0
    """How often; an answer may have been lost."""
    codes: list[str] = field(default_factory=list)
    """Result codes in the order in which answers came."""
    bodies: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def acknowledged(self) -> Mapping[str, Any] | None:
        """The body of the first answer that says what was done."""
        for code, body in zip(self.codes, self.bodies, strict=True):
            if code == "S0000":
                return body
        return None


FUNCTIONS = {
    "payment": "CreatePaymentFunction",
    "capture": "CapturePaymentFunction",
    "cancel": "CancelPaymentFunction",
    "refund": "RefundPaymentFunction",
    "cancelOrRefund": "CancelOrRefundFunction",
}


@dataclass
class Shop:
    """A store's checkout: takes payments and changes its mind about them."""

    world: World
    store: Store
    name: str
    requests: list[Asked] = field(default_factory=list)
    _numbers: int = 0

    def take_payments(self, count: int) -> None:
        """One after the other, with pauses."""
        for _ in range(count):
            self.take_payment()
            self.world.scheduler.sleep(self.world.random.uniform(0, 20))

    def take_payment(self) -> None:
        """One payment, and a few operations on it, some at the same time."""
        random = self.world.random
        minor = random.randrange(10, 400) * 100 + int(random.choice(ENDINGS))
        payment = self._new("payment", "")
        hours = random.choice(HOURS)
        body: dict[str, Any] = {
            "merchantTransInfo": self._info(payment),
            "transAmount": _amount(minor),
            "paymentMethod": {
                "type": "card",
                "card": {
                    "cardInfo": {
                        "cardNumber": random.choice(CARDS),
                        "expiryDate": "1249",
                        "cvc": CVC,
                    }
                },
            },
        }
        if hours is not None:
            body["captureAfterHours"] = hours
        self._insist(payment, body)
        operations = [self._operation(payment.trans_id, minor) for _ in range(random.randrange(5))]
        while operations:
            together = [operations.pop() for _ in range(min(len(operations), random.randrange(3)))]
            tasks = [
                self.world.scheduler.spawn("request", partial(self._insist, *one))
                for one in together
            ]
            for task in tasks:
                self.world.scheduler.wait(task)
            self.world.scheduler.sleep(random.choice((0.1, 3.0, 70.0)))

    def _operation(self, payment: str, minor: int) -> tuple[Asked, dict[str, Any]]:
        random = self.world.random
        kind = random.choice(("capture", "capture", "refund", "refund", "cancel", "cancelOrRefund"))
        asked = self._new(kind, payment)
        body: dict[str, Any] = {"merchantTransInfo": self._info(asked)}
        if kind in {"capture", "refund"}:
            part = random.choice((minor, minor // 2, minor // 3, minor - 100, minor // 100 * 100))
            body["transAmount"] = _amount(max(part, 1))
        return asked, body

    def _insist(self, asked: Asked, body: dict[str, Any]) -> None:
        """Send until an answer comes, the same request each time; sometimes twice at once."""
        random = self.world.random
        key = f"key-{asked.trans_id}" if random.random() < 0.3 else None
        event = self._event(asked, body, key)
        if random.random() < 0.1:
            self.world.scheduler.spawn("the same again", lambda: self._send(asked, event))
        for number in range(TRIES):
            if self._send(asked, event):
                return
            self.world.scheduler.sleep(2.0**number)

    def _send(self, asked: Asked, event: dict[str, Any]) -> bool:
        world = self.world
        function = FUNCTIONS[asked.kind]
        asked.sent += 1
        try:
            answer = world.calls.make(
                f"api {asked.kind}",
                lambda: world.functions.invoke(function, event, API_S),
                INTERNET,
                LOST,
                patience_s=API_S,
            )
        except (NoAnswer, TaskFailed):
            return False
        body = json.loads(answer["body"])
        asked.codes.append(body["result"]["code"])
        asked.bodies.append(body)
        return not body["result"]["code"].startswith("E")

    def _new(self, kind: str, of: str) -> Asked:
        self._numbers += 1
        trans_id = f"{self.name}{kind[:3].upper()}{self._numbers}"
        asked = Asked(self.store.sid, kind, trans_id, of or trans_id)
        self.requests.append(asked)
        return asked

    def _info(self, asked: Asked) -> dict[str, str]:
        now = datetime.fromtimestamp(self.world.now(), UTC)
        return {
            "merchantTransID": asked.trans_id,
            "merchantTransTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }

    def _event(self, asked: Asked, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        """As API Gateway hands a signed request over."""
        sid, text = self.store.sid, json.dumps(body)
        path = f"{PREFIX}/{sid}/{asked.kind}"
        query = {} if asked.kind == "payment" else {"merchantTransID": [asked.of]}
        target = path + "".join(
            f"?merchantTransID={quote(one, safe='')}" for one in query and [asked.of]
        )
        stamp = datetime.fromtimestamp(self.world.now(), UTC).isoformat(timespec="seconds")
        signer = Merchant("", sid, self.store.sign_keys[0].secret)
        headers = {
            "DateTime": stamp,
            "MsgID": f"{len(self.requests):032x}",
            "SignType": "SHA256",
            "Authorization": signer.sign(
                "POST", target, stamp, f"{len(self.requests):032x}", text.encode()
            ),
        } | ({"Idempotency-Key": key} if key else {})
        return {
            "httpMethod": "POST",
            "path": path,
            "pathParameters": {"sid": sid},
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": query or None,
            "body": text,
            "isBase64Encoded": False,
        }


def _amount(minor: int) -> dict[str, str]:
    return {"currency": "HKD", "value": f"{minor // 100}.{minor % 100:02d}"}
