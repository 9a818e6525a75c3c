"""A merchant's till before the metered world: signed requests as API Gateway hands them over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.merchant_client import PREFIX, Merchant
from tests.simulation.calls import Failing

if TYPE_CHECKING:
    from bench.world import MeteredWorld
    from tidegate.domain.store import Store

Body = dict[str, Any]
FUNCTIONS = {
    ("POST", "payment"): "CreatePaymentFunction",
    ("POST", "capture"): "CapturePaymentFunction",
    ("POST", "cancel"): "CancelPaymentFunction",
    ("POST", "refund"): "RefundPaymentFunction",
    ("POST", "cancelOrRefund"): "CancelOrRefundFunction",
    ("GET", "payment"): "GetPaymentFunction",
}
VISA, MASTERCARD, CVC = "4111111111111111", "5555555555554444", "321"
API_S = 29.0
"""API Gateway waits no longer."""
NO_FAULT = Failing(refused=AssertionError, lost=AssertionError)
"""In a metered world no call fails."""
BROWSER = {  # what an ordinary checkout sends along
    "User-Agent": "evocloud-python/1.4.2",
    "Accept": "application/json",
    "Content-Type": "application/json",
    "KeyID": "k1",
}


class Till:
    """Of one store."""

    def __init__(self, world: MeteredWorld, store: Store) -> None:
        self.world = world
        self.store = store
        self._messages = 0

    def pay(
        self,
        trans_id: str,
        value: str = "100.00",
        *,
        hours: str | None = "0",
        card: str = VISA,
        currency: str = "HKD",
    ) -> Body:
        """Authorize, and capture at once where ``hours`` is 0."""
        info = {"cardNumber": card, "expiryDate": "1249", "cvc": CVC}
        return self.ask(
            "POST",
            "payment",
            {
                "merchantTransInfo": self._info(trans_id),
                "transAmount": {"currency": currency, "value": value},
                "paymentMethod": {"type": "card", "card": {"cardInfo": info}},
                "metadata": "basket 17",
                **({} if hours is None else {"captureAfterHours": hours}),
            },
        )

    def change(self, kind: str, of: str, trans_id: str, value: str | None = None) -> Body:
        """``kind`` is capture, cancel, refund or cancelOrRefund."""
        amount = {} if value is None else {"transAmount": {"currency": "HKD", "value": value}}
        return self.ask("POST", kind, {"merchantTransInfo": self._info(trans_id), **amount}, of)

    def ask(self, method: str, kind: str, body: Body | None, of: str | None = None) -> Body:
        """The answer's body."""
        event = self._event(method, kind, body, of)
        world, answers = self.world, []

        def answer() -> Any:
            return world.functions.invoke(FUNCTIONS[method, kind], event, API_S)

        task = world.scheduler.spawn(
            "till", lambda: answers.append(world.calls.make(f"api {kind}", answer, (), NO_FAULT))
        )
        world.scheduler.wait(task)
        task.outcome()
        found: Body = json.loads(answers[0]["body"])
        return found

    def _info(self, trans_id: str) -> dict[str, str]:
        now = datetime.fromtimestamp(self.world.now(), UTC)
        return {"merchantTransID": trans_id, "merchantTransTime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}

    def _event(self, method: str, kind: str, body: Body | None, of: str | None) -> Body:
        self._messages += 1
        sid, message = self.store.sid, f"{self._messages:032x}"
        path = f"{PREFIX}/{sid}/{kind}"
        target = path if of is None else f"{path}?merchantTransID={quote(of, safe='')}"
        text = "" if body is None else json.dumps(body)
        stamp = datetime.fromtimestamp(self.world.now(), UTC).isoformat(timespec="seconds")
        signer = Merchant("", sid, self.store.sign_keys[0].secret)
        headers = {
            **BROWSER,
            "DateTime": stamp,
            "MsgID": message,
            "SignType": "SHA256",
            "Authorization": signer.sign(method, target, stamp, message, text.encode()),
        }
        return {
            "httpMethod": method,
            "path": path,
            "pathParameters": {"sid": sid},
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": None if of is None else {"merchantTransID": [of]},
            "body": text,
            "isBase64Encoded": False,
        }
