"""What is deployed and loaded: bytes of the largest function with its layer, modules of the payment
function."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench import artifact, init
from bench.row import Row

MEGABYTES, MODULES = 60.0, 480
COUNT = "; import sys; print(len(sys.modules))"


def measure() -> Iterator[Row]:
    """Two rows."""
    built = artifact.built()
    functions = [path for path in built.glob("*Function") if path.is_dir()]
    layer, largest = _bytes(artifact.layer(built)), max(map(_bytes, functions))
    yield Row(
        part="size",
        figure="unzipped function + layer, MB",
        value=round((layer + largest) / 1e6, 1),
        goal=MEGABYTES,
        measured=f"{layer / 1e6:.1f} MB layer, {largest / 1e3:.1f} kB largest function",
    )
    alone, loaded = _modules("pass"), _modules(init.HANDLER)
    yield Row(
        part="size",
        figure=f"modules loaded by {init.PAYMENT}",
        value=loaded,
        goal=MODULES,
        measured=f"{loaded} modules",
        yardstick=f"boto3 client {_modules(init.CLIENT)}, the interpreter alone {alone}",
    )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _modules(source: str) -> int:
    """Once the source has run."""
    environment = artifact.environment(artifact.built(), init.PAYMENT, init.VARIABLES)
    command = [artifact.interpreter(), "-c", source + COUNT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout)
