"""Writes layers/tidegate/tidegate/adapters/aws_models from botocore's data: of each service beside
DynamoDB that the payment path uses, the operations that it uses, without their documentation."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.environments import ROOT, python

TARGET = ROOT / "layers" / "tidegate" / "tidegate" / "adapters" / "aws_models"
OPERATIONS = {
    "kms": ("Decrypt", "Encrypt", "GenerateDataKey", "GetPublicKey"),
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("SendMessageBatch",),
    "stepfunctions": ("DescribeExecution", "StartExecution", "StartSyncExecution"),
}
COMMON = ("_retry.json", "sdk-default-configuration.json")


def write(target: Path = TARGET) -> None:
    """Write all of it anew, from the botocore that functions find on AWS."""
    source = _botocore_data()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in COMMON:
        shutil.copyfile(source / name, target / name)
    _write(target / "endpoints.json", _endpoints(source))
    for service, operations in OPERATIONS.items():
        version = max(path.name for path in (source / service).iterdir())
        folder = target / service / version
        folder.mkdir(parents=True)
        model = _read(source / service / version / "service-2.json.gz")
        _write(folder / "service-2.json", _of_operations(model, operations))


def _botocore_data() -> Path:
    where = "import botocore; print(botocore.__path__[0])"
    found = subprocess.run([str(python("runtime")), "-c", where], capture_output=True, check=True)
    return Path(found.stdout.decode().strip()) / "data"


def _endpoints(source: Path) -> Any:
    """Partitions and their regions. No service of ours has an endpoint out of the ordinary, so its
    rules, which botocore would go through with every request, are left out."""
    endpoints = json.loads((source / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        partition["services"] = {}
    return endpoints


def _of_operations(model: Any, operations: tuple[str, ...]) -> Any:
    """The model of some operations and of every shape that they lead to."""
    kept = {name: model["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    pending = set(_shapes_in(kept))
    while pending:
        name = pending.pop()
        shapes[name] = model["shapes"][name]
        pending |= set(_shapes_in(shapes[name])) - shapes.keys()
    return {
        "version": model["version"],
        "metadata": model["metadata"],
        "operations": kept,
        "shapes": dict(sorted(shapes.items())),
    }


def _shapes_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _shapes_in(item)


def _read(path: Path) -> Any:
    return _undocumented(json.loads(gzip.decompress(path.read_bytes())))


def _undocumented(node: Any) -> Any:
    """Without the texts; a member of a structure may be called ``documentation``, too."""
    if isinstance(node, dict):
        return {
            name: _undocumented(value)
            for name, value in node.items()
            if name != "documentation" or not isinstance(value, str)
        }
    return [_undocumented(item) for item in node] if isinstance(node, list) else node


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write()
