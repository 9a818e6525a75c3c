"""The wire to AWS, and DynamoDB's requests over it: what is sent, what is made of an answer, and
what is tried again."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.support.tables import table_definition
from tidegate.adapters.aws import Credentials
from tidegate.adapters.dynamodb.table import ConditionFailed, Table, absent, at_least, equals
from tidegate.adapters.wire import Wire
from tidegate.domain.errors import StaleVersion

URL = "http://127.0.0.1:1"
ERROR = "com.amazonaws.dynamodb.v20120810#{}"


class Answer:
    """What comes back from the wire."""

    def __init__(self, body: Any, status: int = 200) -> None:
        self.status_code = status
        self.headers = {"x-amzn-RequestId": "R1"}
        self.content = body if isinstance(body, bytes) else json.dumps(body).encode()


class Http:
    """In the place of the connection: answers in turn, and what it was sent."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[AWSPreparedRequest] = []

    def send(self, request: AWSPreparedRequest) -> Answer:
        self.sent.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(cast("bytes", request.body)) for request in self.sent]


def wire(http: Http, tries: int = 3) -> Wire:
    made = Wire(
        "dynamodb",
        URL,
        "eu-west-1",
        lambda: Credentials("AK", "SK", "TK"),
        connect_s=1,
        read_s=1,
        tries=tries,
    )
    made._http = http  # type: ignore[assignment]
    return made


def table(http: Http) -> Table:
    return Table("tidegate", wire(http))


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def refused(code: str, status: int = 400, **more: Any) -> Answer:
    return Answer({"__type": ERROR.format(code), "message": "said", **more}, status)


def test_a_request_is_signed_and_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2-3;Sampled=1")
    http = Http(Answer({}))
    wire(http).call("GetItem", {"TableName": "t"})
    (request,) = http.sent
    said = {
        name.lower(): value if isinstance(value, str) else value.decode()
        for name, value in request.headers.items()
    }
    assert (request.method, request.url) == ("POST", f"{URL}/")
    assert said["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert said["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AK/")
    assert "/eu-west-1/dynamodb/aws4_request" in said["authorization"]
    assert (said["x-amz-security-token"], said["x-amzn-trace-id"]) == ("TK", "Root=1-2-3;Sampled=1")


def test_bytes_go_and_come_as_base64() -> None:
    item = {"p": {"S": "P"}, "s": {"S": "S"}, "x": {"B": base64.b64encode(b"\0\xff").decode()}}
    http = Http(Answer({}), Answer({"Item": item}))
    kept = table(http)
    kept.put({"p": "P", "s": "S", "x": b"\0\xff"})
    assert http.bodies[0]["Item"] == item
    assert kept.get("P", "S") == {"p": "P", "s": "S", "x": b"\0\xff"}


@pytest.mark.parametrize(
    "failure",
    [
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        refused("ThrottlingException"),
        refused("InternalServerError", 500),
        Answer(b"<html>", 503),
    ],
)
def test_what_may_pass_is_tried_again(failure: Any, pauses: list[float]) -> None:
    http = Http(failure, failure, Answer({"done": True}))
    assert wire(http).call("GetItem", {}) == {"done": True}
    assert len(pauses) == 2
    assert pauses[0] <= 1.0
    assert pauses[1] <= 2.0


def test_the_last_failure_is_raised() -> None:
    http = Http(*[refused("ThrottlingException")] * 3)
    with pytest.raises(ClientError, match="ThrottlingException"):
        wire(http).call("GetItem", {})
    with pytest.raises(ReadTimeoutError):
        wire(Http(ReadTimeoutError(endpoint_url=URL)), tries=1).call("GetItem", {})


def test_a_refusal_is_not_tried_again() -> None:
    http = Http(refused("ValidationException"))
    with pytest.raises(ClientError, match="ValidationException"):
        table(http).put({"p": "P", "s": "S"})
    assert len(http.sent) == 1


def test_a_transaction_that_is_tried_again_is_the_same_one() -> None:
    http = Http(ReadTimeoutError(endpoint_url=URL), Answer({}), Answer({}))
    kept = table(http)
    for name in ("A", "B"):
        kept.transaction().put({"p": name, "s": "S"}).commit()
    first, again, second = (body["ClientRequestToken"] for body in http.bodies)
    assert first == again != second


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("ConditionalCheckFailedException", ConditionFailed),
        ("TransactionConflictException", StaleVersion),
    ],
)
def test_a_failed_condition_is_known(code: str, known: type[Exception]) -> None:
    with pytest.raises(known):
        table(Http(refused(code))).put({"p": "P", "s": "S"}, absent())


@pytest.mark.parametrize(
    ("reasons", "known"),
    [
        (("None", "ConditionalCheckFailed"), ConditionFailed),
        (("TransactionConflict", "None"), StaleVersion),
    ],
)
def test_a_cancelled_transaction_says_why(reasons: tuple[str, ...], known: type[Exception]) -> None:
    said = refused(
        "TransactionCanceledException", CancellationReasons=[{"Code": one} for one in reasons]
    )
    transaction = table(Http(said)).transaction().put({"p": "P", "s": "S"})
    with pytest.raises(known):
        transaction.commit()


def test_a_request_names_what_its_expressions_are_about() -> None:
    http = Http(Answer({"Items": [], "LastEvaluatedKey": {"p": {"S": "P"}}}), Answer({"Items": []}))
    assert list(table(http).query("P", sort=at_least("s", 5), limit=3)) == []
    first, second = http.bodies
    assert first == {
        "TableName": "tidegate",
        "ConsistentRead": True,
        "ScanIndexForward": True,
        "Limit": 3,
        "KeyConditionExpression": "(#0 = :0 AND #1 >= :1)",
        "ExpressionAttributeNames": {"#0": "p", "#1": "s"},
        "ExpressionAttributeValues": {":0": {"S": "P"}, ":1": {"N": "5"}},
    }
    assert second == {**first, "ExclusiveStartKey": {"p": {"S": "P"}}}


def test_a_transactions_writes_go_in_the_order_in_which_they_were_added() -> None:
    http = Http(Answer({}))
    writes = table(http).transaction()
    writes.put({"p": "P", "s": "1"}, absent()).check("P", "2", equals("v", 1)).commit()
    ((put, check),) = (body["TransactItems"] for body in http.bodies)
    assert put["Put"]["Item"] == {"p": {"S": "P"}, "s": {"S": "1"}}
    assert put["Put"]["ConditionExpression"] == "attribute_not_exists (#0)"
    assert check["ConditionCheck"]["Key"] == {"p": {"S": "P"}, "s": {"S": "2"}}
    assert check["ConditionCheck"]["ExpressionAttributeValues"] == {":0": {"N": "1"}}


def test_items_hold_the_kinds_that_the_wire_reads() -> None:
    kinds = {one["AttributeType"] for one in table_definition()["AttributeDefinitions"]}
    assert kinds <= {"S", "N", "B"}
