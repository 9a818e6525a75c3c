"""Every result code of the merchant API, v1 family: the one table for answers, documents and tests.

Certainty is that of the public material: "high" (reference or guide), "med" (one source), "low"
(inferred).
"""

from __future__ import annotations

from typing import NamedTuple

SUCCESS = "S0000"


class ResultCode(NamedTuple):
    """What a code says, and how sure the public material is of it."""

    message: str
    certainty: str


RESULT_CODES: dict[str, ResultCode] = {
    "S0000": ResultCode("Success", "high"),
    "S0003": ResultCode("The user is paying", "med"),
    "S0004": ResultCode("A SecurePlus step is needed", "med"),
    "S0005": ResultCode("A 3DS step is needed", "med"),
    "S0006": ResultCode("A further step is needed", "med"),
    "S0007": ResultCode("The request was received and is being processed", "med"),
    "V0000": ResultCode("A field has an invalid format", "high"),
    "V0001": ResultCode("A mandatory field is missing", "high"),
    "V0002": ResultCode("A field has an invalid value", "high"),
    "V0003": ResultCode("The interface version is invalid", "high"),
    "V0004": ResultCode("Decryption failed", "high"),
    "V0005": ResultCode("The body is not valid JSON", "high"),
    "V0006": ResultCode("The HTTP method is not supported", "high"),
    "V0007": ResultCode("A conditional field is missing", "high"),
    "V0008": ResultCode("A value is not applicable with another field's value", "high"),
    "V0009": ResultCode("A field is not applicable with or without another field", "high"),
    "V0010": ResultCode("Signature error", "high"),
    "C0000": ResultCode("The acquirer does not exist", "high"),
    "C0001": ResultCode("The merchant does not exist", "high"),
    "C0002": ResultCode("The store does not exist", "high"),
    "C0003": ResultCode("The terminal does not exist", "high"),
    "C0004": ResultCode("The merchantTransID does not exist", "high"),
    "C0005": ResultCode("The merchantOrderID does not exist", "high"),
    "C0006": ResultCode("The vault does not exist", "high"),
    "C0007": ResultCode("The userReference does not exist", "high"),
    "C0008": ResultCode("The token does not exist", "high"),
    "C0009": ResultCode("The merchantTransID is duplicated", "high"),
    "C0010": ResultCode("The merchantOrderID is duplicated", "high"),
    "C0011": ResultCode("A field does not match the earlier transaction", "high"),
    "C0012": ResultCode("A field is missing", "low"),
    "B0000": ResultCode("The acquirer is not in a valid status", "high"),
    "B0001": ResultCode("The group is not in a valid status", "high"),
    "B0002": ResultCode("The merchant is not in a valid status", "high"),
    "B0003": ResultCode("The store is not in a valid status", "high"),
    "B0004": ResultCode("The terminal is not in a valid status", "high"),
    "B0005": ResultCode("The transaction type or function is not supported", "high"),
    "B0006": ResultCode("The payment brand is not supported", "high"),
    "B0007": ResultCode("The currency is not supported", "high"),
    "B0008": ResultCode("The PSP is not supported", "high"),
    "B0009": ResultCode("The card BIN is not supported", "high"),
    "B0011": ResultCode("The authentication type is not supported", "high"),
    "B0012": ResultCode("The transaction status does not allow this", "high"),
    "B0013": ResultCode("The total exceeds the allowed amount", "high"),
    "B0014": ResultCode("The transaction status is invalid", "med"),
    "B0019": ResultCode("Authentication is required", "high"),
    "B0021": ResultCode("Authentication failed or is of high risk", "high"),
    "B0032": ResultCode("The PSP does not support the function", "high"),
    "B0033": ResultCode("Rejected for security reasons", "high"),
    "B0035": ResultCode("The FX rate was not found", "high"),
    "B0040": ResultCode("The card number is wrong", "med"),
    "I0051": ResultCode("Insufficient funds", "high"),
    "I0054": ResultCode("The card has expired", "med"),
    "I0061": ResultCode("The amount exceeds the card's limit", "low"),
    "I0093": ResultCode("Declined by the issuer", "med"),
    "I0111": ResultCode("The payment code is expired or wrong", "high"),
    "P0000": ResultCode("PSP error", "med"),
    "P0059": ResultCode("Declined by the PSP: suspected fraud", "med"),
    "P0098": ResultCode("The PSP timed out or is unavailable", "low"),
    "E0000": ResultCode("Internal error", "high"),
    "E0004": ResultCode("System error, detail unknown", "low"),
}

LINKPAY_CODES: dict[str, ResultCode] = {
    "S0000": ResultCode("Success", "high"),
    "V0000": ResultCode("A field has an invalid format", "high"),
    "V0001": ResultCode("A mandatory field is missing", "high"),
    "V0002": ResultCode("A field has an invalid value", "high"),
    "V0003": ResultCode("The interface version is invalid", "high"),
    "V0005": ResultCode("The body is not valid JSON", "high"),
    "V0006": ResultCode("The HTTP method is not supported", "high"),
    "C0009": ResultCode("The merchantTransID is duplicated", "low"),
    "B0001": ResultCode("The store does not exist", "high"),
    "B0004": ResultCode("The store is not in a valid status", "high"),
    "B0007": ResultCode("Signature error", "high"),
    "B0009": ResultCode("The transaction type is not supported", "high"),
    "B0010": ResultCode("The payment brand is not supported", "high"),
    "B0014": ResultCode("The transaction status does not allow this", "high"),
    "B0016": ResultCode("The currency is invalid", "high"),
    "B0017": ResultCode("The amount is invalid", "high"),
    "B0019": ResultCode("The order id exists", "high"),
    "B0024": ResultCode("The order does not exist", "high"),
    "B0028": ResultCode("Authentication failed", "high"),
    "B0044": ResultCode("The amount exceeds what can be refunded", "high"),
    "E0000": ResultCode("Internal error", "high"),
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
}
"""From our v1 codes; all others are the same in both families."""

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


def message_of(code: str, *, linkpay: bool = False) -> str:
    """The text of a code in its family; issuer codes without a text of their own share one."""
    known = (LINKPAY_CODES.get(code) if linkpay else None) or RESULT_CODES.get(code)
    return known.message if known else "Declined by the issuer"
