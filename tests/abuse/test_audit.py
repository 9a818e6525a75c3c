"""The audit record itself: which refusals leave one, what stands in it and what never does."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from tests.support.memory import a_store
from tidegate.domain import errors
from tidegate.domain.errors import InvalidValue, MissingField, SignatureRejected, TidegateError
from tidegate.domain.store import SignKey
from tidegate.runtime import audit

pytestmark = pytest.mark.xdist_group("abuse")
SECRET = "k3yForDocsOnly0000000000000000ab"
MISTAKES = {
    "AmountExceeded",
    "AuthenticationFailed",
    "AuthenticationRequired",
    "AuthenticationUnsupported",
    "BrandUnsupported",
    "CardNumberWrong",
    "CardRangeUnsupported",
    "CurrencyUnsupported",
    "DecryptionFailed",
    "FieldMismatch",
    "FunctionUnsupported",
    "InapplicableField",
    "InapplicableValue",
    "InvalidFormat",
    "InvalidValue",
    "MethodNotSupported",
    "MissingConditionalField",
    "MissingField",
    "OperationUnsupported",
    "OrderClosed",
    "OrderPaid",
    "PaymentCodeRejected",
    "RiskRefused",
    "TidegateError",
    "WrongStatus",
}
"""What merchants and payers get wrong every day: a line, but no record of its own."""
INSIDE = {
    "BatchClosed",
    "BatchOutOfOrder",
    "FileRejected",
    "LostClaim",
    "NetworkTokenRefused",
    "NotSent",
    "ReconciliationBusy",
    "StaleVersion",
    "Unanswered",
}
"""No answer to a caller."""


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    kept: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def info(self, message: str, extra: dict[str, Any]) -> None:
            kept.append((message, extra))

        warning = info

    monkeypatch.setattr(audit, "log", Log())
    return kept


def an_event(sid: str = "S900001") -> dict[str, Any]:
    return {
        "pathParameters": {"sid": sid},
        "requestContext": {"identity": {"sourceIp": "203.0.113.7"}},
        "headers": {"Authorization": "f" * 64, "KeyID": SECRET},
        "body": '{"cardNumber":"4761340000000043"}',
    }


def test_every_error_is_one_or_the_other() -> None:
    """A new kind of refusal has to be placed, or be a kind of one that is."""
    recorded = {one.__name__ for one in audit.KINDS}
    placed = recorded | MISTAKES | INSIDE
    for name, one in inspect.getmembers(errors, inspect.isclass):
        if issubclass(one, TidegateError) and name != "TidegateError":
            assert placed & {kind.__name__ for kind in one.__mro__} - {"TidegateError"}, name
    assert not recorded & (MISTAKES | INSIDE)


def test_a_record_says_who_claims_what_from_where(lines: list[Any]) -> None:
    store = a_store(sid="S900001", sign_keys=(SignKey("k1", SECRET),))
    error = SignatureRejected("the signature does not match", field="Authorization")
    audit.refused(error, an_event(), store, "k1")
    assert lines == [
        (
            "audit",
            {
                "kind": "signature",
                "address": "203.0.113.7",
                "code": "V0010",
                "field": "Authorization",
                "sid": "S900001",
                "key_id": "k1",
            },
        )
    ]


@pytest.mark.parametrize("claimed", ["S900001", "x" * 5000, "4761340000000043", "\r\n{}\u2028"])
def test_a_record_is_short_and_holds_no_secret(lines: list[Any], claimed: str) -> None:
    store = a_store(sign_keys=(SignKey("k1", SECRET),))
    for kind in audit.KINDS:
        audit.refused(kind(field="Authorization"), an_event(claimed), store, SECRET)
    for message, record in lines:
        assert message == "audit"
        assert record["key_id"] == audit.UNKNOWN_KEY
        written = json.dumps(record)
        assert len(written) < 250
        assert SECRET not in written
        assert "f" * 64 not in written
        assert "4761340000000043" not in written.replace(claimed, "")


def test_an_ordinary_mistake_leaves_a_line_but_no_record(lines: list[Any]) -> None:
    audit.refused(MissingField(field="transAmount"), an_event())
    audit.refused(InvalidValue(field="transAmount.value"), an_event())
    assert [message for message, _ in lines] == ["refused", "refused"]


@pytest.mark.parametrize("field", ["webhook", "returnURL", "body"])
def test_a_value_that_could_lead_somewhere_is_no_ordinary_mistake(
    lines: list[Any], field: str
) -> None:
    audit.refused(InvalidValue(field=field), an_event())
    assert [message for message, _ in lines] == ["audit"]


def test_a_caller_that_is_not_known_is_no_reason_to_fail(lines: list[Any]) -> None:
    audit.refused(SignatureRejected(), {"pathParameters": None, "requestContext": None})
    ((_, record),) = lines
    assert record["address"] is None
