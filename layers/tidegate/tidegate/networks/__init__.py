"""One module per card network or wallet protocol; adding a network is adding a file and a line
here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tidegate.networks.iso8583.client import HostClient, Link
from tidegate.networks.iso8583.mastercard import MastercardLink
from tidegate.networks.iso8583.visa import VisaLink

LINKS: Mapping[str, type[Link]] = {"visa": VisaLink, "mastercard": MastercardLink}


class Address(Protocol):
    """Where a host listens."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class HostClients:
    """The links of a function, made when they are first used and kept while it is warm."""

    def __init__(self, addresses: Mapping[str, Address]) -> None:
        self._addresses = addresses
        self._clients: dict[str, HostClient] = {}

    def __getitem__(self, name: str) -> HostClient:
        if name not in self._clients:
            address = self._addresses[name]
            self._clients[name] = HostClient(LINKS[name](), address.host, address.port)
        return self._clients[name]


def connect(addresses: Mapping[str, Address]) -> HostClients:
    """The links by network name; nothing is opened before it is used."""
    return HostClients(addresses)
