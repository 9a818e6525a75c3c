"""The one place that joins services to adapters; everything is made once and kept while the
function is warm.

Each factory imports its service and its adapters itself: a function loads what it uses and nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tidegate.runtime.settings import Settings

if TYPE_CHECKING:
    from tidegate.ports import (
        CardRanges,
        Clock,
        Ids,
        Networks,
        PaymentStore,
        PaymentWorkflow,
        Sequences,
        StoreDirectory,
        Vault,
    )
    from tidegate.ports_tokens import StoredCards
    from tidegate.ports_wallets import Wallets
    from tidegate.services.additional_info import SubmitAdditionalInfo
    from tidegate.services.authenticate_payer import AuthenticatePayer
    from tidegate.services.authorize_payment import AuthorizePayment
    from tidegate.services.await_payer import AwaitPayer
    from tidegate.services.cancel_or_refund import CancelOrRefund
    from tidegate.services.cancel_payment import CancelPayment
    from tidegate.services.capture_payment import CapturePayment
    from tidegate.services.card_tokens import CardTokens
    from tidegate.services.cards_on_file import CardsOnFile
    from tidegate.services.change import Beginner
    from tidegate.services.conclude_refund import ConcludeRefund
    from tidegate.services.conversations import Conversations
    from tidegate.services.create_payment import CreatePayment
    from tidegate.services.fail_payment import FailPayment
    from tidegate.services.payer_action import PayerAction
    from tidegate.services.query import Query
    from tidegate.services.refund_payment import RefundPayment
    from tidegate.services.reverse_payment import ReversePayment
    from tidegate.services.sweep_due import SweepDue
    from tidegate.services.take_back import TakeBack
    from tidegate.services.traffic import TrafficControl
    from tidegate.services.use_quote import UseQuote
    from tidegate.services.wallet_conversation import WalletConversation
    from tidegate.services.workflow import Proceed

PAGES = "/g2"
"""Our pages stand beside the API: {public url}/g2/3ds, {public url}/g2/pay."""
NOTICES = "/g2/wallets"
"""Wallets tell us what became of an order at {public url}/g2/wallets/{network}/…"""
Made = TypeVar("Made")


def later(make: Callable[[], Made]) -> Made:
    """Stands for what most requests go without: it is made, and its modules are loaded, when it is
    first used."""
    return cast("Made", _Later(make))


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._make()(*args, **kwargs)


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
def traffic() -> TrafficControl:
    from tidegate.adapters.dynamodb.request_counter import DynamoRequestCounter
    from tidegate.services.traffic import TrafficControl

    counter = DynamoRequestCounter(settings().table)
    return TrafficControl(counter, clock(), settings().store_requests_per_s)


@cache
def vault() -> Vault:
    from tidegate.adapters.kms_vault import KmsVault

    return KmsVault(settings().table, settings().key_id, clock().now)


@cache
def networks() -> Networks:
    from tidegate.networks import connect

    return connect(settings().links)


@cache
def workflow() -> PaymentWorkflow:
    from tidegate.adapters.step_functions import ExpressPaymentWorkflow

    return ExpressPaymentWorkflow(settings().payment_state_machine_arn)


@cache
def conversations() -> Conversations:
    """By the payment's method."""
    from tidegate.services.card_conversation import CardConversation

    return {
        "card": CardConversation(networks(), vault(), clock()),
        "e-wallet": later(wallet_conversation),
    }


@cache
def wallet_conversation() -> WalletConversation:
    from tidegate.services.wallet_conversation import WalletConversation

    return WalletConversation(wallets(), vault(), f"{settings().public_url}{NOTICES}")


@cache
def wallets() -> Wallets:
    from tidegate.adapters.secrets import wallet_credentials
    from tidegate.networks import WalletClients

    return WalletClients(settings().wallet_urls, wallet_credentials(settings().wallet_secret_arn))


@cache
def card_ranges() -> CardRanges:
    from tidegate.adapters.dynamodb.card_ranges import DynamoCardRanges

    return DynamoCardRanges(settings().table)


@cache
def stored_cards() -> StoredCards:
    from tidegate.adapters.dynamodb.stored_cards import DynamoStoredCards

    return DynamoStoredCards(settings().table)


@cache
def cards_on_file() -> CardsOnFile:
    from tidegate.networks.token_services import HttpTokenServices
    from tidegate.services.cards_on_file import CardsOnFile

    return CardsOnFile(
        payments(),
        stored_cards(),
        vault(),
        HttpTokenServices(settings().token_service_urls),
        clock(),
    )


