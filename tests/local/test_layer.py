"""The layer holds what the functions import, compiled, and nothing that Lambda brings itself."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from local.environments import ROOT, python

LAYER = ROOT / "layers" / "tidegate"
pytestmark = pytest.mark.xdist_group("layer")

UNCHECKED_HASH = 0b01  # PEP 552: hash-based, check_source not set


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = tmp_path_factory.mktemp("layer")
    environment = {
        **os.environ,
        "ARTIFACTS_DIR": str(artifacts),
        "LAYER_PYTHON": str(python("tools")),
        "LAYER_CACHE": str(ROOT / ".local" / "layer-cache"),
    }
    subprocess.run(["make", "-s", "build-TidegateLayer"], cwd=LAYER, env=environment, check=True)
    return artifacts / "python"


def test_every_module_has_byte_code_that_is_never_checked_against_its_source(layer: Path) -> None:
    sources = list(layer.rglob("*.py"))
    assert len(sources) > 300
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source)))
        assert compiled.exists(), source
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == UNCHECKED_HASH, source


def test_what_the_runtime_brings_is_not_in_the_layer(layer: Path) -> None:
    present = {path.name for path in layer.iterdir()}

    assert {"tidegate", "pydantic", "pynamodb", "aws_lambda_powertools", "aws_xray_sdk"} <= present
    assert not present & {"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "bin"}


def test_a_function_sees_every_dependency_in_the_runtime_environment(layer: Path) -> None:
    modules = (
        "tidegate, aws_lambda_powertools, aws_lambda_powertools.tracing, pydantic, cardutil,"
        "pynamodb.models, iso8583, cryptography.hazmat.primitives.ciphers.aead, boto3"
    )
    subprocess.run(
        [str(python("runtime")), "-c", f"import {modules}"],
        env={"PYTHONPATH": str(layer)},
        check=True,
    )
