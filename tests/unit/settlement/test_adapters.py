"""Files and announcements on AWS, the networks' file services over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local import deploy
from tests.unit.settlement.house import House, key
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.adapters.notices import SesMailer
from tidegate.adapters.s3_files import S3Files
from tidegate.adapters.settlement import SnsSesAnnouncer
from tidegate.domain.errors import FileRejected, NotSent


@pytest.fixture
def service() -> Iterator[SimpleNamespace]:
    """A file service that answers as it is told and remembers what it was asked."""
    state = SimpleNamespace(asked=[], status=201, body=b"{}")

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(content)

        def do_GET(self) -> None:
            self._answer(b"")

        def _answer(self, content: bytes) -> None:
            state.asked.append((self.command, self.path, content))
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def door(url: str) -> HttpNetworkFiles:
    return HttpNetworkFiles({"visa": SimpleNamespace(files_url=url)})


@pytest.mark.parametrize("status", [200, 201])
def test_a_file_is_put_under_its_id(service: SimpleNamespace, status: int) -> None:
    service.status = status
    door(service.url).deliver("visa", "TG-1", b"90...")
    assert service.asked == [("PUT", "/clearing/TG-1", b"90...")]


@pytest.mark.parametrize("status", [409, 422])
def test_a_refusal_says_why(service: SimpleNamespace, status: int) -> None:
    service.status, service.body = status, b"Record 2: no TCR 5 follows."
    with pytest.raises(FileRejected, match=rf"visa answered {status} .*no TCR 5"):
        door(service.url).deliver("visa", "TG-1", b"")


def test_trouble_at_the_network_is_no_refusal(service: SimpleNamespace) -> None:
    """The workflow tries again after NotSent and gives up after FileRejected."""
    service.status = 503
    with pytest.raises(NotSent):
        door(service.url).deliver("visa", "TG-1", b"")


def test_a_service_that_is_not_there_was_sent_nothing() -> None:
    with pytest.raises(NotSent):
        door("http://127.0.0.1:9").deliver("visa", "TG-1", b"")


def test_settlement_files_are_listed_and_fetched(service: SimpleNamespace) -> None:
    service.status, service.body = 200, b'[{"file_id":"S1","bytes":3,"sha256":"x"}]'
    files = door(service.url)
    assert files.listed("visa") == [{"file_id": "S1", "bytes": 3, "sha256": "x"}]
    assert files.fetch("visa", "S1") == service.body
    assert [path for _, path, _ in service.asked] == ["/settlement", "/settlement/S1"]


def test_files_in_the_bucket(house: House) -> None:
    house.files.put("statements/x.csv", b"a,b\r\n", "text/csv")
    assert house.files.get("statements/x.csv") == b"a,b\r\n"
    assert S3Files("files").get("statements/y.csv") is None
    assert [S3Files("files").has(f"statements/{name}.csv") for name in "xy"] == [True, False]
    head = boto3.client("s3", region_name=deploy.REGION).head_object(
        Bucket="files", Key="statements/x.csv"
    )
    assert head["ContentType"] == "text/csv"


def test_payments_and_refunds_are_read_in_bulk(house: House) -> None:
    names = [house.capture(f"P{number}", 1_000) for number in range(101)]
    house.refund("R", "P0", 100)
    found = house.deliver.records.many("S024116", {*names, "R", "NOBODY"})
    assert set(found) == {*names, "R"}
    assert house.deliver.records.many("S024116", set()) == {}


def test_a_settlement_is_published_with_attributes_and_mailed(aws: None) -> None:
    sns, sqs, ses = (
        boto3.client("sns", region_name=deploy.REGION),
        boto3.client("sqs", region_name=deploy.REGION),
        boto3.client("ses", region_name=deploy.REGION),
    )
    ses.verify_email_identity(EmailAddress="pay@tidegate.example")
    topic = sns.create_topic(Name="events")["TopicArn"]
    queue = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["Attributes"]["QueueArn"],
        Attributes={"FilterPolicy": json.dumps({"eventCode": ["Settlement"], "currency": ["HKD"]})},
    )
    announcer = SnsSesAnnouncer(topic, SesMailer("pay@tidegate.example"))
    event = {"storeInfo": {"sid": "S024116"}, "settlement": {"currency": "HKD"}}
    announcer.settlement("shop@example.com", "Settlement", "HKD 1.00", event)
    announcer.settlement(None, "Settlement", "HKD 1.00", event)
    other = {"storeInfo": {"sid": "S024116"}, "settlement": {"currency": "JPY"}}
    announcer.settlement(None, "Settlement", "JPY 1", other)
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert len(received) == 2
    assert json.loads(json.loads(received[0]["Body"])["Message"]) == event
    assert ses.get_send_quota()["SentLast24Hours"] == 1


def test_a_store_is_told_what_it_gets_and_where_it_stands(house: House) -> None:
    house.capture("BOOK", 10_000)
    house.stream("BOOK")
    house.settle_day(key())
    ((to, subject, text),) = house.told.mails
    assert (to, subject) == (None, "Settlement S024116-HKD-20250304")
    for part in ("HKD 100.00", "HKD 2.80", "HKD 97.20", "statements/S024116/HKD/20250304.csv"):
        assert part in text
    (event,) = house.told.events
    assert event["eventCode"] == "Settlement"
    assert event["settlement"]["payout"] == "97.20"
