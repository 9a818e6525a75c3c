"""Every failure that a caller can act on, as a type.

One base class; a named subclass per failure. An error carries the EVO result code that a merchant
sees (``api/evocloud/result_codes.py`` holds the texts) and, where one field is to blame, its name.
Class names are also the contract with the state machines' ``ErrorEquals``.
"""

from __future__ import annotations


class TidegateError(Exception):
    """Base of all errors of ours; ``code`` is the EVO Cloud result code, v1 table."""

    code = "E0000"

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.field = field


class InvalidFormat(TidegateError):
    """A field does not have the documented format."""

    code = "V0000"


class MissingField(TidegateError):
    """A mandatory field is missing."""

    code = "V0001"


class InvalidValue(TidegateError):
    """A field has a value that is not allowed."""

    code = "V0002"


class InvalidAmount(InvalidValue):
    """An amount that cannot be: none, or with more decimals than its currency has."""


class Ambiguous(InvalidValue):
    """A parameter is given more than once: nobody could tell which of them is meant."""


class MalformedBody(TidegateError):
    """The body is not valid JSON."""

    code = "V0005"


class EmptyBody(MalformedBody):
    """There is no body where one is needed."""


class MethodNotSupported(TidegateError):
    """The HTTP method is not supported on this path."""

    code = "V0006"


class MissingConditionalField(TidegateError):
    """A field that the other fields make necessary is missing."""

    code = "V0007"


class InapplicableValue(TidegateError):
    """A value cannot be combined with the value of another field."""

    code = "V0008"


class SignatureRejected(TidegateError):
    """The request's signature is missing, stale or wrong."""

    code = "V0010"


class StoreUnknown(TidegateError):
    """The store does not exist."""

    code = "C0002"


class TransactionUnknown(TidegateError):
    """There is no transaction with this merchantTransID."""

    code = "C0004"


class OrderUnknown(TidegateError):
    """There is no order with this merchantOrderID."""

    code = "C0005"


class VaultUnknown(TidegateError):
    """The vault does not exist, or is another store's."""

    code = "C0006"


class UserUnknown(TidegateError):
    """Nothing is stored for this userReference."""

    code = "C0007"


class TokenUnknown(TidegateError):
    """The token does not exist, is deleted, disabled or another store's."""

    code = "C0008"


class DuplicateTransaction(TidegateError):
    """The merchantTransID was used before."""

    code = "C0009"


class FieldMismatch(TidegateError):
    """A field does not match the earlier transaction."""

    code = "C0011"


class KeyReused(FieldMismatch):
    """This Idempotency-Key was used with a different request."""


class StoreInactive(TidegateError):
    """The store is not in a valid status."""

    code = "B0003"


class OperationUnsupported(TidegateError):
    """This transaction type or function is not supported."""

    code = "B0005"


class BrandUnsupported(TidegateError):
    """The store takes no payments of this brand."""

    code = "B0006"


class CurrencyUnsupported(TidegateError):
    """The store takes no payments in this currency."""

    code = "B0007"


class CardRangeUnsupported(TidegateError):
    """The card number belongs to no range that is supported."""

    code = "B0009"


class WrongStatus(TidegateError):
    """The transaction's status does not allow this operation."""

    code = "B0012"


class AmountExceeded(TidegateError):
    """The amount is more than what remains to be captured or refunded."""

    code = "B0013"


class AuthenticationRequired(TidegateError):
    """The payer has to be authenticated first."""

    code = "B0019"


class AuthenticationFailed(TidegateError):
    """The payer's authentication failed or is of high risk."""

    code = "B0021"


class AuthenticationUnsupported(TidegateError):
    """This kind of authentication is not supported."""

    code = "B0011"


class FunctionUnsupported(TidegateError):
    """The network does not support this function."""

    code = "B0032"


class RateUnknown(TidegateError):
    """There is no FX rate for this pair, or the quote has expired."""

    code = "B0035"


class PaymentCodeRejected(TidegateError):
    """The payment code is expired or wrong."""

    code = "I0111"


class DecryptionFailed(TidegateError):
    """Encrypted card data cannot be opened."""

    code = "V0004"


class InapplicableField(TidegateError):
    """A field is not applicable with, or without, another one."""

    code = "V0009"


class RiskRefused(TidegateError):
    """The payment was refused for security reasons."""

    code = "B0033"


class CardNumberWrong(TidegateError):
    """The card number is wrong."""

    code = "B0040"


class TooManyRequests(TidegateError):
    """The store sends more requests than it is allowed: nothing was done, try again after
    ``retry_after_s`` seconds."""

    code = "B0033"

    def __init__(
        self, message: str = "", *, field: str | None = None, retry_after_s: int = 1
    ) -> None:
        super().__init__(message or "too many requests: try again later", field=field)
        self.retry_after_s = retry_after_s


# Inside the platform; merchants see E0000, or a payment that is still Pending.


class NotSent(TidegateError):
    """The network was not reached: nothing was sent, so trying again is safe."""

    code = "P0098"


class Unanswered(TidegateError):
    """Something was sent and no matching answer came: the outcome is unknown."""

    code = "P0098"


class NetworkTokenRefused(TidegateError):
    """The token service made no network token of this card, or ended it."""

    code = "P0000"


class StaleVersion(TidegateError):
    """The item changed since it was read; read it again, decide again."""


class LostClaim(TidegateError):
    """Somebody else works on this intent now."""


class DuplicateOrder(TidegateError):
    """The merchantOrderID was used before."""

    code = "C0010"


class OrderPaid(TidegateError):
    """The order is paid already."""

    code = "B0012"


class OrderClosed(TidegateError):
    """The order is closed or has expired."""

    code = "B0012"


class BatchClosed(TidegateError):
    """The settlement batch takes no more postings."""


class BatchOutOfOrder(TidegateError):
    """An earlier batch has to be settled first."""


class ReconciliationBusy(TidegateError):
    """Another file of the same network is being reconciled."""


class FileRejected(TidegateError):
    """A file is malformed, or the other side refused it."""
