"""The files of clearing and settlement: one module per network's format, loaded by who needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from tidegate.domain.clearing import Presentment, SettledRecord


class ClearingFormat(Protocol):
    """What a format module offers."""

    def write_clearing(
        self, file_id: str, acquirer_id: str, created: date, presentments: Iterable[Presentment]
    ) -> Iterator[bytes]:
        """A clearing file, piece by piece; equal input gives equal bytes."""

    def read_settlement(self, stream: BinaryIO) -> Iterator[SettledRecord]:
        """A settlement file, record by record; raises FileRejected, also at the very end."""


_MODULES = {"visa": "base2", "mastercard": "ipm"}


def presents(network: str) -> bool:
    """Whether what a network is to settle has to be presented to it; wallets settle what they
    took."""
    return network in _MODULES


def format_of(network: str) -> ClearingFormat:
    """The format that a network's files have."""
    return cast("ClearingFormat", import_module(f"{__name__}.{_MODULES[network]}"))
