"""The functions: one behind the API, one for each step of the workflow."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from pydantic import BaseModel

from bench.naive.models import LedgerModel, MerchantModel, PaymentModel

log = Logger(service="naive")
tracer = Tracer(service="naive")
metrics = Metrics(namespace="Naive", service="naive")
app = APIGatewayRestResolver(enable_validation=True)

Step = Callable[[PaymentModel], None]
ask_issuer: Callable[[], str] = lambda: "A00001"  # noqa: E731  the bench says how long it takes
send_webhook: Callable[[str], None] = lambda _body: None  # noqa: E731


class Card(BaseModel):
    """As the request has it."""

    number: str
    expiry: str
    cvc: str


class Payment(BaseModel):
    """The request."""

    id: str
    merchant: str
    amount: str
    currency: str
    card: Card


@cache
def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]


@app.post("/payments")
def create(payment: Payment) -> dict[str, str]:
    """Store it, and leave the rest to the workflow."""
    merchant = MerchantModel.get(payment.merchant)
    sealed = client("kms").encrypt(
        KeyId=os.environ["KEY_ID"], Plaintext=payment.card.model_dump_json().encode()
    )
    now = _now()
    PaymentModel(
        payment_id=payment.id,
        merchant_id=merchant.merchant_id,
        merchant_transaction_id=payment.id,
        status="CREATED",
        amount=payment.amount,
        currency=payment.currency,
        card_brand="Visa",
        card_last_four_digits=payment.card.number[-4:],
        encrypted_card=sealed["CiphertextBlob"],
        webhook_url=merchant.webhook_url,
        created_at=now,
        updated_at=now,
    ).save()
    client("stepfunctions").start_execution(
        stateMachineArn=os.environ["STATE_MACHINE_ARN"],
        name=payment.id,
        input=json.dumps({"payment_id": payment.id, "merchant_id": payment.merchant}),
    )
    log.info("payment created", payment_id=payment.id)
    return {"id": payment.id, "status": "CREATED"}


def api(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Behind API Gateway."""
    return _api_handler()(event, context)  # type: ignore[no-any-return]


@cache
def _api_handler() -> Callable[..., Any]:
    config = IdempotencyConfig(event_key_jmespath="body")

    @log.inject_lambda_context
    @tracer.capture_lambda_handler
    @metrics.log_metrics
    @idempotent(config=config, persistence_store=DynamoDBPersistenceLayer(table_name="idempotency"))
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        metrics.add_metric(name="PaymentCreated", unit=MetricUnit.Count, value=1)
        return app.resolve(event, context)

    return handler


def _authorize(payment: PaymentModel) -> None:
    client("kms").decrypt(CiphertextBlob=payment.encrypted_card)
    payment.authorization_code = ask_issuer()
    payment.network_reference = "000000000123456"


def _capture(payment: PaymentModel) -> None:
    client("kms").decrypt(CiphertextBlob=payment.encrypted_card)
    payment.captured_amount = payment.amount


def _post(payment: PaymentModel) -> None:
    LedgerModel(
        merchant_id=payment.merchant_id,
        entry_id=payment.payment_id,
        amount=payment.amount,
        currency=payment.currency,
        fee="2.80",
        booked_at=_now(),
    ).save()


def _publish(payment: PaymentModel) -> None:
    client("sns").publish(TopicArn=os.environ["TOPIC_ARN"], Message=_body(payment))


def _tell(payment: PaymentModel) -> None:
    send_webhook(_body(payment))
    payment.webhook_status = "DELIVERED"


def _limits(payment: PaymentModel) -> None:
    if float(payment.amount) > MerchantModel.get(payment.merchant_id).limit:
        raise ValueError("over the limit")


STEPS: dict[str, tuple[str, Step]] = {
    "CheckLimits": ("CHECKED", _limits),
    "Authorize": ("AUTHORIZING", _authorize),
    "SaveAuthorization": ("AUTHORIZED", lambda _: None),
    "Capture": ("CAPTURING", _capture),
    "SaveCapture": ("CAPTURED", lambda _: None),
    "PostToLedger": ("POSTED", _post),
    "PublishEvent": ("PUBLISHED", _publish),
    "SendWebhook": ("TOLD", _tell),
    "Finish": ("COMPLETED", lambda _: None),
}


@log.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def step(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One step: read the payment, do it, save the payment."""
    status, act = STEPS[context.function_name]
    payment = PaymentModel.get(event["payment_id"])
    act(payment)
    payment.status = status
    payment.updated_at = _now()
    payment.save()
    metrics.add_metric(name=context.function_name, unit=MetricUnit.Count, value=1)
    log.info("step done", payment_id=payment.payment_id, status=status)
    return {**event, "approved": True, "status": status}


def _body(payment: PaymentModel) -> str:
    shown = payment.to_simple_dict(force=True)
    shown.pop("encrypted_card")
    return json.dumps(shown)


def _now() -> str:
    return datetime.now(UTC).isoformat()
