"""``Webhooks`` over HTTP: bounded in time and size, never redirected, never sent into our own
network."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tidegate.api.evocloud.notifications import notification_body, notification_headers
from tidegate.domain.events import Event, Subject
from tidegate.domain.store import Store

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1024
ACKNOWLEDGED = b"success"


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All IPv6 that is given to networks (RFC 4291)."""
SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
"""The only part of it in which an IPv4 address may hide."""
RELAYS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))
"""Protocol assignments and 6to4's anycast (RFC 6890), some of which Python takes for global."""


class NotAllowed(Exception):
    """A webhook address that we do not send to."""


def is_public(address: Address) -> bool:
    """Whether it can only be somebody's on the Internet: nothing of ours, no translated IPv4."""
    if not address.is_global or address.is_multicast:
        return False
    if address.version == 4:
        return not any(address in network for network in RELAYS)
    return address in GLOBAL_UNICAST and address not in SIX_TO_FOUR


def _nobody_is_told(_store: Store, _url: str) -> None: ...


@dataclass(frozen=True)
class HttpWebhooks:
    """Merchants' endpoints; ``open_network`` allows http and private addresses, for the local
    stage alone.

    An endpoint that has just run into the deadline is not tried by this process for ``rest_s``:
    it fails at once, so that whoever hangs takes only a small part of the time meant for all.
    """

    open_network: bool
    rest_s: float = 0.0
    refused: Callable[[Store, str], None] = _nobody_is_told
    """Is told of an address that is not allowed."""
    _hung: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    """When an address, its query aside, last ran into the deadline."""

    def deliver(self, store: Store, url: str, event: Event, subject: Subject | None) -> bool | None:
        address = url.partition("?")[0]
        if self._rests(address):
            return False
        body = notification_body(event, subject, store)
        headers = notification_headers(store, url, event, body, time.time())
        began = time.monotonic()
        try:
            status, answer = self._post(url, body.encode(), headers)
        except NotAllowed:
            self.refused(store, url)
            return False
        except (OSError, http.client.HTTPException, ValueError):
            if time.monotonic() - began >= TIMEOUT_S:
                self._hung[address] = time.monotonic()
            return False
        if status == http.HTTPStatus.OK and answer.strip().lower() == ACKNOWLEDGED:
            return True
        return None if 200 <= status < 300 else False

    def _rests(self, address: str) -> bool:
        hung_at = self._hung.get(address)
        if hung_at is None:
            return False
        if time.monotonic() - hung_at < self.rest_s:
            return True
        del self._hung[address]
        return False

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        if not parts.hostname or not (secure or (self.open_network and parts.scheme == "http")):
            raise NotAllowed
        port = parts.port or (443 if secure else 80)
        deadline = time.monotonic() + TIMEOUT_S
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT_S)
        try:
            connection.sock = self._connect(parts.hostname, port, secure, deadline)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            with _cut_off(connection.sock, deadline):
                connection.request("POST", target, body=body, headers=headers)
                response = connection.getresponse()
                return response.status, response.read(MAX_ANSWER_BYTES)
        finally:
            connection.close()

    def _connect(self, host: str, port: int, secure: bool, deadline: float) -> socket.socket:
        """To the very address that was checked: a name may point elsewhere a moment later."""
        address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        if not self.open_network and not is_public(ipaddress.ip_address(address)):
            raise NotAllowed
        raw = socket.create_connection((address, port), timeout=TIMEOUT_S)
        if not secure:
            return raw
        raw.settimeout(max(0.1, deadline - time.monotonic()))
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


@contextlib.contextmanager
def _cut_off(sock: socket.socket, deadline: float) -> Iterator[None]:
    """End the conversation at the deadline: a socket's own timeout starts anew with every byte.

    Raises TimeoutError, as an answer that was cut off may look like a short one.
    """

    def cut() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if time.monotonic() >= deadline:
        raise TimeoutError
