"""Tells the stories of the samples over AWS in this process (moto) and keeps what AWS answered."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from bench import samples, stub_aws
from bench.stub_aws import Recorded
from tests.simulation.world import forget
from tests.support.memory import a_store
from tests.support.mocked_aws import mocked_aws
from tests.support.tables import table_definition

HOSTS = ("visa", "mastercard")


@contextmanager
def hosts() -> Iterator[dict[str, int]]:
    """The card networks' sandbox hosts, by name and port; the second Visa route is the first's."""
    with TemporaryDirectory() as folder:
        started = []
        ports = {}
        for name in HOSTS:
            (Path(folder) / name).mkdir()
            command = [sys.executable, "-m", f"sandbox.{name}", "--state-dir", f"{folder}/{name}"]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=samples.ROOT)
            started.append(child)
            assert child.stdout is not None
            said = dict(one.split("=") for one in child.stdout.readline().split()[1:])
            ports[name], ports[f"{name}_files"] = int(said["iso"]), int(said["http"])
        try:
            yield {**ports, "visa2": ports["visa"], "visa2_files": ports["visa_files"]}
        finally:
            for child in started:
                child.terminate()
                child.wait()


class Recorder:
    """AWS in this process; every answer is kept for the sample that asked."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._kept: list[Recorded] | None = None
        self.made: dict[str, str] = {}
        self.results: dict[str, Any] = {}
        self.file_id = samples.FILE_ID
        """Of the network's settlement file; the host names it."""
        self._decided = True

    def stories(self) -> dict[str, list[Recorded]]:
        """Answers by sample."""
        found: dict[str, list[Recorded]] = {}
        for story, names in samples.STORIES.items():
            with self._aws(), self._wired(story):
                if story in samples.UNDECIDED:
                    self._decided = False
                    self._call("create_payment/visa", None)
                    self._decided = True
                for name in names:
                    forget()  # each is told as by a new process, so that what it caches is there
                    kept: list[Recorded] = []
                    self._call(name, kept)
                    found.setdefault(name, kept)
        return found

    def _call(self, name: str, kept: list[Recorded] | None) -> Any:
        if name == "collect_network_files/one-network":
            self._end_host_day()
        event = samples.sample(name, self.file_id)
        self._scripts.clock.at = samples.time_of(event)
        before, self._kept = self._kept, kept
        try:
            result = _handler(name.split("/")[0])(event, samples.Context())
            if kept is not None and "headers" in event:
                _count_requests()
        finally:
            self._kept = before
        self.results[name] = result
        return result

    def _end_host_day(self) -> None:
        url = f"http://127.0.0.1:{self._ports['visa_files']}/cut"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST")) as response:
            self.file_id = json.load(response)["file_id"]

    @contextmanager
    def _aws(self) -> Iterator[None]:
        environment = samples.environment("", self._ports, {})
        del environment["AWS_ENDPOINT_URL"]
        original = BotocoreStubber.__call__
        recorder = self

        def answered(
            stubber: Any, event_name: str, request: AWSPreparedRequest, **kwargs: Any
        ) -> AWSResponse | None:
            starts = _headers(request).get("x-amz-target", "").endswith("StartSyncExecution")
            answer: AWSResponse | None = (
                recorder._executed(request)
                if starts
                else original(stubber, event_name, request, **kwargs)
            )
            if answer is not None and recorder._kept is not None:
                recorder._kept.append(_recorded(request, answer))
            return answer

        with (
            patch.dict(os.environ, environment),
            mocked_aws(),
            patch.object(BotocoreStubber, "__call__", answered),
        ):
            os.environ.pop("AWS_ENDPOINT_URL", None)
            self.made = _make_all()
            os.environ.update(self.made)
            yield

    @contextmanager
    def _wired(self, story: str) -> Iterator[None]:
        from tidegate.adapters.dynamodb import stores

        forget()
        self._scripts = samples.Scripts()
        with _patches() as replace:
            self._scripts.install(replace, files=None)
            self._scripts.begin(story)
            stores.DynamoStores("bench", self.made["KMS_KEY_ID"]).put(
                a_store(
                    webhook="https://shop.example/hook",
                    email="shop@example.com",
                    **samples.STORES.get(story, {}),
                )
            )
            _put_rates()
            _skip_numbers(list(samples.STORIES).index(story))
            yield
        forget()

    def _executed(self, request: AWSPreparedRequest) -> AWSResponse:
        """The payment workflow's happy way: its first task, and that is its output."""
        if not self._decided:
            return _answer(request, {"status": "FAILED", "executionArn": "x"})
        given = json.loads(_body(request))
        event = {**json.loads(given["input"]), "route": 0}
        before, self._kept = self._kept, None
        try:
            output = _handler("authorize_payment")(event, samples.Context())
        finally:
            self._kept = before
        return _answer(
            request,
            {"status": "SUCCEEDED", "executionArn": "x", "output": json.dumps(output)},
        )


