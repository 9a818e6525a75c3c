"""AWS's own DynamoDB Local, in memory: the oracle for what the embedded DynamoDB lets pass.

Needs Java 17 and the `node` environment, whose package brings the jar. It listens on all
interfaces, which cannot be changed, and holds nothing but test data.
"""

import shutil
import socket
from pathlib import Path
from typing import Self

from local.environments import NODE
from local.errors import LocalError
from local.processes import Child, free_port

EMULATOR = NODE / "node_modules" / "amplify-dynamodb-simulator" / "emulator"


class DynamoDbLocal:
    """One instance on a free port.

    Attributes:
        endpoint_url: what SDKs are given.
    """

    def __init__(self, log: Path) -> None:
        self._port = free_port()
        self._log = log
        self._child: Child | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            LocalError: Java or the jar is missing, or it does not start.
        """
        java = shutil.which("java")
        if java is None:
            raise LocalError("The conformance suite needs Java 17: java is not on the PATH.")
        if not EMULATOR.exists():
            raise LocalError("DynamoDB Local is not installed; run `make environments`.")
        command = [java, f"-Djava.library.path={EMULATOR / 'DynamoDBLocal_lib'}", "-jar"]
        command += [str(EMULATOR / "DynamoDBLocal.jar"), "-inMemory", "-sharedDb"]
        command += ["-disableTelemetry", "-port", str(self._port)]
        # It refuses to work without a region and credentials, whatever they are.
        environment = {"AWS_REGION": "us-east-1", "HOME": str(self._log.parent)}
        folder = self._log.parent  # it leaves a file where it runs
        self._child = Child("DynamoDB Local", command, environment, self._log, folder)
        self._child.start()
        self._child.wait_until(self._listens)
        return self

    def stop(self) -> None:
        """Stop it; its tables are gone."""
        if self._child is not None:
            self._child.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
