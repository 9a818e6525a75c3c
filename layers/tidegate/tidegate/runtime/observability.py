"""Logs, traces and metrics of a function: one decorator, one place to change the tracer.

Card data is kept out by never being passed; what is logged or annotated is ids, codes and counts.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "Tidegate"
Result = TypeVar("Result")

log = Logger(service=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "tidegate"))
# Responses and errors stay out of traces: they are the merchant's business.
_tracer = Tracer(service="tidegate", auto_patch=False)


def instrument(
    handler: Callable[[dict[str, Any], Any], Result],
) -> Callable[[dict[str, Any], Any], Result]:
    """A Lambda handler with a subsegment of its own and logs that carry the request id.

    A failure is marked by its class name alone: the SDK would record its message too, which may
    quote what the handler was given.
    """

    @functools.wraps(handler)
    def instrumented(event: dict[str, Any], context: Any) -> Result:
        log.append_keys(request_id=getattr(context, "aws_request_id", ""))
        name = f"## {getattr(context, 'function_name', 'function')}"
        try:
            with _tracer.provider.in_subsegment(name=name) as subsegment:
                try:
                    return handler(event, context)
                except Exception as error:  # noqa: BLE001  raised again once the subsegment ended
                    subsegment.put_annotation("error", type(error).__name__)
                    failure = error
            raise failure
        finally:
            log.remove_keys(["payment_id", "sid", "network"])

    return instrumented


def annotate(**names: str) -> None:
    """Annotations of the trace (``payment_id``, ``sid``, ``network``) that are log keys as well."""
    log.append_keys(**names)
    for name, value in names.items():
        _tracer.put_annotation(name, value)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """One metric as one EMF line, of this stage."""
    with single_metric(
        name=name, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as metric:
        for dimension, of in {"stage": os.environ.get("STAGE", "local"), **dimensions}.items():
            metric.add_dimension(name=dimension, value=of)
