"""Every result code of the merchant API, v1 family: the one table for answers, documents and tests.

Certainty is that of the public material: "high" (reference or guide), "med" (one source), "low"
(inferred).
"""

from __future__ import annotations

from typing import NamedTuple

from tidegate.domain.errors import (
    EmptyBody,
    InvalidAmount,
    KeyReused,
    OrderClosed,
    OrderPaid,
    TidegateError,
)

SUCCESS = "S0000"


class ResultCode(NamedTuple):
    """What a code says, and how sure the public material is of it."""

    message: str
    certainty: str
    reached_by: str = ""
    """A request that is answered with it; empty for codes that this platform never sends."""


RESULT_CODES: dict[str, ResultCode] = {
    "S0000": ResultCode("Success", "high", "any request that succeeds"),
    "S0003": ResultCode("The user is paying", "med"),
    "S0004": ResultCode("A SecurePlus step is needed", "med"),
    "S0005": ResultCode("A 3DS step is needed", "med"),
    "S0006": ResultCode("A further step is needed", "med"),
    "S0007": ResultCode("The request was received and is being processed", "med"),
    "V0000": ResultCode("A field has an invalid format", "high", "a currency of four letters"),
    "V0001": ResultCode("A mandatory field is missing", "high", "a body without merchantTransInfo"),
    "V0002": ResultCode("A field has an invalid value", "high", "a merchantTransID with a space"),
    "V0003": ResultCode(
        "The interface version is invalid",
        "high",
        "a path of a version that does not exist, such as /g2/v9/… (HTTP 404)",
    ),
    "V0004": ResultCode(
        "Decryption failed", "high", "encryptedCardInfo that nobody encrypted to our key"
    ),
    "V0005": ResultCode(
        "The body is not valid JSON", "high", "a body that is not JSON, or has a key twice"
    ),
    "V0006": ResultCode("The HTTP method is not supported", "high", "PATCH on any path (HTTP 405)"),
    "V0007": ResultCode(
        "A conditional field is missing", "high", "a 3-D Secure page without returnURL"
    ),
    "V0008": ResultCode(
        "A value is not applicable with another field's value",
        "high",
        "an e-wallet payment with a card brand",
    ),
    "V0009": ResultCode(
        "A field is not applicable with or without another field",
        "high",
        "localAmount without the id of an FX inquiry",
    ),
    "V0010": ResultCode("Signature error", "high", "a wrong signature"),
    "C0000": ResultCode("The acquirer does not exist", "high"),
    "C0001": ResultCode("The merchant does not exist", "high"),
    "C0002": ResultCode("The store does not exist", "high", "a sid that does not exist"),
    "C0003": ResultCode("The terminal does not exist", "high"),
    "C0004": ResultCode(
        "The merchantTransID does not exist", "high", "GET payment of an id that was never used"
    ),
    "C0005": ResultCode("The merchantOrderID does not exist", "high"),
    "C0006": ResultCode(
        "The vault does not exist", "high", "tokenizing into another store's vault"
    ),
    "C0007": ResultCode(
        "The userReference does not exist",
        "high",
        "GET paymentMethod of a userReference that has nothing stored",
    ),
    "C0008": ResultCode(
        "The token does not exist",
        "high",
        "paying with a token that does not exist, is disabled or was deleted",
    ),
    "C0009": ResultCode(
        "The merchantTransID is duplicated", "high", "a merchantTransID that was used before"
    ),
    "C0010": ResultCode("The merchantOrderID is duplicated", "high"),
    "C0011": ResultCode(
        "A field does not match the earlier transaction",
        "high",
        "a capture in another currency than the payment's",
    ),
    "C0012": ResultCode("A field is missing", "low"),
    "B0000": ResultCode("The acquirer is not in a valid status", "high"),
    "B0001": ResultCode("The group is not in a valid status", "high"),
    "B0002": ResultCode("The merchant is not in a valid status", "high"),
    "B0003": ResultCode(
        "The store is not in a valid status",
        "high",
        "any request of a store that the operator has disabled",
    ),
    "B0004": ResultCode("The terminal is not in a valid status", "high"),
    "B0005": ResultCode(
        "The transaction type or function is not supported", "high", "a payment by bank transfer"
    ),
    "B0006": ResultCode(
        "The payment brand is not supported", "high", "an e-wallet that the store has no route to"
    ),
    "B0007": ResultCode(
        "The currency is not supported", "high", "a currency that the store does not take"
    ),
    "B0008": ResultCode("The PSP is not supported", "high"),
    "B0009": ResultCode(
        "The card BIN is not supported", "high", "a card number in no range of Visa or Mastercard"
    ),
    "B0011": ResultCode(
        "The authentication type is not supported",
        "high",
        "authentication type SecurePlus, or authenticationOnly in a store without authentication",
    ),
    "B0012": ResultCode(
        "The transaction status does not allow this",
        "high",
        "a refund of a payment that is only authorised",
    ),
    "B0013": ResultCode(
        "The total exceeds the allowed amount", "high", "a capture of more than was authorised"
    ),
    "B0014": ResultCode("The transaction status is invalid", "med"),
    "B0019": ResultCode(
        "Authentication is required",
        "high",
        "allowAuthentication false in a store that requires it; an issuer's soft decline",
    ),
    "B0021": ResultCode(
        "Authentication failed or is of high risk",
        "high",
        "a card holder who fails his authentication",
    ),
    "B0032": ResultCode("The PSP does not support the function", "high", "tokenizing a wallet"),
    "B0033": ResultCode(
        "Rejected for security reasons",
        "high",
        "an amount above the store's own limit; more requests than the store may send (HTTP 429)",
    ),
    "B0035": ResultCode(
        "The FX rate was not found",
        "high",
        "an FX inquiry for a pair that the table does not know; a payment on an expired quote",
    ),
    "B0040": ResultCode(
        "The card number is wrong", "med", "a card number that fails the Luhn check; an issuer's 14"
    ),
    "I0051": ResultCode("Insufficient funds", "high", "an issuer's 51"),
    "I0054": ResultCode("The card has expired", "med", "an issuer's 54"),
    "I0061": ResultCode("The amount exceeds the card's limit", "low", "an issuer's 61"),
    "I0093": ResultCode("Declined by the issuer", "med", "an issuer's 05"),
    "I0111": ResultCode(
        "The payment code is expired or wrong",
        "high",
        "a payment code that is stale or belongs to no wallet",
    ),
    "P0000": ResultCode(
        "PSP error", "med", "networkTokenOnly for a card of which the scheme makes no token"
    ),
    "P0059": ResultCode(
        "Declined by the PSP: suspected fraud",
        "med",
        "an issuer's 59; a network token's cryptogram that was used before",
    ),
    "P0098": ResultCode(
        "The PSP timed out or is unavailable",
        "low",
        "an issuer's 91 or 96; a network that cannot be reached",
    ),
    "E0000": ResultCode("Internal error", "high", "a fault of ours (HTTP 500)"),
    "E0004": ResultCode("System error, detail unknown", "low"),
}

