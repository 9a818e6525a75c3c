"""Logs, traces and metrics of a function: one decorator, one place to change the tracer.

Powertools' Logger is loaded with the first line, its Tracer with the first request that is traced:
a payment that goes well writes no line, and of twenty payments one is traced.

Card data is kept out by never being passed; what is logged or annotated is ids, codes and counts.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tidegate.runtime import cold_start

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Tracer

NAMESPACE = "Tidegate"
Result = TypeVar("Result")
_CALLER = 3
"""Frames from Powertools' Logger to whoever writes a line."""


class Log:
    """Lines of JSON, each with the keys of the request that it belongs to."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def begin(self, request_id: str) -> None:
        """Forget the last request's keys."""
        self._keys = {"request_id": request_id}

    def append_keys(self, **keys: str) -> None:
        """Keys of every line to come of this request."""
        self._keys.update(keys)

    def info(self, message: str, extra: Mapping[str, Any] | None = None) -> None:
        self._logger.info(message, extra={**self._keys, **(extra or {})}, stacklevel=_CALLER)

    def warning(self, message: str, extra: Mapping[str, Any] | None = None) -> None:
        self._logger.warning(message, extra={**self._keys, **(extra or {})}, stacklevel=_CALLER)

    def exception(self, message: str) -> None:
        """With the exception that is being handled."""
        self._logger.exception(message, extra=self._keys, stacklevel=_CALLER)

    @cached_property
    def _logger(self) -> Logger:
        from aws_lambda_powertools import Logger

        return Logger(service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "tidegate"))


log = Log()


def instrument(
    handler: Callable[[dict[str, Any], Any], Result],
) -> Callable[[dict[str, Any], Any], Result]:
    """A Lambda handler with a subsegment of its own and logs that carry the request id."""

    @functools.wraps(handler)
    def instrumented(event: dict[str, Any], context: Any) -> Result:
        log.begin(getattr(context, "aws_request_id", ""))
        if not _is_traced():
            return handler(event, context)
        return _in_subsegment(handler, event, context)

    cold_start.end()
    return instrumented


def annotate(**names: str) -> None:
    """Annotations of the trace (``payment_id``, ``sid``, ``network``) that are log keys as well."""
    log.append_keys(**names)
    if _is_traced():
        for name, value in names.items():
            _tracer().put_annotation(name, value)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """One metric as one EMF line, of this stage."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(
        name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as metric:
        for dimension, of in {"stage": os.environ.get("STAGE", "local"), **dimensions}.items():
            metric.add_dimension(name=dimension, value=of)


def _is_traced() -> bool:
    """Whether X-Ray chose this invocation; Lambda says so anew for each."""
    return "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")


@cache
def _tracer() -> Tracer:
    from aws_lambda_powertools import Tracer

    return Tracer(service="tidegate", auto_patch=False)


def _in_subsegment(
    handler: Callable[[dict[str, Any], Any], Result], event: dict[str, Any], context: Any
) -> Result:
    """Responses and errors stay out of traces: they are the merchant's business. A failure is
    marked by its class name alone: the SDK would record its message too, which may quote what the
    handler was given."""
    name = f"## {getattr(context, 'function_name', 'function')}"
    with _tracer().provider.in_subsegment(name=name) as subsegment:
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001  raised again once the subsegment ended
            subsegment.put_annotation("error", type(error).__name__)
            failure = error
    raise failure
