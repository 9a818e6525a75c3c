"""What the sandbox's card hosts are sent: messages, clearing files, and what comes over HTTP. They
share no code with the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from sandbox import mastercard, token_service, visa
from sandbox.books import Asked, Books, Original
from sandbox.clearing import MalformedFile, Presentment
from sandbox.files import _FileExchange
from sandbox.host import Host, Session
from sandbox.iso8583 import Message, Unreadable
from sandbox.link import BrokenFrame, Decision, Link
from sandbox.presentments import ClearingDesk, Receipt
from sandbox.tokens import NotTokenized, Token, TokenDesk
from sandbox.web import Exchange
from tests.fuzz.file_targets import FILE_ID, FILE_SHAPES, FORMATS, clearing_file
from tests.fuzz.iso8583_targets import frame_shape, frames
from tests.fuzz.shapes import Http, Json
from tests.fuzz.target import Target
from tests.fuzz.wires import posted, served

LINKS: dict[str, Link] = {"visa": visa.VisaLink(), "mastercard": mastercard.MastercardLink()}


class _QuietBooks(Books):
    """Reads what the books read of a message, and books nothing."""

    def __init__(self) -> None:
        """Without a folder."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)

    def authorize(
        self, request: Message, asked: Asked, reference: Callable[[int, str], str]
    ) -> Decision:
        assert Original.of_request(request.elements).key
        int(request.elements[4])
        return Decision("00", "A1B2C3", reference(1, "6327"), asked.security_result, "1123")

    def reverse(self, request: Message) -> str:
        assert Original.of_reversal(request.elements).key
        return "00"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@contextmanager
def _alone() -> Iterator[None]:
    """Put aside a loop that runs in this thread: a browser driven by tests before these leaves its
    own behind, waiting in a greenlet."""
    other = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(other)


def _exchanged(network: str, said: bytes) -> None:
    """A frame to a host that is signed on: an answer, a refusal, or the end of the connection."""
    link, loop = LINKS[network], _loop()
    reader = asyncio.StreamReader(loop=loop)
    reader.feed_data(said)
    reader.feed_eof()
    with _alone():
        frame = loop.run_until_complete(link.read_frame(reader))
    try:
        envelope, request = link.unpack(frame)
        answer = Host(link, _QuietBooks()).answer(request, Session(signed_on=True))
    except Unreadable as error:
        link.refuse(frame, error)
        return
    if answer is not None:
        assert link.pack(envelope, answer)


def _presented(network: str, content: bytes) -> None:
    """A clearing file: whatever is accepted can be settled."""
    found: list[Presentment] = FORMATS[network].parse(content, FILE_ID)
    if found:
        records = [one.record for one in found]
        day = datetime(2026, 11, 24, tzinfo=UTC).date()
        assert FORMATS[network].settlement("S-1", 1, day, records)


class _QuietTokens(TokenDesk):
    """One token for everybody."""

    def __init__(self) -> None:
        """Without books."""

    def provision(self, pan: str, requestor: str) -> Token:
        requestor.encode()
        return Token("ref-1", "4895370000000007", "3011", "V001", "ACTIVE")

    def cryptogram(self, reference: str) -> bytes:
        if reference != "ref-1":
            raise NotTokenized
        return bytes(20)

    def change(self, reference: str, status: str) -> Token:
        return self.provision(reference, status)


class _QuietDesk(ClearingDesk):
    def __init__(self) -> None:
        """Without books."""

    def take(self, file_id: str, content: bytes) -> Receipt:
        return Receipt(file_id, 0, 0, new=True)

    def cut(self) -> None:
        """Nothing is to be settled."""

    def settlement_files(self) -> list[dict[str, object]]:
        return []

    def settlement_file(self, file_id: str) -> bytes | None:
        return None


class _EmptyBooks(_QuietBooks):
    def as_json(self) -> dict[str, list[dict[str, object]]]:
        return {}


def _file_exchange(network: str, *connection: Any) -> Exchange:
    respond = partial(token_service.respond, _QuietTokens(), network)
    return _FileExchange(_EmptyBooks(), _QuietDesk(), respond, lambda _faults: None, *connection)


def _file_messages() -> list[bytes]:
    card = {"accountNumber": "4761340000000043", "expiryMonth": "12", "expiryYear": "31"}
    funding = {"cardAccountData": card}
    return [
        posted("/faults", {"drop_next_answers": 1, "delay_ms": 5, "refuse_connections": False}),
        posted("/vts/provisionedTokens", {"clientAppID": "r", "paymentInstrument": card}),
        posted("/vts/provisionedTokens/ref-1/cryptogram", {"transactionType": "ECOM"}),
        posted(
            "/mdes/digitization/1/0/tokenize",
            {"tokenRequestorId": "r", "fundingAccountInfo": funding},
        ),
        posted("/mdes/digitization/1/0/transact", {"tokenUniqueReference": "ref-1"}),
        posted("/mdes/digitization/1/0/suspend", {"tokenUniqueReference": "ref-1"}),
        posted("/clearing/A-1", {"a": 1}).replace(b"POST", b"PUT", 1),
    ]


def _of_host(network: str) -> tuple[Target, ...]:
    return (
        Target(
            f"sandbox.{network}",
            partial(_exchanged, network),
            (BrokenFrame, EOFError),
            frame_shape(network),
            partial(frames, network),
        ),
        Target(
            f"sandbox.{network}.clearing_file",
            partial(_presented, network),
            (MalformedFile,),
            FILE_SHAPES[network],
            lambda: [clearing_file(network)],
        ),
        Target(
            f"sandbox.{network}.files",
            partial(served, partial(_file_exchange, network)),
            (),
            Http(Json()),
            _file_messages,
        ),
    )


TARGETS = (*_of_host("visa"), *_of_host("mastercard"))