def _make_all() -> dict[str, str]:
    boto3.client("dynamodb").create_table(TableName="bench", **table_definition())
    boto3.client("s3").create_bucket(Bucket="bench")
    kms = boto3.client("kms")
    topic = boto3.client("sns").create_topic(Name="bench")["TopicArn"]
    queue = boto3.client("sqs").create_queue(
        QueueName="bench.fifo", Attributes={"FifoQueue": "true"}
    )["QueueUrl"]
    boto3.client("ses").verify_email_identity(EmailAddress="tidegate@example.com")
    machines = boto3.client("stepfunctions")
    for name in ("settlement", "notices"):
        machines.create_state_machine(
            name=name,
            definition='{"StartAt": "W", "States": {"W": {"Type": "Pass", "End": true}}}',
            roleArn="arn:aws:iam::123456789012:role/any",
        )
    return {
        "KMS_KEY_ID": kms.create_key()["KeyMetadata"]["KeyId"],
        "EVENTS_TOPIC_ARN": topic,
        "NOTICES_QUEUE_URL": queue,
    }


def _put_rates() -> None:
    from tests.support.fx_memory import ONE_DAY
    from tidegate.adapters.dynamodb.fx import DynamoRates

    DynamoRates("bench").put(ONE_DAY)


def _skip_numbers(blocks: int) -> None:
    """Hosts know every message for good, so that no story may use another's numbers."""
    from tidegate.adapters.dynamodb.sequences import LeasedSequences

    for _ in range(blocks):
        for route in (("visa", "400001"), ("mastercard", "500001")):
            LeasedSequences("bench").next(*route)


def _count_requests() -> None:
    """A busy store's requests are counted together, which the first few are not yet."""
    from tidegate.adapters.dynamodb.request_counter import DynamoRequestCounter

    DynamoRequestCounter("bench").take("S024116", 0, 10)


@contextmanager
def _patches() -> Iterator[Callable[[Any, str, Any], object]]:
    undo: list[tuple[Any, str, Any]] = []

    def replace(where: Any, name: str, instead: Any) -> None:
        undo.append((where, name, getattr(where, name)))
        setattr(where, name, instead)

    try:
        yield replace
    finally:
        for where, name, original in reversed(undo):
            setattr(where, name, original)


def _handler(function: str) -> Callable[[Any, Any], Any]:
    path = samples.ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"recorded_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any, Any], Any] = module.handler
    return found


def _answer(request: AWSPreparedRequest, body: dict[str, Any]) -> AWSResponse:
    raw = MockRawResponse(json.dumps(body))
    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(request.url, 200, headers, raw)


def _headers(request: AWSPreparedRequest) -> dict[str, str]:
    return {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    if hasattr(body, "read"):
        body.seek(0)
        read: bytes = body.read()
        body.seek(0)
        return read
    return body.encode() if isinstance(body, str) else bytes(body)


def _recorded(request: AWSPreparedRequest, answer: AWSResponse) -> Recorded:
    path = "/" + request.url.split("/", 3)[3] if request.url.count("/") > 2 else "/"
    operation, record = stub_aws.known_by(request.method, path, _headers(request), _body(request))
    content = answer.content
    answer.raw.seek(0)
    kept = {str(name): str(value) for name, value in answer.headers.items()}
    return Recorded(operation, record, answer.status_code, kept, base64.b64encode(content).decode())