LINKPAY_CODES: dict[str, ResultCode] = {
    "S0000": ResultCode("Success", "high", "any request that succeeds"),
    "V0000": ResultCode("A field has an invalid format", "high", "a currency of four letters"),
    "V0001": ResultCode("A mandatory field is missing", "high", "an order without its id"),
    "V0002": ResultCode("A field has an invalid value", "high", "validTime of a minute"),
    "V0003": ResultCode(
        "The interface version is invalid",
        "high",
        "a path of a version that does not exist (HTTP 404)",
    ),
    "V0005": ResultCode("The body is not valid JSON", "high", "a body that is not JSON"),
    "V0006": ResultCode("The HTTP method is not supported", "high", "PUT on any path (HTTP 405)"),
    "C0009": ResultCode(
        "The merchantTransID is duplicated", "low", "a refund under an id that was used before"
    ),
    "C0011": ResultCode(
        "A field does not match the earlier transaction",
        "low",
        "an Idempotency-Key that was used for another request",
    ),
    "B0001": ResultCode("The store does not exist", "high", "a sid that does not exist"),
    "B0003": ResultCode("The group is not in a valid status", "high"),
    "B0004": ResultCode(
        "The store is not in a valid status", "high", "a store that the operator has disabled"
    ),
    "B0005": ResultCode("The merchant is not in a valid status", "high"),
    "B0007": ResultCode("Signature error", "high", "a wrong signature"),
    "B0008": ResultCode("The request is empty", "high", "an order without a body"),
    "B0009": ResultCode("The transaction type is not supported", "high"),
    "B0010": ResultCode(
        "The payment brand is not supported",
        "high",
        "an order for brands that the store does not take",
    ),
    "B0011": ResultCode("The sponsor is not configured", "high"),
    "B0014": ResultCode(
        "The transaction status does not allow this",
        "high",
        "a refund of an order that is not paid",
    ),
    "B0016": ResultCode(
        "The currency is invalid", "high", "a currency that the store does not take"
    ),
    "B0017": ResultCode(
        "The amount is invalid", "high", "an order for nothing, or for a tenth of a cent"
    ),
    "B0019": ResultCode(
        "The order id exists", "high", "an order id that was used before, for another amount"
    ),
    "B0020": ResultCode("The order id does not exist", "high"),
    "B0022": ResultCode("The function is not supported", "high"),
    "B0023": ResultCode("There is no route", "high"),
    "B0024": ResultCode("The order does not exist", "high", "an order that does not exist"),
    "B0026": ResultCode("The order is paid already", "high"),
    "B0027": ResultCode("The order is closed", "high", "closing an order that has been closed"),
    "B0028": ResultCode("Authentication failed", "high"),
    "B0038": ResultCode("The acquirer is not in a valid status", "high"),
    "B0044": ResultCode(
        "The amount exceeds what can be refunded", "high", "a refund of more than was paid"
    ),
    "E0000": ResultCode("Internal error", "high", "a fault of ours (HTTP 500)"),
    "E0001": ResultCode("The request cannot be processed", "high"),
    "E0002": ResultCode("The request failed", "high"),
    "E0003": ResultCode("The request timed out", "high"),
}
"""The LinkPay family: the same numbers mean other things there (contract, section 4.2)."""

