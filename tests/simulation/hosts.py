"""The card networks: the gateway's own bytes on one side, the sandbox hosts' books on the other, a
cable with faults between them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sandbox.base2 import Base2
from sandbox.books import Books
from sandbox.clearing import MalformedFile
from sandbox.host import Host, Session
from sandbox.ipm import Ipm
from sandbox.mastercard import MastercardLink as MastercardHostLink
from sandbox.presentments import ClearingDesk, FileIdInUse
from sandbox.visa import VisaLink as VisaHostLink
from tests.simulation.calls import READ, WRITE, Calls, Failing
from tests.simulation.faults import Fault
from tests.simulation.scheduler import Scheduler
from tidegate.domain.errors import FileRejected, NotSent, Unanswered
from tidegate.domain.message import AuthorizationRequest, NetworkAnswer, ReversalRequest
from tidegate.networks import LINKS
from tidegate.networks.iso8583.client import ANSWERS, IDENTITY
from tidegate.networks.iso8583.message import Elements

Answer = TypeVar("Answer")
CABLE = (
    Fault.FAILS_BEFORE,
    Fault.LOST,
    Fault.FAILS_AFTER,
    Fault.LATE,
    Fault.ARRIVES_LATE,
    Fault.TWICE,
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.RESTART,
)
FILE_FAILURE = Failing(
    refused=lambda: NotSent("the file service cannot be reached"),
    lost=lambda: NotSent("the file service did not answer"),
)


class SimulatedHost:
    """A network's host process: its books, its link, its clearing desk."""

    def __init__(self, name: str, folder: Path, now: Callable[[], datetime]) -> None:
        self.name = name
        self.books = Books(folder / name, now)
        self.link: Any = VisaHostLink() if name == "visa" else MastercardHostLink()
        self.desk = ClearingDesk(name, self.books, Base2() if name == "visa" else Ipm())
        self._host = Host(self.link, self.books)

    def answer(self, body: bytes) -> bytes | None:
        """The whole frame that answers a frame without its prefix; None where it is withheld."""
        envelope, request = self.link.unpack(body)
        answer = self._host.answer(request, Session(signed_on=True))
        return None if answer is None else self.link.pack(envelope, answer)


class SimulatedCardNetwork:
    """``CardNetwork`` whose cable is simulated."""

    def __init__(
        self,
        host: SimulatedHost,
        calls: Calls,
        scheduler: Scheduler,
        shown: list[AuthorizationRequest],
    ) -> None:
        self.name = host.name
        self._host = host
        self._link = LINKS[host.name]()
        self._calls = calls
        self._scheduler = scheduler
        self._shown = shown

    def authorize(self, request: AuthorizationRequest, *, timeout_s: float) -> NetworkAnswer:
        self._shown.append(request)
        return self._ask(self._link.authorization(request), timeout_s)

    def reverse(self, request: ReversalRequest, *, timeout_s: float) -> NetworkAnswer:
        return self._ask(self._link.reversal(request), timeout_s)

    def _ask(self, elements: Elements, timeout_s: float) -> NetworkAnswer:
        body = self._link.frame(elements)[self._link.prefix_bytes :]
        content = self._calls.make(
            f"{self.name} {elements['t']}",
            lambda: self._host.answer(body),
            CABLE,
            Failing(
                refused=lambda: NotSent(f"{self.name} cannot be reached"),
                lost=lambda: Unanswered(f"no answer from {self.name}"),
            ),
            patience_s=timeout_s,
        )
        if content is None:
            self._scheduler.sleep(timeout_s)
            raise Unanswered(f"no answer from {self.name}")
        answer = self._link.open(content[self._link.prefix_bytes :])
        expected = {name: elements[name] for name in IDENTITY} | {"t": ANSWERS[elements["t"]]}
        assert expected.items() <= answer.items(), "the host answered something else"
        return self._link.answer(answer)


class SimulatedNetworkFiles:
    """``NetworkFiles`` whose hosts are simulated."""

    def __init__(self, hosts: dict[str, SimulatedHost], calls: Calls) -> None:
        self._hosts = hosts
        self._calls = calls

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        def take() -> None:
            try:
                self._hosts[network].desk.take(file_id, content)
            except (FileIdInUse, MalformedFile) as error:
                raise FileRejected(str(error)) from None

        self._carry(f"{network} clearing", take, (*WRITE, Fault.TWICE))

    def listed(self, network: str) -> list[dict[str, Any]]:
        return self._carry(f"{network} list", self._hosts[network].desk.settlement_files, READ)

    def fetch(self, network: str, file_id: str) -> bytes:
        def content() -> bytes:
            found = self._hosts[network].desk.settlement_file(file_id)
            assert found is not None, "a file that was announced is there"
            return found

        return self._carry(f"{network} fetch", content, READ)

    def _carry(self, at: str, effect: Callable[[], Answer], kinds: tuple[Fault, ...]) -> Answer:
        return self._calls.make(at, effect, kinds, FILE_FAILURE, patience_s=5.0)
