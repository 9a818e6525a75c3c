"""AWS as the adapters use it: clients of services, a FIFO queue, a bucket, topics, mail, KMS and
state machines, in one process and subject to faults."""

from __future__ import annotations

import base64
import io
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import Any, TypeVar

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.simulation.asl import Interpreter, TaskFailed, definition
from tests.simulation.calls import READ, WRITE, Calls, Failing
from tests.simulation.dynamodb import Database, SimulatedWire, cancelled, failure
from tests.simulation.faults import Fault
from tests.simulation.functions import Functions, machine_of
from tests.simulation.scheduler import Died, Scheduler, Task
from tidegate.adapters.dynamodb.table import HURRIED_S

Answer = TypeVar("Answer")
Requested = tuple[Callable[[], dict[str, Any]], tuple[Fault, ...]]
TRANSIENT = {"ThrottlingException", "InternalServerError"}
DEDUPLICATION_S = 300.0
"""For so long a FIFO queue knows a message again."""


class NoSuchKey(Exception):
    """There is no such object."""


@dataclass
class Message:
    """One message of a queue."""

    body: str
    group: str
    number: int
    received: int = 0
    hidden_until: float = 0.0


@dataclass
class FifoQueue:
    """Messages by group, each group in order; one that is being worked on holds back its group."""

    groups: dict[str, deque[Message]] = field(default_factory=dict)
    seen: dict[tuple[str, str], float] = field(default_factory=dict)
    dead: list[Message] = field(default_factory=list)
    sent: int = 0
    changed: Callable[[], None] = lambda: None

    def send(self, body: str, group: str, deduplication_id: str, now: float) -> None:
        """Take a message, unless it came within the last five minutes."""
        key = (group, deduplication_id)
        if now - self.seen.get(key, -DEDUPLICATION_S) < DEDUPLICATION_S:
            return
        self.seen[key] = now
        self.sent += 1
        self.groups.setdefault(group, deque()).append(Message(body, group, self.sent))
        self.changed()

    def receivable(self, now: float) -> list[Message]:
        """The first message of each group that nobody works on."""
        return [one[0] for one in self.groups.values() if one and one[0].hidden_until <= now]

    def next_at(self, now: float) -> float | None:
        """Seconds until a message comes into sight again; None if none is hidden."""
        return min((one[0].hidden_until - now for one in self.groups.values()), default=None)

    def done(self, message: Message) -> None:
        """Delete a message; one that was taken twice is deleted once."""
        waiting = self.groups.get(message.group, deque())
        if message in waiting:
            waiting.remove(message)
            if not waiting:
                del self.groups[message.group]
            self.changed()

    def give_up(self, message: Message) -> None:
        """To the dead letters."""
        self.done(message)
        self.dead.append(message)

    @property
    def waiting(self) -> int:
        return sum(map(len, self.groups.values()))


@dataclass
class Execution:
    """A run of a state machine."""

    machine: str
    given: str
    task: Task

    @property
    def status(self) -> str:
        if not self.task.done:
            return "RUNNING"
        return "SUCCEEDED" if self.task.error is None else "FAILED"