@cache
def proceed() -> Proceed:
    from tidegate.services.workflow import Proceed

    return Proceed(payments(), workflow(), later(cards_on_file), clock())


@cache
def authenticate_payer() -> AuthenticatePayer:
    from tidegate.networks.threeds.directory import HttpDirectoryServers
    from tidegate.services.authenticate_payer import AuthenticatePayer

    return AuthenticatePayer(
        payments(),
        stores(),
        sequences(),
        vault(),
        HttpDirectoryServers(settings().directory_server_url),
        proceed(),
        clock(),
        payer_action(),
    )


@cache
def payer_action() -> PayerAction:
    from tidegate.services.payer_action import PayerAction

    return PayerAction(f"{settings().public_url}{PAGES}")


@cache
def submit_additional_info() -> SubmitAdditionalInfo:
    from tidegate.services.additional_info import SubmitAdditionalInfo

    return SubmitAdditionalInfo(payments(), authenticate_payer())


@cache
def card_tokens() -> CardTokens:
    from tidegate.services.card_tokens import CardTokens

    on_file = cards_on_file()
    return CardTokens(
        payments(),
        stores(),
        on_file.cards,
        on_file,
        on_file.token_services,
        vault(),
        clock(),
        ids(),
    )


@cache
def card_decryption() -> Callable[[str], dict[str, Any]]:
    from tidegate.adapters.card_decryption import KmsCardDecryption

    return KmsCardDecryption(settings().card_info_key_id)


def images_url() -> str:
    """Where the brands' pictures are."""
    return f"{settings().public_url}{PAGES}/pay/assets"


@cache
def conclude_refund() -> ConcludeRefund:
    from tidegate.services.conclude_refund import ConcludeRefund

    return ConcludeRefund(payments(), clock())


@cache
def take_back() -> TakeBack:
    from tidegate.services.take_back import TakeBack

    return TakeBack(payments(), stores(), conversations(), conclude_refund(), clock())


@cache
def beginner() -> Beginner:
    from tidegate.services.change import Beginner

    return Beginner(payments(), clock(), ids())


@cache
def create_payment() -> CreatePayment:
    from tidegate.services.create_payment import CreatePayment

    return CreatePayment(
        payments(),
        sequences(),
        vault(),
        card_ranges(),
        later(cards_on_file),
        later(use_quote),
        later(authenticate_payer),
        proceed(),
        clock(),
        ids(),
    )


def use_quote() -> UseQuote:
    from tidegate.runtime import wiring_fx

    return wiring_fx.use_quote()


@cache
def authorize_payment() -> AuthorizePayment:
    from tidegate.services.authorize_payment import AuthorizePayment

    return AuthorizePayment(payments(), stores(), sequences(), conversations(), clock(), ids())


@cache
def reverse_payment() -> ReversePayment:
    from tidegate.services.reverse_payment import ReversePayment

    return ReversePayment(payments(), sequences(), take_back(), clock())


@cache
def fail_payment() -> FailPayment:
    from tidegate.services.fail_payment import FailPayment

    return FailPayment(payments(), clock())


@cache
def capture_payment() -> CapturePayment:
    from tidegate.services.capture_payment import CapturePayment

    return CapturePayment(beginner(), sequences(), take_back())


@cache
def cancel_payment() -> CancelPayment:
    from tidegate.services.cancel_payment import CancelPayment

    return CancelPayment(beginner(), sequences(), take_back(), clock())


@cache
def refund_payment() -> RefundPayment:
    from tidegate.services.refund_payment import RefundPayment

    return RefundPayment(
        payments(),
        beginner(),
        sequences(),
        conversations(),
        conclude_refund(),
        take_back(),
        clock(),
    )


@cache
def cancel_or_refund() -> CancelOrRefund:
    from tidegate.services.cancel_or_refund import CancelOrRefund

    return CancelOrRefund(payments(), cancel_payment(), refund_payment())


@cache
def query() -> Query:
    from tidegate.services.query import Query

    return Query(payments())


@cache
def await_payer() -> AwaitPayer:
    from tidegate.services.await_payer import AwaitPayer

    return AwaitPayer(payments(), stores(), sequences(), conversations(), take_back(), clock())


@cache
def sweep_due() -> SweepDue:
    from tidegate.services.sweep_due import SweepDue

    return SweepDue(
        payments(),
        stores(),
        sequences(),
        capture_payment(),
        take_back(),
        await_payer(),
        clock(),
        ids(),
    )
