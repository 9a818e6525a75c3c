"""What an operator does to a running stack: settle a day, fetch the networks' files, look at
breaks.

Everything goes through the same doors as on AWS: state machines, functions, the table, the bucket.
The hosts' own day is ended through their file-transfer service.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.errors import LocalError
from local.stack import Stack

EXECUTION_S = 120
POLL_S = 0.2


@dataclass(frozen=True)
class Operations:
    """An operator's view of one stack."""

    stack: Stack

    def settle(self, sid: str, currency: str, day: str) -> dict[str, Any]:
        """Close the batch of a business date (YYYYMMDD) now and settle it; the execution's
        output."""
        given = {"sid": sid, "currency": currency, "businessDate": day, "closeNow": True}
        name = f"{sid}-{currency}-{day}-{time.time_ns()}"
        return self._execute(self.stack.outputs["SettlementStateMachineArn"], name, given)

    def end_host_day(self, network: str) -> str | None:
        """Let a network's host write its settlement file; the file's id, None if it had nothing."""
        with self._http(f"{self.stack.url(network)}/cut", method="POST") as response:
            return None if response.status == 204 else str(json.load(response)["file_id"])

    def settlement_file(self, network: str, file_id: str) -> bytes:
        """A settlement file as the host offers it."""
        with self._http(f"{self.stack.url(network)}/settlement/{file_id}") as response:
            content: bytes = response.read()
            return content

    def books(self, network: str) -> dict[str, Any]:
        """A host's own books."""
        with self._http(f"{self.stack.url(network)}/books") as response:
            books: dict[str, Any] = json.load(response)
            return books

    def received_webhooks(self) -> list[dict[str, Any]]:
        """Everything that the sandbox merchant received."""
        with self._http(f"{self.stack.url('merchant')}/received") as response:
            received: list[dict[str, Any]] = json.load(response)
            return received

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Call a function of the stack by the name of its output, ``<function>Arn``-like names
        aside."""
        answer = self.stack.client("lambda").invoke(
            FunctionName=self._physical_id(function), Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise LocalError(f"{function} failed: {payload.get('errorMessage')}")
        return payload

    def sweep(self) -> dict[str, int]:
        """Run the janitor now."""
        counts: dict[str, int] = self.invoke("SweepDueFunction", {})
        return counts

    def wait(self, check: Callable[[], Any], what: str, within_s: float = EXECUTION_S) -> Any:
        """Wait until ``check`` gives something; raises LocalError naming ``what`` if it never
        does."""
        end = time.monotonic() + within_s
        while not (found := check()):
            if time.monotonic() > end:
                raise LocalError(f"{what}: not within {within_s:.0f} s")
            time.sleep(POLL_S)
        return found

    def _execute(self, arn: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
        client = self.stack.client("stepfunctions")
        started = client.start_execution(
            stateMachineArn=arn, name=name[-80:], input=json.dumps(given)
        )["executionArn"]

        def ended() -> dict[str, Any] | None:
            execution: dict[str, Any] = client.describe_execution(executionArn=started)
            return None if execution["status"] == "RUNNING" else execution

        execution = self.wait(ended, f"execution {name}")
        if execution["status"] != "SUCCEEDED":
            raise LocalError(
                f"{name} ended {execution['status']}: "
                f"{execution.get('error')} {execution.get('cause')}"
            )
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def _physical_id(self, logical_id: str) -> str:
        found = self.stack.client("cloudformation").describe_stack_resource(
            StackName="tidegate", LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @staticmethod
    def _http(url: str, method: str = "GET") -> Any:
        return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30)
