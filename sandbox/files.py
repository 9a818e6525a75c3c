"""A host's HTTP service: clearing files in, settlement files out, the books, the faults, and the
scheme's token service beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from sandbox.books import Books
from sandbox.clearing import MalformedFile
from sandbox.faults import Faults
from sandbox.presentments import ClearingDesk, FileIdInUse
from sandbox.web import BadRequest, Exchange, WebServer, json_object

TokenRoutes = Callable[[str, str, bytes], tuple[int, dict[str, Any]] | None]
"""(method, path, body) -> (status, body) of the token service; None for other paths."""
FILE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_FAULT = 1_000_000


class FileGateway(WebServer):
    """Serves a host's files on 127.0.0.1 from threads of its own.

    ``POST /faults`` replaces all faults by those named: an empty object makes the link sound.
    """

    def __init__(
        self,
        books: Books,
        desk: ClearingDesk,
        tokens: TokenRoutes,
        set_faults: Callable[[Faults], None],
        port: int,
    ) -> None:
        super().__init__(partial(_FileExchange, books, desk, tokens, set_faults), port)


class _FileExchange(Exchange):
    def __init__(
        self,
        books: Books,
        desk: ClearingDesk,
        tokens: TokenRoutes,
        set_faults: Callable[[Faults], None],
        *connection: Any,
    ) -> None:
        self._books = books
        self._desk = desk
        self._tokens = tokens
        self._set_faults = set_faults
        super().__init__(*connection)

    def respond(self) -> None:
        folder, _, name = self.route.strip("/").partition("/")
        match self.command, folder, name:
            case "PUT", "clearing", file_id if FILE_ID.fullmatch(file_id):
                self._take(file_id)
            case "PUT", "clearing", _:
                raise BadRequest(422, "A file id is 1 to 64 of A-Z a-z 0-9 . _ -")
            case "POST", "cut", "":
                self._cut()
            case "GET", "settlement", "":
                self.send_json(200, self._desk.settlement_files())
            case "GET", "settlement", file_id:
                self._send_settlement(file_id)
            case "GET", "books", "":
                self.send_json(200, self._books.as_json())
            case "GET", "health", "":
                self.send_json(200, {"status": "up"})
            case "POST", "faults", "":
                self._change_faults()
            case _:
                self._respond_about_tokens()

    def _respond_about_tokens(self) -> None:
        answer = self._tokens(self.command, self.route, self.body)
        if answer is None:
            raise BadRequest(404, "There is nothing here.")
        self.send_json(*answer)

    def _take(self, file_id: str) -> None:
        try:
            receipt = self._desk.take(file_id, self.body)
        except FileIdInUse as error:
            raise BadRequest(409, str(error)) from error
        except MalformedFile as error:
            raise BadRequest(422, str(error)) from error
        told = asdict(receipt)
        self.send_json(201 if told.pop("new") else 200, told)

    def _cut(self) -> None:
        cut = self._desk.cut()
        if cut is None:
            self.send_nothing(204)
        else:
            self.send_json(200, asdict(cut))

    def _send_settlement(self, file_id: str) -> None:
        content = self._desk.settlement_file(file_id)
        if content is None:
            raise BadRequest(404, "There is no such settlement file.")
        self.send_content(200, content, "application/octet-stream")

    def _change_faults(self) -> None:
        self._set_faults(_faults(self.body))
        self.send_nothing(204)


def _faults(body: bytes) -> Faults:
    wanted = json_object(body)
    if wanted is None:
        raise BadRequest(422, "The faults are no JSON object.")
    sound = asdict(Faults())
    for name, value in wanted.items():
        if name not in sound or type(value) is not type(sound[name]):
            raise BadRequest(422, f"{name} is no fault of a link, or has another type.")
        if not 0 <= value <= MAX_FAULT:
            raise BadRequest(422, f"{name} must be between 0 and {MAX_FAULT}.")
    return Faults(**wanted)
