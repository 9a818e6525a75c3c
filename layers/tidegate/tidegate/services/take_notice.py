"""A wallet's notification: believed when its signature holds and it names the payment it was
sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.domain.errors import TransactionUnknown
from tidegate.domain.payment import require_payment
from tidegate.ports import PaymentStore
from tidegate.ports_wallets import Wallets
from tidegate.services.await_payer import AwaitPayer
from tidegate.services.conversations import Reply


@dataclass(frozen=True, slots=True)
class TakeNotice:
    """The use case, over its ports."""

    wallets: Wallets
    payments: PaymentStore
    await_payer: AwaitPayer

    def __call__(
        self,
        network: str,
        sid: str,
        trans_id: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> tuple[dict[str, str], bytes]:
        """The signed acknowledgement. Raises TransactionUnknown, SignatureRejected,
        MalformedBody."""
        if network not in self.wallets:
            raise TransactionUnknown
        wallet = self.wallets[network]
        notice = wallet.read_notice(path, headers, body)
        payment = require_payment(self.payments.get(sid, trans_id))
        if notice.request_id != payment.evo_trans_id or payment.leg.network != network:
            raise TransactionUnknown
        told = notice.result
        self.await_payer.told(payment, Reply(told.answer, told.action, told.brand))
        return wallet.acknowledge(path)
