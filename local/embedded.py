"""The embedded AWS as a process, with its state in a folder that another start finds again."""

import os
from pathlib import Path
from typing import Self

from local import deploy
from local.environments import python
from local.processes import Child, answers, free_port

FALLBACK_PATH = "/usr/bin:/bin"


class EmbeddedAws:
    """MiniStack by `local.engine`, on 127.0.0.1.

    Attributes:
        endpoint_url: what SDKs are given as AWS_ENDPOINT_URL.
    """

    def __init__(
        self,
        folder: Path,
        log: Path,
        port: int | None = None,
        xray_port: int = 2000,
        *,
        metered: bool = False,
    ) -> None:
        self.port = port or free_port()
        self._folder = folder.resolve()
        self._child = Child(
            "embedded AWS",
            [str(python("engine")), "-m", "local.engine"],
            {**self._environment(xray_port), **({"TIDEGATE_METER": "1"} if metered else {})},
            log,
        )

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start it without waiting."""
        for name in ("state", "s3", "tmp"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._child.start()
        return self

    def wait(self) -> Self:
        """Wait until it answers.

        Raises:
            LocalError: it does not.
        """
        self._child.wait_until(lambda: answers(f"{self.endpoint_url}/_ministack/ready"))
        return self

    def stop(self) -> None:
        """Stop it; it saves its state."""
        self._child.stop()

    def kill(self) -> None:
        """End it without a chance to save, as a power cut would."""
        self._child.kill()

    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child.is_running()

    @property
    def pid(self) -> int:
        """Its process; functions' processes descend from it."""
        assert self._child.process is not None
        return self._child.process.pid

    def __enter__(self) -> Self:
        return self.start().wait()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _environment(self, xray_port: int) -> dict[str, str]:
        """The settings of MiniStack; the functions' processes inherit these, and nothing else."""
        folder = self._folder
        return {
            "PATH": os.environ.get("PATH", FALLBACK_PATH),
            "HOME": os.environ.get("HOME", str(folder)),
            **deploy.CREDENTIALS,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{xray_port}",
            "TIDEGATE_RUNTIME_PYTHON": str(python("runtime")),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(folder / "tmp"),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "POWERTOOLS_LOG_LEVEL": "INFO",  # the functions log as on AWS, whatever MiniStack does
            # Each waiting invocation holds a thread, and what it waits for needs others.
            "MINISTACK_WORKER_THREADS": "256",
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
            "LAMBDA_WARM_TTL_SECONDS": "60",
        }
