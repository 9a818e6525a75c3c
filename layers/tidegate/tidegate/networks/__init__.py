"""One module per card network or wallet protocol; adding a network is adding a file and a line
here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, cast

from tidegate.networks.breaker import GuardedNetwork
from tidegate.networks.iso8583.client import HostClient, Link
from tidegate.networks.iso8583.mastercard import MastercardLink
from tidegate.networks.iso8583.visa import VisaLink
from tidegate.ports_wallets import Wallet, WalletCredentials

LINKS: Mapping[str, type[Link]] = {"visa": VisaLink, "mastercard": MastercardLink}


WALLETS: Mapping[str, str] = {"alipayplus": "tidegate.networks.alipayplus.client:AlipayPlus"}
"""Module and class of each wallet network: loaded by the first payment that goes there."""


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
        self._clients: dict[str, GuardedNetwork] = {}

    def __getitem__(self, name: str) -> GuardedNetwork:
        if name not in self._clients:
            address = self._addresses[name]
            client = HostClient(LINKS[name](), address.host, address.port)
            self._clients[name] = GuardedNetwork(client)
        return self._clients[name]


def connect(addresses: Mapping[str, Address]) -> HostClients:
    """The links by network name; nothing is opened before it is used."""
    return HostClients(addresses)


class WalletClients:
    """The wallet networks of a stack, made when they are first used."""

    def __init__(
        self, urls: Mapping[str, str], credentials: Callable[[str], WalletCredentials]
    ) -> None:
        self._urls = urls
        self._credentials = credentials
        self._clients: dict[str, Wallet] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._urls

    def __getitem__(self, name: str) -> Wallet:
        if name not in self._clients:
            module, _, kind = WALLETS[name].partition(":")
            known = self._credentials(name)
            made = getattr(import_module(module), kind)(
                self._urls[name], known.client_id, known.private_key, known.wallet_public_key
            )
            self._clients[name] = cast("Wallet", made)
        return self._clients[name]
