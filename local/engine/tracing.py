"""One X-Ray trace from the API's function through the workflow to the functions behind it.

Lambda's SDK sends its trace with every call to AWS; MiniStack drops it, so that each function it
invokes on behalf of that call begins a trace of its own.
"""

from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.services import lambda_svc

HEADER = b"x-amzn-trace-id"

_incoming: ContextVar[str | None] = ContextVar("incoming", default=None)
_original_app = app.app
_original_trace_id = lambda_svc._xray_trace_id_for_invocation


def install() -> None:
    """Hand the trace of a request on to the functions that it invokes."""
    app.app = _traced_app
    lambda_svc._xray_trace_id_for_invocation = _trace_id


async def _traced_app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        trace = next((value for name, value in scope["headers"] if name == HEADER), None)
        _incoming.set(trace.decode("latin-1") if trace else None)
    await _original_app(scope, receive, send)


def _trace_id(config: dict[str, Any], inbound: str | None = None) -> str | None:
    trace_id: str | None = _original_trace_id(config, inbound or _incoming.get())
    return trace_id