TO_LINKPAY = {
    "V0010": "B0007",
    "C0002": "B0001",
    "C0004": "B0024",
    "C0005": "B0024",
    "C0010": "B0019",
    "C0011": "B0016",
    "B0003": "B0004",
    "B0005": "B0009",
    "B0006": "B0010",
    "B0007": "B0016",
    "B0012": "B0014",
    "B0013": "B0044",
    "B0021": "B0028",
    "B0032": "B0022",
}
"""From our v1 codes; all others are the same in both families."""

TOLD_APART: dict[type[TidegateError], str] = {
    EmptyBody: "B0008",
    InvalidAmount: "B0017",
    OrderPaid: "B0026",
    OrderClosed: "B0027",
    KeyReused: "C0011",
}
"""Errors for which LinkPay has a code of its own where v1 has one for several."""

PSP_MESSAGES = {
    "00": "Approved",
    "05": "Do not honour",
    "14": "Invalid card number",
    "51": "Insufficient funds",
    "54": "Expired card",
    "59": "Suspected fraud",
    "61": "Exceeds amount limit",
    "65": "Authentication required",
    "1A": "Authentication required",
    "91": "Issuer unavailable",
    "96": "System malfunction",
    "PAYMENT_IN_PROCESS": "Payment is processing.",
    "SUCCESS": "Success",
}


def code_of(error: TidegateError, *, linkpay: bool = False) -> str:
    """An error's code in its family."""
    if not linkpay:
        return error.code
    return TOLD_APART.get(type(error)) or linkpay_code(error.code)


def linkpay_code(code: str) -> str:
    """A v1 code in LinkPay's terms."""
    return TO_LINKPAY.get(code, code)


def message_of(code: str, *, linkpay: bool = False) -> str:
    """The text of a code in its family; issuer codes without a text of their own share one."""
    known = (LINKPAY_CODES.get(code) if linkpay else None) or RESULT_CODES.get(code)
    return known.message if known else "Declined by the issuer"
