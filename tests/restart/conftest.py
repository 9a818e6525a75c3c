"""A load that goes on whatever dies, and what must be true of it afterwards."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from local.merchant_client import Answer, Merchant
from local.operations import Operations
from local.stack import Stack

CARDS = {"visa": ("4761340000000043", "1249"), "mastercard": ("5120350100064594", "1030")}
"""By the network that they lead to."""
REFUND_MINOR = 500
PATIENCE_S = 90.0
"""A merchant goes on asking for so long."""
Lost = (OSError, http.client.HTTPException, ValueError)
UNKNOWN = {"Pending", "Received"}


@dataclass
class Load:
    """Merchants who insist: payments, captures and refunds until they are told to stop."""

    stack: Stack
    name: str
    acknowledged: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, merchantTransID) -> the status that was said."""
    unanswered: list[str] = field(default_factory=list)
    amounts: dict[str, int] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, clients: int) -> Iterator[None]:
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._shop, args=(number, stop)) for number in range(clients)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def goes_on(self, count: int) -> None:
        """Wait until so many more requests are acknowledged."""
        enough, end = len(self.acknowledged) + count, time.monotonic() + PATIENCE_S
        while len(self.acknowledged) < enough:
            assert time.monotonic() < end, f"only {len(self.acknowledged)} of {enough} in time"
            time.sleep(0.05)

    def _shop(self, number: int, stop: threading.Event) -> None:
        random, count = Random(f"{self.name} {number}"), 0
        while not stop.is_set():
            count += 1
            trans_id = f"{self.name}-{number}-{count}"
            network = random.choice(list(CARDS))
            pan, expiry = CARDS[network]
            minor = random.randrange(10, 90) * 100
            self.amounts |= {trans_id: minor, f"{trans_id}-R": REFUND_MINOR}
            self.networks |= {trans_id: network, f"{trans_id}-R": network}
            value = f"{minor // 100}.00"
            at_once = {"captureAfterHours": "0"} if random.random() < 0.6 else {}
            paid = self._insist("payment", trans_id, value, pan=pan, expiry=expiry, **at_once)
            if paid == "Captured" and random.random() < 0.5:
                self._insist("refund", f"{trans_id}-R", f"{REFUND_MINOR / 100:.2f}", of=trans_id)
            elif paid == "Authorised" and random.random() < 0.5:
                self._insist("capture", f"{trans_id}-C", value, of=trans_id)
            time.sleep(random.uniform(0.02, 0.15))

    def _insist(self, kind: str, trans_id: str, value: str, of: str = "", **more: Any) -> str:
        """Until an answer comes; the status that it says, empty for none."""
        merchant, end = a_merchant(self.stack), time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = (
                    merchant.change(kind, of, trans_id, value)
                    if of
                    else merchant.payment(trans_id, value, **more)
                )
            except Lost:
                time.sleep(0.3)
                continue
            if answer.code.startswith("E"):
                time.sleep(0.3)
                continue
            if answer.code == "S0000":
                self.acknowledged[kind, trans_id] = status = _status(kind, answer)
                return status
            if answer.code == "C0009":  # an answer was lost: the id is there, so ask for it
                found = self._ask(kind, trans_id)
                self.acknowledged[kind, trans_id] = status = _status(kind, found)
                return status
            return ""
        self.unanswered.append(trans_id)
        return ""

    def _ask(self, kind: str, trans_id: str) -> Answer:
        while True:
            try:
                found = a_merchant(self.stack).query(kind, trans_id)
            except Lost:
                time.sleep(0.3)
                continue
            if not found.code.startswith("E"):
                return found
            time.sleep(0.3)

    def come_to_rest(self, within_s: float = 150.0) -> dict[tuple[str, str], str]:
        """Run the janitor until nothing is unknown; the statuses as they are then."""
        operations, end = Operations(self.stack), time.monotonic() + within_s
        merchant = a_merchant(self.stack)
        while True:
            operations.sweep()
            found = {
                (kind, trans_id): _status(kind, merchant.query(kind, trans_id))
                for kind, trans_id in self.acknowledged
            }
            if not UNKNOWN & set(found.values()):
                return found
            assert time.monotonic() < end, "still unknown: " + str(
                [name for name, status in found.items() if status in UNKNOWN]
            )
            time.sleep(3)

    def problems(self) -> list[str]:
        """What was acknowledged and is not so; where the hosts' books say something else."""
        now = self.come_to_rest()
        firm = {"Captured", "Authorised", "Success"}
        after = firm | {"Partial Refunded", "Refunded"}
        wrong = [
            f"{kind} {trans_id}: {said}, now {now[kind, trans_id]}"
            for (kind, trans_id), said in self.acknowledged.items()
            if said in firm and now[kind, trans_id] not in after
        ]
        return wrong + self._books()

    def _books(self) -> list[str]:
        """Per network and RRN: what the host holds is what we say."""
        operations, merchant = Operations(self.stack), a_merchant(self.stack)
        theirs: Counter[tuple[str, str]] = Counter()
        for network in CARDS:
            for one in operations.books(network)["authorizations"]:
                theirs[network, one["rrn"]] += one["remaining_minor"]
        ours: Counter[tuple[str, str]] = Counter()
        for kind, trans_id in self.acknowledged:
            if kind == "capture":
                continue
            found = merchant.query(kind, trans_id)
            if _status(kind, found) not in {"Failed", "Cancelled"}:
                rrn = found[kind]["evoTransInfo"]["retrievalReferenceNum"]
                ours[self.networks[trans_id], rrn] += self.amounts[trans_id]
        return [
            f"{network} {rrn}: we say {ours[network, rrn]}, the host {theirs[network, rrn]}"
            for network, rrn in ours.keys() | theirs.keys()
            if ours[network, rrn] != theirs[network, rrn]
        ]


def a_merchant(stack: Stack) -> Merchant:
    """The demo store, patient for as long as API Gateway is."""
    store = stack.store
    return Merchant(
        store["baseUrl"], store["sid"], store["signKey"], store["signType"], timeout_s=31
    )


def _status(kind: str, answer: Answer) -> str:
    return str(answer[kind]["status"])
