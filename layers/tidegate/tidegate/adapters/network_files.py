"""``NetworkFiles`` over HTTP: what stands in for each network's file-transfer service
(docs/networks.md)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tidegate.domain.errors import FileRejected, NotSent

TIMEOUT_S = 30
SERVER_ERROR = 500
_OFFERED = ("file_id", "sha256")


class HasFilesUrl(Protocol):
    """A link's address."""

    @property
    def files_url(self) -> str: ...


@dataclass(frozen=True)
class HttpNetworkFiles:
    """The services by network."""

    links: Mapping[str, HasFilesUrl]

    def deliver(self, network: str, file_id: str, content: bytes) -> None:
        self._call(network, f"/clearing/{file_id}", "PUT", content)

    def listed(self, network: str) -> list[dict[str, Any]]:
        """What is offered, each with ``file_id`` and ``sha256``. Raises NotSent, FileRejected."""
        try:
            found = json.loads(self._call(network, "/settlement"))
            sound = all(isinstance(one[name], str) for one in found for name in _OFFERED)
        except (ValueError, RecursionError, TypeError, LookupError):
            sound = False
        if not sound:
            raise FileRejected(f"{network} offers files in a way that cannot be read")
        return list(found)

    def fetch(self, network: str, file_id: str) -> bytes:
        return self._call(network, f"/settlement/{file_id}")

    def _call(
        self, network: str, path: str, method: str = "GET", content: bytes | None = None
    ) -> bytes:
        url = self.links[network].files_url + path
        request = urllib.request.Request(url, data=content, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            if error.code >= SERVER_ERROR:
                raise NotSent(f"the file service of {network} answered {error.code}") from None
            reason = error.read(500).decode("utf-8", "replace")
            raise FileRejected(f"{network} answered {error.code} to {path}: {reason}") from None
        except OSError:
            raise NotSent(f"the file service of {network} cannot be reached") from None
