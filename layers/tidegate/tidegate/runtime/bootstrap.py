"""The one place that joins services to adapters; everything is made once and kept while the
function is warm.

Each factory imports its adapter itself: a function loads what it uses and nothing else.
"""

from __future__ import annotations

from functools import cache

from tidegate.ports import (
    Clock,
    Ids,
    Networks,
    PaymentStore,
    PaymentWorkflow,
    Sequences,
    StoreDirectory,
    Vault,
)
from tidegate.runtime.settings import Settings
from tidegate.services.authorize_payment import AuthorizePayment
from tidegate.services.cancel_or_refund import CancelOrRefund
from tidegate.services.cancel_payment import CancelPayment
from tidegate.services.capture_payment import CapturePayment
from tidegate.services.change import Beginner
from tidegate.services.create_payment import CreatePayment
from tidegate.services.fail_payment import FailPayment
from tidegate.services.query import Query
from tidegate.services.refund_payment import RefundPayment
from tidegate.services.reverse_payment import ReversePayment
from tidegate.services.sweep_due import SweepDue
from tidegate.services.take_back import TakeBack


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def clock() -> Clock:
    from tidegate.adapters.clock_ids import SystemClock

    return SystemClock()


@cache
def ids() -> Ids:
    from tidegate.adapters.clock_ids import RandomIds

    return RandomIds(settings().region_digit)


@cache
def payments() -> PaymentStore:
    from tidegate.adapters.dynamodb.payments import DynamoPayments

    return DynamoPayments(settings().table)


@cache
def stores() -> StoreDirectory:
    from tidegate.adapters.dynamodb.stores import DynamoStores

    return DynamoStores(settings().table, settings().key_id)


@cache
def sequences() -> Sequences:
    from tidegate.adapters.dynamodb.sequences import LeasedSequences

    return LeasedSequences(settings().table)


@cache
def vault() -> Vault:
    from tidegate.adapters.kms_vault import KmsVault

    return KmsVault(settings().table, settings().key_id)


@cache
def networks() -> Networks:
    from tidegate.networks import connect

    return connect(settings().links)


@cache
def workflow() -> PaymentWorkflow:
    from tidegate.adapters.step_functions import ExpressPaymentWorkflow

    return ExpressPaymentWorkflow(settings().payment_state_machine_arn)


@cache
def take_back() -> TakeBack:
    return TakeBack(payments(), stores(), vault(), networks(), clock())


@cache
def beginner() -> Beginner:
    return Beginner(payments(), clock(), ids())


@cache
def create_payment() -> CreatePayment:
    return CreatePayment(payments(), sequences(), vault(), workflow(), clock(), ids())


@cache
def authorize_payment() -> AuthorizePayment:
    return AuthorizePayment(payments(), stores(), sequences(), vault(), networks(), clock())


@cache
def reverse_payment() -> ReversePayment:
    return ReversePayment(payments(), sequences(), take_back(), clock())


@cache
def fail_payment() -> FailPayment:
    return FailPayment(payments(), clock())


@cache
def capture_payment() -> CapturePayment:
    return CapturePayment(beginner(), sequences(), take_back())


@cache
def cancel_payment() -> CancelPayment:
    return CancelPayment(beginner(), sequences(), take_back(), clock())


@cache
def refund_payment() -> RefundPayment:
    return RefundPayment(
        payments(), beginner(), sequences(), vault(), networks(), take_back(), clock()
    )


@cache
def cancel_or_refund() -> CancelOrRefund:
    return CancelOrRefund(payments(), cancel_payment(), refund_payment())


@cache
def query() -> Query:
    return Query(payments())


@cache
def sweep_due() -> SweepDue:
    return SweepDue(
        payments(), stores(), sequences(), capture_payment(), take_back(), clock(), ids()
    )
