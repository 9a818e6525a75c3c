"""The payment workflow as an Express state machine, started synchronously and exactly once."""

from __future__ import annotations

import json
import os
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tidegate.adapters import aws
from tidegate.services.limits import WORKFLOW_S

ANSWER_S = WORKFLOW_S + 4  # the read timeout stays above the workflow's own


class ExpressPaymentWorkflow:
    """``PaymentWorkflow`` over StartSyncExecution.

    Never retried by the SDK: a second start would send a second authorization (money rule 8).
    """

    def __init__(self, state_machine_arn: str) -> None:
        self._arn = state_machine_arn
        self._wire = aws.wire("states", connect_s=2, read_s=ANSWER_S, tries=1, host="sync-states")

    def run(
        self,
        *,
        sid: str,
        trans_id: str,
        refused: bool,
        routes: int,
        sealed_secrets: str | None,
        deadline: float,
    ) -> dict[str, Any] | None:
        """The last task's result; None when the execution failed, timed out or was not seen."""
        given = {
            "sid": sid,
            "transId": trans_id,
            "refused": refused,
            "routes": routes,
            "sealedSecrets": sealed_secrets,
            "deadline": deadline,
        }
        try:
            answer = self._wire.call(
                "StartSyncExecution",
                {"stateMachineArn": self._arn, "input": json.dumps(given), **_trace_header()},
            )
        except (ClientError, BotoCoreError):
            return None
        if answer["status"] != "SUCCEEDED":
            return None
        output: dict[str, Any] = json.loads(answer["output"])
        return output if "status" in output else None


def _trace_header() -> dict[str, Any]:
    header = os.environ.get("_X_AMZN_TRACE_ID")
    return {"traceHeader": header} if header else {}
