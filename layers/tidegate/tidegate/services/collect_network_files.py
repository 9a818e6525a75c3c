"""Fetch the settlement files that the networks offer; a file at rest starts its reconciliation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from tidegate.domain.errors import FileRejected
from tidegate.ports_settlement import Files, NetworkFiles


@dataclass(frozen=True, slots=True)
class CollectNetworkFiles:
    """The use case, over its ports."""

    files: Files
    network_files: NetworkFiles

    def __call__(self, networks: Iterable[str]) -> list[str]:
        """Keys of the files that are new. Raises FileRejected if one is not what was announced."""
        new = []
        for network in networks:
            for offered in self.network_files.listed(network):
                key = f"network-files/{network}/{offered['file_id']}"
                if self.files.has(key):
                    continue
                content = self.network_files.fetch(network, offered["file_id"])
                if sha256(content).hexdigest() != offered["sha256"]:
                    raise FileRejected(f"{key} is not the file that was announced")
                self.files.put(key, content)
                new.append(key)
        return new
