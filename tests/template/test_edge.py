"""The optional edge: signatures arrive under their own name, and nothing on the way changes a
body."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.template.reading import resources, template
from tidegate.api.evocloud.envelope import SIGNATURE_HEADER


def renamed(headers: dict[str, str]) -> dict[str, str]:
    """What the edge's function makes of an answer's headers, run by Node.js as CloudFront does."""
    (function,) = resources("AWS::CloudFront::Function").values()
    event = {"response": {"headers": {name: {"value": v} for name, v in headers.items()}}}
    program = f"{function['FunctionCode']}\nconst event = {json.dumps(event)};\n"
    program += "console.log(JSON.stringify(handler(event)));"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)["headers"]
    return {name: one["value"] for name, one in found.items()}


def test_the_signature_arrives_under_its_own_name() -> None:
    sent = {SIGNATURE_HEADER.lower(): "8acbd100", "content-type": "application/json"}
    assert renamed(sent) == {"authorization": "8acbd100", "content-type": "application/json"}


def test_an_answer_without_a_signature_gets_none() -> None:
    assert renamed({"content-type": "application/json"}) == {"content-type": "application/json"}


def test_nothing_signed_is_kept_or_compressed_on_its_way() -> None:
    (edge,) = resources("AWS::CloudFront::Distribution").values()
    behaviour = edge["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["Compress"] is False
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert set(behaviour["AllowedMethods"]) >= {"GET", "POST", "PUT", "DELETE"}
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    (association,) = behaviour["FunctionAssociations"]
    assert association["EventType"] == "viewer-response"


@pytest.mark.parametrize("name", ["SignatureUnderItsOwnName", "Edge"])
def test_who_wants_no_edge_gets_none(name: str) -> None:
    assert template()["Resources"][name]["Condition"] == "HasEdge"
    assert template()["Parameters"]["EdgeDomain"]["Default"] == ""
