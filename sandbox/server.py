"""A host process: the ISO port, the file gateway beside it, and the link's faults."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
from functools import partial
from pathlib import Path

from sandbox import token_service
from sandbox.books import Books
from sandbox.clearing import ClearingFormat
from sandbox.faults import Faults
from sandbox.files import FileGateway
from sandbox.host import Host, Session
from sandbox.iso8583 import Unreadable
from sandbox.link import BrokenFrame, Link
from sandbox.presentments import ClearingDesk
from sandbox.tokens import TokenDesk
from sandbox.web import LOOPBACK


class HostServer:
    """Serves one `Host` on a TCP port to at most ``sessions`` connections at a time."""

    def __init__(self, host: Host, port: int, sessions: int) -> None:
        self._host = host
        self._limit = sessions
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._late: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._loop = asyncio.get_running_loop()
        self.port = port
        self.faults = Faults()

    async def start(self) -> None:
        """Listen; raises `OSError` if the port is taken."""
        reserved = self._reserved or _bound(self.port)
        self._reserved = None
        self.port = reserved.getsockname()[1]
        self._listener = await asyncio.start_server(self._serve, sock=reserved)

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for late in self._late:
            late.cancel()
        serving = [task for task in self._open.values() if task is not None]
        for writer in self._open:
            writer.close()
        if serving:
            await asyncio.wait(serving, timeout=1)

    def set_faults(self, faults: Faults) -> None:
        """Take over ``faults``; called from the file gateway's threads."""
        asyncio.run_coroutine_threadsafe(self._apply(faults), self._loop).result(timeout=5)

    async def _apply(self, faults: Faults) -> None:
        self.faults = faults
        if faults.refuse_connections and self._listener is not None:
            await self.stop()
            # Bound but not listening: connections are refused and the port stays ours.
            self._reserved = _bound(self.port)
        elif not faults.refuse_connections and self._listener is None:
            await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= self._limit:
            writer.close()
            return
        self._open[writer] = asyncio.current_task()
        session = Session()
        try:
            while True:
                frame = await self._host.link.read_frame(reader)
                await self._exchange(frame, session, writer)
        except (BrokenFrame, EOFError, ConnectionError):
            pass  # the peer is gone or cannot be followed: nothing is left to answer
        finally:
            del self._open[writer]
            writer.close()

    async def _exchange(self, frame: bytes, session: Session, writer: asyncio.StreamWriter) -> None:
        link = self._host.link
        try:
            envelope, request = link.unpack(frame)
            answer = self._host.answer(request, session)
        except Unreadable as error:
            refusal = link.refuse(frame, error)
            if refusal is None:
                raise BrokenFrame(str(error)) from error
            await _send(writer, refusal)
            return
        if answer is None:
            return
        content = link.pack(envelope, answer)
        if request.mti == "0800":
            await _send(writer, content)
        elif self.faults.drop_next_answers > 0:
            self.faults.drop_next_answers -= 1
        elif self.faults.delay_ms:
            late = asyncio.create_task(_send_late(writer, content, self.faults.delay_ms / 1000))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        else:
            await _send(writer, content)


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()


async def _send_late(writer: asyncio.StreamWriter, content: bytes, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    if not writer.is_closing():
        writer.write(content)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except OSError:
        sock.close()
        raise
    return sock


async def _run(link: Link, clearing: ClearingFormat, arguments: argparse.Namespace) -> None:
    books = Books(arguments.state_dir)
    server = HostServer(Host(link, books), arguments.iso_port, arguments.sessions)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    desk = TokenDesk(link.name, books)
    gateway = FileGateway(
        books,
        ClearingDesk(link.name, books, clearing),
        partial(token_service.respond, desk, link.name),
        server.set_faults,
        arguments.http_port,
    )
    try:
        await server.start()
        gateway.start()
        print(f"ready iso={server.port} http={gateway.port}", flush=True)
        await stopping.wait()
    finally:
        await server.stop()
        gateway.stop()
        books.close()


def main(link: Link, clearing: ClearingFormat) -> None:
    """Run a host until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=f"A {link.name} host to test against.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where the books are kept")
    parser.add_argument("--iso-port", type=int, default=0, help="0 = choose a free one")
    parser.add_argument("--http-port", type=int, default=0, help="0 = choose a free one")
    parser.add_argument("--sessions", type=int, default=64, help="connections at a time")
    try:
        asyncio.run(_run(link, clearing, parser.parse_args()))
    except OSError as error:
        parser.exit(1, f"The {link.name} host cannot start: {error}\n")
