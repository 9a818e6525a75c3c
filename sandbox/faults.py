"""What goes wrong on a real link, to be switched on by ``POST /faults``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """The link's faults; the defaults are a sound link."""

    drop_next_answers: int = 0
    """So many answers to authorizations and reversals get lost after the message was booked."""
    delay_ms: int = 0
    """Every answer to an authorization or reversal takes so much longer."""
    refuse_connections: bool = False
    """The link is down: connections break and new ones are refused."""
