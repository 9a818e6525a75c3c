"""Messages and presentments as the services hand them to the links."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import count
from typing import Literal

from tidegate.domain.clearing import Presentment, acquirer_reference_number
from tidegate.domain.legs import retrieval_reference, transmission_time
from tidegate.domain.message import (
    AuthorizationRequest,
    Card,
    CardAcceptor,
    MessageIdentity,
    NetworkAnswer,
    ReversalRequest,
)
from tidegate.domain.money import Money

Network = Literal["visa", "mastercard"]
NETWORKS: tuple[Network, ...] = ("visa", "mastercard")
# Visa's other test number, 4761340000000043, would look the same once it is masked.
PANS = {"visa": "4761739999000213", "mastercard": "5120350100064594"}
ACQUIRERS = {"visa": "400552", "mastercard": "200234"}
REFERENCES = {"visa": "306327123456789", "mastercard": "MCCK7D2M4Q9Z"}
ACCEPTOR = CardAcceptor("TIDEGATE0000001", "Harbour Books", "Hong Kong", "344", "5999")
MOMENT = 1795426215.0
"""2026-11-23 09:30:15 UTC."""
DAY = date(2026, 11, 23)

_stans = count(1)


def an_identity(network: str, stan: int | None = None) -> MessageIdentity:
    """One that was not used before in this process."""
    number = stan or next(_stans)
    rrn = retrieval_reference(MOMENT, number)
    return MessageIdentity(transmission_time(MOMENT), number, ACQUIRERS[network], rrn, "TG000001")


def a_purchase(network: str, minor: int = 12_300, cvc: str | None = None) -> AuthorizationRequest:
    """A 0100 of a new identity."""
    return AuthorizationRequest(
        identity=an_identity(network),
        kind="purchase",
        amount=Money(minor, "USD"),
        card=Card(PANS[network], "3112", cvc),
        acceptor=ACCEPTOR,
        local_time="261123173015",
    )


def a_refund(network: str, minor: int = 5_000) -> AuthorizationRequest:
    """A 0100 with processing code 20."""
    return replace(a_purchase(network, minor), kind="refund", scheme_reference=REFERENCES[network])


def a_reversal(original: AuthorizationRequest, answer: NetworkAnswer | None) -> ReversalRequest:
    """The 0400 that takes back ``original``; ``answer`` as far as it came."""
    own = an_identity("visa" if original.card.pan.startswith("4") else "mastercard")
    return ReversalRequest(
        identity=replace(own, rrn=original.identity.rrn),
        original=original.identity,
        kind=original.kind,
        amount=original.amount,
        card=replace(original.card, cvc=None),
        acceptor=original.acceptor,
        local_time=original.local_time,
        authorization_code=answer.authorization_code if answer else None,
        scheme_reference=answer.scheme_reference if answer else None,
    )


def a_presentment(
    network: str,
    request: AuthorizationRequest | None = None,
    answer: NetworkAnswer | None = None,
    minor: int | None = None,
) -> Presentment:
    """All of an approved message, or ``minor`` of it."""
    request = request or a_purchase(network)
    answer = answer or NetworkAnswer("00", "A1B2C3", REFERENCES[network])
    sequence = request.identity.stan
    return Presentment(
        acquirer_reference_number=acquirer_reference_number(ACQUIRERS[network], DAY, sequence),
        kind=request.kind,
        amount=Money(request.amount.minor if minor is None else minor, request.amount.currency),
        authorized_minor=request.amount.minor,
        card=request.card,
        acceptor=request.acceptor,
        terminal_id=request.identity.terminal_id,
        rrn=request.identity.rrn,
        authorization_code=answer.authorization_code or "",
        scheme_reference=answer.scheme_reference or "",
        local_time=request.local_time,
    )
