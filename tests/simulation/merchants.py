"""Merchants: what they ask for, how they insist, what they were answered and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.merchant_client import LINKPAY_PREFIX, PREFIX, Merchant
from tests.simulation.asl import TaskFailed
from tests.simulation.calls import Calls, Failing
from tests.simulation.faults import Fault
from tests.simulation.front import API_S
from tidegate.api.evocloud.notifications import notification_body
from tidegate.domain.events import Event, Subject
from tidegate.domain.store import Store

if TYPE_CHECKING:
    from tests.simulation.visits_orders import Ordered
    from tests.simulation.world import World

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
    """The payment's id; the token's or order's own name where it is about one."""
    began_at: float
    """When it was first sent, on the scheduler's clock."""
    about: str = ""
    """The card on file that is paid with, by its id."""
    authenticated: bool = False
    """Whether its cardholder is to be authenticated before anything is sent."""
    sent: int = 0
    """How often; an answer may have been lost."""
    codes: list[str] = field(default_factory=list)
    """Result codes in the order in which answers came."""
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    answered_at: float | None = None
    """When it was known to be done."""

    @property
    def acknowledged(self) -> Mapping[str, Any] | None:
        """The body of the first answer that says what was done."""
        for code, body in zip(self.codes, self.bodies, strict=True):
            if code == "S0000":
                return body
        return None


LINKS = "evo.e-commerce"
OF_A_PAYMENT = frozenset({"capture", "cancel", "refund", "cancelOrRefund"})
"""Kinds of requests that name it in their query."""


@dataclass
class Shop:
    """A store's checkout: what it asks for, and how it insists."""

    world: World
    store: Store
    name: str
    requests: list[Asked] = field(default_factory=list)
    orders: list[Ordered] = field(default_factory=list)
    secrets: list[tuple[str, str]] = field(default_factory=list)
    """What must stand nowhere: what it is, and its text."""
    _numbers: int = 0

    def serve(self, visits: list[Callable[[Shop], None]]) -> None:
        """One customer after the other, with pauses."""
        for visit in visits:
            visit(self)
            self.world.scheduler.sleep(self.world.random.uniform(0, 20))

    def new(self, kind: str, of: str = "") -> tuple[Asked, dict[str, Any]]:
        """A request under an id of its own, and how its body begins."""
        self._numbers += 1
        trans_id = f"{self.name}{kind[:3].upper()}{self._numbers}"
        asked = Asked(self.store.sid, kind, trans_id, of or trans_id, self.world.scheduler.now)
        self.requests.append(asked)
        return asked, {"merchantTransInfo": self._info(asked)}

    def together(self, requests: list[tuple[Asked, dict[str, Any]]]) -> None:
        """All at once, each until it is answered."""
        scheduler = self.world.scheduler
        tasks = [scheduler.spawn("request", partial(self.insist, *one)) for one in requests]
        for task in tasks:
            scheduler.wait(task)

    def insist(self, asked: Asked, body: dict[str, Any]) -> Mapping[str, Any] | None:
        """Send until an answer comes, the same request each time; sometimes twice at once. The
        body of the last answer, if one came."""
        random = self.world.random
        key = f"key-{asked.trans_id}" if random.random() < 0.3 else None
        sign = partial(self._signed, asked, body, key)
        request = sign()
        if random.random() < 0.1:
            self.world.scheduler.spawn("the same again", lambda: self._send(asked, request))
        for number in range(TRIES):
            if self._send(asked, request):
                return asked.bodies[-1]
            self.world.scheduler.sleep(2.0**number)
        return None

    def _send(self, asked: Asked, request: tuple[str, str, dict[str, str], str]) -> bool:
        world = self.world
        asked.sent += 1
        try:
            answer = world.calls.make(
                f"api {asked.kind}",
                lambda: world.front.request(*request),
                INTERNET,
                LOST,
                patience_s=API_S,
            )
        except (NoAnswer, TaskFailed):
            return False
        body = json.loads(answer["body"])
        asked.codes.append(body["result"]["code"])
        asked.bodies.append(body)
        if body["result"]["code"] == "S0000" and asked.answered_at is None:
            asked.answered_at = world.scheduler.now
        return not body["result"]["code"].startswith("E")

    def _info(self, asked: Asked) -> dict[str, str]:
        now = datetime.fromtimestamp(self.world.now(), UTC)
        return {
            "merchantTransID": asked.trans_id,
            "merchantTransTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }

    def _signed(
        self, asked: Asked, body: dict[str, Any], key: str | None
    ) -> tuple[str, str, dict[str, str], str]:
        """Method, target, headers and body."""
        sid, text = self.store.sid, json.dumps(body)
        method, target = _address(sid, asked)
        stamp = datetime.fromtimestamp(self.world.now(), UTC).isoformat(timespec="seconds")
        signer = Merchant("", sid, self.store.sign_keys[0].secret)
        message_id = f"{len(self.requests):032x}"
        headers = {
            "DateTime": stamp,
            "MsgID": message_id,
            "SignType": "SHA256",
            "Authorization": signer.sign(method, target, stamp, message_id, text.encode()),
        } | ({"Idempotency-Key": key} if key else {})
        return method, target, headers, text


def _address(sid: str, asked: Asked) -> tuple[str, str]:
    """Method and target of a kind of request."""
    merchant = f"{PREFIX}/{sid}"
    of = quote(asked.of, safe="")
    if asked.kind in OF_A_PAYMENT:
        return "POST", f"{merchant}/{asked.kind}?merchantTransID={of}"
    match asked.kind:
        case "additionalInfo":
            return "PUT", f"{merchant}/payment?merchantTransID={of}"
        case "token":
            return "POST", f"{merchant}/paymentMethod"
        case "linkpay":
            return "POST", f"{LINKPAY_PREFIX}/{sid}/{LINKS}.linkpay"
        case "linkpayRefund" | "linkpayCancelorRefund":
            return "POST", f"{LINKPAY_PREFIX}/{sid}/{LINKS}.{asked.kind}/{of}"
        case "deleteToken":
            return "DELETE", f"{merchant}/paymentMethod?token={of}"
    return "POST", f"{merchant}/{asked.kind}"


def amount(minor: int) -> dict[str, str]:
    """In the stores' currency."""
    return {"currency": "HKD", "value": f"{minor // 100}.{minor % 100:02d}"}
