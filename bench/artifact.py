"""What `sam build` makes, and how a function of it is started as Lambda does."""

from __future__ import annotations

from pathlib import Path

from local import build
from local.environments import ROOT, python


def built() -> Path:
    """The folder of the built artifact; it is built if it is not there."""
    return build.build(say=print).parent


def layer(artifact: Path) -> Path:
    return artifact / "TidegateLayer"


def function(artifact: Path, name: str) -> Path:
    """``create_payment`` is in ``CreatePaymentFunction``."""
    return artifact / f"{name.title().replace('_', '')}Function"


def interpreter() -> str:
    """The one that functions run under: boto3 and the runtime's client, and nothing else."""
    return str(python("runtime"))


def environment(artifact: Path, name: str, variables: dict[str, str]) -> dict[str, str]:
    """Of a function's process; the samples and what they are scripted with are found last."""
    path = (function(artifact, name), layer(artifact) / "python", ROOT)
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": ":".join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