@dataclass
class Aws:
    """The account of one story."""

    scheduler: Scheduler
    random: Random
    calls: Calls
    functions: Functions
    database: Database = field(default_factory=Database)
    queue: FifoQueue = field(default_factory=FifoQueue)
    bucket: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """All text that leaves our functions for a place where people may read it: messages, mails,
    inputs and outputs of state machines."""
    queued: list[str] = field(default_factory=list)
    """All text of messages in our own queues."""
    stored: list[Callable[[str], None]] = field(default_factory=list)
    """Are told the key of every object that is put."""

    def __post_init__(self) -> None:
        self._master = AESGCM(self.random.randbytes(32))
        self.interpreter = Interpreter(self.scheduler, self.random, self._no_function)

    def client(self, service: str, *, tries: int, **_: float) -> Any:
        """What the adapters talk to S3, SNS and SES by."""
        return getattr(self, f"_{service}")(tries)

    def wire(self, service: str, *, tries: int, read_s: float, **_: Any) -> Any:
        """What they talk to the services by that our own wire leads to."""
        effects = getattr(self, f"_{service}")

        def call(operation: str, given: Mapping[str, Any]) -> Any:
            effect, kinds = effects(operation, given)
            return self._request(f"{service} {operation}", effect, kinds, tries, patience_s=read_s)

        return SimpleNamespace(call=call)

    def connection(self) -> SimulatedWire:
        """What the adapters talk to DynamoDB by."""
        hurried = partial(self._through, attempts=1, patience_s=HURRIED_S)
        return SimulatedWire(self.database, self._through, hurried)

    # -- the clients -------------------------------------------------------------------------

    def _sns(self, attempts: int) -> Any:
        def publish(**given: Any) -> None:
            self._request(
                "sns Publish", lambda: self.told.append(json.dumps(given)), WRITE, attempts
            )

        return SimpleNamespace(publish=publish)

    def _ses(self, attempts: int) -> Any:
        def send_email(**given: Any) -> None:
            self._request(
                "ses SendEmail", lambda: self.told.append(json.dumps(given)), WRITE, attempts
            )

        return SimpleNamespace(send_email=send_email)

    def _s3(self, attempts: int) -> Any:
        def put_object(*, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
            def put() -> None:
                self.bucket[Key] = Body
                for told in self.stored:
                    told(Key)

            self._request("s3 PutObject", put, (*WRITE, Fault.TWICE), attempts)

        def get_object(*, Bucket: str, Key: str) -> Any:  # noqa: N803
            def get() -> Any:
                if Key not in self.bucket:
                    raise NoSuchKey
                return {"Body": io.BytesIO(self.bucket[Key])}

            return self._request("s3 GetObject", get, READ, attempts)

        def head_object(*, Bucket: str, Key: str) -> None:  # noqa: N803
            def head() -> None:
                if Key not in self.bucket:
                    raise failure("404", "HeadObject")

            self._request("s3 HeadObject", head, READ, attempts)

        errors = SimpleNamespace(NoSuchKey=NoSuchKey)
        return SimpleNamespace(
            put_object=put_object,
            get_object=get_object,
            head_object=head_object,
            exceptions=errors,
        )

    # -- what happens behind the wires: an operation's effect, and what may go wrong ------------

    def _sqs(self, operation: str, given: Mapping[str, Any]) -> Requested:
        assert operation == "SendMessageBatch"

        def send() -> dict[str, Any]:
            for one in given["Entries"]:
                self.queued.append(one["MessageBody"])
                self.queue.send(
                    one["MessageBody"],
                    one["MessageGroupId"],
                    one["MessageDeduplicationId"],
                    self.scheduler.now,
                )
            return {"Successful": given["Entries"]}

        return send, (*WRITE, Fault.TWICE)

    def _kms(self, operation: str, given: Mapping[str, Any]) -> Requested:
        bound = json.dumps(given["EncryptionContext"], sort_keys=True).encode()

        def encrypted(plaintext: bytes) -> str:
            nonce = self.random.randbytes(12)
            return _text(nonce + self._master.encrypt(nonce, plaintext, bound))

        def encrypt() -> dict[str, str]:
            return {"CiphertextBlob": encrypted(base64.b64decode(given["Plaintext"]))}

        def decrypt() -> dict[str, str]:
            blob = base64.b64decode(given["CiphertextBlob"])
            return {"Plaintext": _text(self._master.decrypt(blob[:12], blob[12:], bound))}

        def generate() -> dict[str, str]:
            key = self.random.randbytes(32)
            return {"Plaintext": _text(key), "CiphertextBlob": encrypted(key)}

        effects = {"Encrypt": encrypt, "Decrypt": decrypt, "GenerateDataKey": generate}
        return effects[operation], READ

    def _secretsmanager(self, operation: str, given: Mapping[str, Any]) -> Requested:
        assert operation == "GetSecretValue"
        return lambda: {"SecretString": self.secrets[given["SecretId"]]}, READ

    def _states(self, operation: str, given: Mapping[str, Any]) -> Requested:
        def start() -> dict[str, Any]:
            self.start(given["stateMachineArn"], given["name"], given["input"])
            return {}

        def start_sync() -> dict[str, Any]:
            return self._run_express(given["stateMachineArn"], given["input"])

        def describe() -> dict[str, Any]:
            return {"status": self.executions[given["executionArn"]].status}

        effects: dict[str, Requested] = {
            "StartExecution": (start, (*WRITE, Fault.TWICE)),
            "StartSyncExecution": (start_sync, (*WRITE, Fault.THROTTLED)),
            "DescribeExecution": (describe, READ),
        }
        return effects[operation]

    # -- state machines ----------------------------------------------------------------------

    def start(self, machine_arn: str, name: str, given: str) -> Execution:
        """A standard execution. One that runs under this name with this input is left alone;
        otherwise a name that was used is refused."""
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        known = self.executions.get(arn)
        if known is not None:
            if known.status == "RUNNING" and known.given == given:
                return known
            raise failure("ExecutionAlreadyExists", "StartExecution")
        made = self.executions[arn] = self._begun(machine_arn, given)
        return made

    def _run_express(self, machine_arn: str, given: str) -> dict[str, Any]:
        path, _ = machine_of(machine_arn)
        limit_s = float(definition(path)["TimeoutSeconds"])
        execution = self._begun(machine_arn, given)
        if not self.scheduler.wait(execution.task, limit_s):
            self.scheduler.kill(execution.task)
            return {"status": "TIMED_OUT"}
        if execution.status != "SUCCEEDED":
            return {"status": "FAILED"}
        output = json.dumps(execution.task.result)
        self.told.append(output)
        return {"status": "SUCCEEDED", "output": output}

    def _begun(self, machine_arn: str, given: str) -> Execution:
        self.told.append(given)
        path, names = machine_of(machine_arn)
        machine = definition(path)

        def invoke(name: str, payload: Any, timeout_s: float) -> Any:
            self.told.append(json.dumps(payload))
            return self.functions.invoke(names[name], payload, timeout_s)

        interpreter = Interpreter(self.scheduler, self.random, invoke)
        task = self.scheduler.spawn(
            machine_arn.rsplit(":", 1)[-1], lambda: interpreter.execute(machine, json.loads(given))
        )
        return Execution(machine_arn, given, task)

    @staticmethod
    def _no_function(name: str, _payload: Any, _timeout_s: float) -> Any:
        raise TaskFailed("Lambda.ResourceNotFoundException", name)

    # -- requests ----------------------------------------------------------------------------

    def _through(
        self,
        operation: str,
        effect: Callable[[], Answer],
        *,
        attempts: int = 3,
        patience_s: float = 3.0,
    ) -> Answer:
        """A request to DynamoDB, tried three times as the connection's settings say. A
        transaction carries a token, so it happens once however often it is sent."""
        done: list[Answer] = []

        def once() -> Answer:
            if not done:
                done.append(effect())
            return done[0]

        writes = operation in {"PutItem", "UpdateItem", "TransactWriteItems"}
        kinds = (*(WRITE if writes else READ), Fault.THROTTLED)
        conflict: Callable[[], Exception] | None = None
        act = effect
        if operation == "TransactWriteItems":
            act = once
            kinds = (*kinds, Fault.CONFLICT, Fault.CONFLICT)
            conflict = lambda: cancelled(["TransactionConflict", "None"])  # noqa: E731
        elif writes:
            kinds = (*kinds, Fault.CONFLICT)
            conflict = lambda: failure("TransactionConflictException", operation)  # noqa: E731
        return self._request(
            f"dynamodb {operation}", act, kinds, attempts, patience_s=patience_s, conflict=conflict
        )

    def _request(
        self,
        at: str,
        effect: Callable[[], Answer],
        kinds: tuple[Fault, ...],
        attempts: int,
        *,
        patience_s: float = 3.0,
        conflict: Callable[[], Exception] | None = None,
    ) -> Answer:
        """What an SDK does: try again what failed on the way."""
        url = "https://aws.invalid"
        failing = Failing(
            refused=lambda: EndpointConnectionError(endpoint_url=url),
            lost=lambda: ReadTimeoutError(endpoint_url=url),
            throttled=lambda: failure("ThrottlingException", at),
            conflict=conflict,
        )
        for left in reversed(range(attempts)):
            try:
                return self.calls.make(at, effect, kinds, failing, patience_s=patience_s)
            except (EndpointConnectionError, ReadTimeoutError):
                if not left:
                    raise
            except ClientError as error:
                if not left or error.response["Error"]["Code"] not in TRANSIENT:
                    raise
            self.scheduler.sleep(0.1 * self.random.random())
        raise AssertionError("an SDK tries at least once")


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def failed_executions(aws: Aws) -> list[str]:
    """Standard executions that ended badly."""
    return [
        f"{arn}: {execution.task.error!r}"
        for arn, execution in aws.executions.items()
        if execution.status == "FAILED" and not isinstance(execution.task.error, Died)
    ]
