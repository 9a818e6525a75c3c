"""What cannot be counted on a laptop and is assumed instead; docs/cost.md argues each.

The meter's clock runs on these alone, so that billed durations are the same on every machine.
"""

from __future__ import annotations

from typing import Any

from tests.template.reading import template

ISSUER_S = 0.4
"""Until a network's host answers an authorization."""
WEBHOOK_S = 0.1
"""Until a merchant's endpoint answers a webhook."""
AWS_CALL_S = 0.005
"""On the way to a service of AWS in the region and back."""
FILE_S = 0.1
"""Until a network's file service answers."""

BOTO3_PUT_CPU_S = 0.000978
"""One warm put_item on the reference machine, shared/reference/performance.md."""
CALL_CPU_S = 1.25 * BOTO3_PUT_CPU_S
"""The bench holds every function's warm processor time, all of it, below this for each of its
calls (part `warm`)."""
HANDLER_CPU_S = 0.001
"""For an invocation besides, so that those without a call take time as well."""
FULL_MB = 1769
"""The memory at which Lambda gives one whole processor; less memory gives less in proportion."""

SAMPLED = 0.05
"""Share of traces that are recorded; the template's sampling rule."""
WEBHOOK_BYTES = 700
"""Of a webhook's request line and headers, its TLS records included."""
ANSWER_BYTES = 400
"""Of an answer's status line and headers, its TLS records included."""

REQUEST_ID = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"
TRACE = "Root=1-64dca4b1-5a3c1f2e4b6d8f0a1c3e5d7f;Parent=3bb3c4a9b2d1e0f5;Sampled=0"
ENVIRONMENT = {"_X_AMZN_TRACE_ID": TRACE}
"""Log lines are as long as on Lambda, where they carry the trace."""

_START = (
    '{"time":"2025-11-27T10:53:20.102Z","type":"platform.start","record":'
    f'{{"requestId":"{REQUEST_ID}","version":"$LATEST"}}}}\n'
)
_REPORT = (
    '{"time":"2025-11-27T10:53:20.602Z","type":"platform.report","record":'
    f'{{"requestId":"{REQUEST_ID}","metrics":{{"durationMs":441.252,"billedDurationMs":442,'
    '"memorySizeMB":256,"maxMemoryUsedMB":112},"tracing":{"spanId":"3bb3c4a9b2d1e0f5",'
    f'"type":"X-Amzn-Trace-Id","value":"{TRACE}"}},"status":"success"}}}}\n'
)

INVOCATION_LINES = _START + _REPORT
"""What Lambda itself logs of an invocation that ends well, unless it is told not to."""


def platform_lines() -> str:
    """The same, as the template has it."""
    logging = template()["Globals"]["Function"]["LoggingConfig"]
    return "" if logging.get("SystemLogLevel", "INFO") == "WARN" else INVOCATION_LINES


def cpu_s(seconds: float, memory_mb: int) -> float:
    """How long so much processor time takes at a memory size."""
    return seconds * max(1.0, FULL_MB / memory_mb)


def answer_bytes(answer: Any) -> int:
    """What an answer of the API weighs on the wire."""
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer["headers"].items())
    return ANSWER_BYTES + headers + len(answer["body"].encode())
