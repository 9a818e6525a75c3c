"""The embedded AWS does what AWS does where the gateway depends on it; by a small stack."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import build, deploy
from local.embedded import EmbeddedAws

PROJECT = Path(__file__).parent / "project"

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("embedded-aws")]


@dataclass
class Small:
    """The small stack, deployed."""

    aws: EmbeddedAws
    built: Path
    folder: Path

    @property
    def url(self) -> str:
        api = deploy.outputs(self.aws.endpoint_url)["ApiId"]
        return f"{self.aws.endpoint_url}/restapis/{api}/local/_user_request_"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def pay(self, **given: Any) -> dict[str, Any]:
        status, body = self.call("POST", "/g2/pay", given)
        assert (status, body["status"]) == (200, "SUCCEEDED")
        output: dict[str, Any] = body["output"]
        return output

    def deploy(self) -> bool:
        parameters = {
            "Stage": "local",
            "Runtime": build.RUNTIME,
            "Architecture": build.ARCHITECTURE,
            "Undeclared": "left out",
        }
        return deploy.deploy(self.built, self.aws.endpoint_url, parameters, self.folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("small")
    built = build.build(PROJECT)
    with EmbeddedAws(folder / "engine", folder / "engine.log") as aws:
        stack = Small(aws, built, folder)
        assert stack.deploy()
        yield stack


def test_a_deployed_stack_is_not_deployed_again(small: Small) -> None:
    assert not small.deploy()


@pytest.mark.parametrize(
    ("fail", "expected"),
    [
        (None, {"outcome": "approved", "route": 0}),
        ("NotSent", {"outcome": "approved", "route": 1}),
        ("Declined", {"outcome": "declined"}),
        ("ZeroDivisionError", {"outcome": "unknown", "error": "ZeroDivisionError"}),
        ("exit", {"outcome": "unknown", "error": "Runtime.ExitError"}),
    ],
)
def test_a_workflow_catches_the_class_that_a_function_raised(
    small: Small, fail: str | None, expected: dict[str, Any]
) -> None:
    assert small.pay(fail=fail) == expected


def test_the_trace_of_a_request_goes_through_the_workflow(small: Small) -> None:
    _, body = small.call("POST", "/g2/pay", {"fail": "nothing, but tell the trace"})

    root = body["trace"].split(";")[0]
    assert root.startswith("Root=1-")
    assert body["output"]["trace"].startswith(root)


def test_a_burst_is_answered_whole(small: Small) -> None:
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: small.pay(), range(64)))

    assert answers == [{"outcome": "approved", "route": 0}] * 64


def test_what_a_function_wrote_is_in_the_log_of_its_invocation_once_it_has_answered(
    small: Small,
) -> None:
    logs = deploy.client("logs", small.aws.endpoint_url)
    name = deploy.outputs(small.aws.endpoint_url)["InnerName"]

    def pay(_: int) -> tuple[str, list[str]]:
        line = small.pay(fail="nothing, but write a line")["line"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        events = [event for page in pages for event in page["events"]]
        (stream,) = (one["logStreamName"] for one in events if one["message"] == line)
        return line, [one["message"] for one in events if one["logStreamName"] == stream]

    with ThreadPoolExecutor(16) as pool:
        written = list(pool.map(pay, range(200)))
    for line, messages in written:
        request = line.removeprefix("written by ")
        start, only, end, report = messages
        assert only == line
        assert start.startswith(f"START RequestId: {request}")
        assert end == f"END RequestId: {request}"
        assert report.startswith(f"REPORT RequestId: {request}")


def test_the_api_answers_wrong_methods_and_paths_as_the_template_says(small: Small) -> None:
    assert small.call("GET", "/g2/pay") == (405, {"result": {"code": "V0006"}})
    assert small.call("POST", "/nowhere", {}) == (404, {"result": {"code": "C0002"}})


def test_a_function_that_fails_tells_the_client_nothing(small: Small) -> None:
    request = urllib.request.Request(small.url + "/g2/pay", method="POST", data=b"null")
    with pytest.raises(urllib.error.HTTPError) as failed:
        urllib.request.urlopen(request, timeout=30)

    assert failed.value.code >= 500
    assert json.load(failed.value) == {"result": {"code": "E0000"}}


def test_a_distributed_map_reads_jsonata(small: Small) -> None:
    workflows = deploy.client("stepfunctions", small.aws.endpoint_url)
    execution = workflows.start_execution(
        stateMachineArn=deploy.outputs(small.aws.endpoint_url)["PartitionsArn"],
        input=json.dumps({"run": "r1", "partitions": [3, 1, 2]}),
    )["executionArn"]
    while (seen := workflows.describe_execution(executionArn=execution))["status"] == "RUNNING":
        pass

    assert json.loads(seen["output"]) == {"routes": [3, 1, 2], "run": "r1"}


def test_records_of_a_stream_are_gathered(small: Small) -> None:
    outputs = deploy.outputs(small.aws.endpoint_url)
    dynamodb = deploy.client("dynamodb", small.aws.endpoint_url)
    for number in range(60):
        dynamodb.put_item(TableName=outputs["TableName"], Item={"p": {"S": f"record-{number}"}})

    end = time.monotonic() + 20
    seen: dict[str, Any] = {}
    while seen.get("records", {"N": "0"})["N"] != "60" and time.monotonic() < end:
        time.sleep(0.1)
        key = {"p": {"S": "seen"}}
        seen = dynamodb.get_item(TableName=outputs["SeenName"], Key=key).get("Item", {})
    assert seen["records"] == {"N": "60"}
    assert int(seen["deliveries"]["N"]) <= 10


def test_refused_resource_types_are_left_out(small: Small) -> None:
    assert "TracesArn" not in deploy.outputs(small.aws.endpoint_url)


def test_state_is_found_again_after_a_stop(small: Small) -> None:
    table = deploy.outputs(small.aws.endpoint_url)["TableName"]
    dynamodb = deploy.client("dynamodb", small.aws.endpoint_url)
    dynamodb.put_item(TableName=table, Item={"p": {"S": "kept"}})

    small.aws.stop()
    small.aws.start().wait()

    assert dynamodb.get_item(TableName=table, Key={"p": {"S": "kept"}})["Item"]
    assert not small.deploy()
    assert small.pay() == {"outcome": "approved", "route": 0}
