"""How a host behaves, whichever network's bytes it speaks (docs/networks.md)."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.books import Asked, Books
from sandbox.iso8583 import Message
from sandbox.link import ANSWER_TO, ECHO, REPEATED, SIGN_ON, Decision, Link, require_complete

ACCEPTED, NOT_SIGNED_ON = "00", "91"
MATCH, NO_MATCH, NOT_SENT = "M", "N", "P"
WRONG_SECURITY_CODE = "999"


@dataclass(slots=True)
class Session:
    """One connection's state."""

    signed_on: bool = False


class Host:
    """Answers requests over its books."""

    def __init__(self, link: Link, books: Books) -> None:
        self.link = link
        self._books = books

    def answer(self, request: Message, session: Session) -> Message | None:
        """Book ``request`` and return the answer, None where it is withheld.

        Raises `sandbox.iso8583.Unreadable` for a message that is not understood; nothing is
        booked then.
        """
        require_complete(request)
        self.link.check(request)
        if request.mti == "0800":
            return self._manage(request, session)
        if not session.signed_on:
            return _answer(request, NOT_SIGNED_ON)
        if request.mti == "0100":
            decision = self._authorize(request)
            return None if decision.silent else self._decided(request, decision)
        answer = _answer(request, self._books.reverse(request))
        answer.elements |= self.link.acknowledged(request, f"{self._books.now():%m%d}")
        return answer

    def _manage(self, request: Message, session: Session) -> Message:
        code = request.elements[70]
        if code == SIGN_ON:
            session.signed_on = True
        elif not session.signed_on:
            return _answer(request, NOT_SIGNED_ON)
        elif code != ECHO:
            session.signed_on = False
        return _answer(request, ACCEPTED)

    def _authorize(self, request: Message) -> Decision:
        sent = self.link.security_code(request)
        result = NOT_SENT
        if sent is not None:
            result = NO_MATCH if sent == WRONG_SECURITY_CODE else MATCH
        asked = Asked(result, self.link.proof(request), self.link.name)
        return self._books.authorize(request, asked, self.link.reference)

    def _decided(self, request: Message, decision: Decision) -> Message:
        answer = _answer(request, decision.response_code)
        answer.elements |= self.link.decided(decision)
        if decision.authorization_code is not None:
            answer.elements[38] = decision.authorization_code
        return answer


def _answer(request: Message, response_code: str) -> Message:
    repeated = {de: request.elements[de] for de in REPEATED if de in request.elements}
    return Message(ANSWER_TO[request.mti], repeated | {39: response_code})
