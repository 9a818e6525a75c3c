"""Where a payer's browser goes next."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.domain.errors import TransactionUnknown
from tidegate.domain.payment import Payment
from tidegate.domain.transitions import Status

if TYPE_CHECKING:  # what only some payments have
    from tidegate.domain.wallet import Action


@dataclass(frozen=True, slots=True)
class Step:
    """A payment, and what its payer has to do next, where that is not in the payment itself."""

    payment: Payment
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class PayerAction:
    """From a payment to its action."""

    pages_url: str
    """Under which our pages stand: ``{pages_url}/3ds/{ticket}``."""

    def __call__(self, payment: Payment, sealed_secrets: str | None = None) -> Action | None:
        """What the payer has to do; None when there is nothing. What is sealed goes into the
        address's fragment, which a browser keeps to itself and to our page."""
        if payment.status is not Status.VERIFYING or payment.authentication is None:
            return payment.action
        from tidegate.domain.authentication import CHALLENGE
        from tidegate.domain.wallet import Action

        authentication, page = payment.authentication, self.page(payment)
        if authentication.mode == "threeDSPage":
            fragment = f"#{sealed_secrets}" if sealed_secrets else ""
            return Action("threeDSRedirect", {"url": page + fragment, "method": "GET"})
        if authentication.status == CHALLENGE:
            return Action("threeDSChallenge", {"url": f"{page}/challenge", "method": "GET"})
        return Action("threeDSIdentify", {"url": f"{page}/method", "method": "GET"})

    def page(self, payment: Payment) -> str:
        """The address of the authentication page."""
        assert payment.authentication is not None
        return self.address(payment, payment.authentication.server_trans_id)

    def address(self, payment: Payment, secret: str) -> str:
        """An address under which the payment is found by whoever was told ``secret``."""
        return f"{self.pages_url}/3ds/{ticket_of(payment, secret)}"


def ticket_of(payment: Payment, secret: str) -> str:
    """What our pages call a payment that is being authenticated; nobody can guess it."""
    text = f"{payment.sid}|{payment.trans_id}|{secret}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_ticket(ticket: str) -> tuple[str, str, str]:
    """sid, merchantTransID and the secret part; raises TransactionUnknown."""
    try:
        text = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4)).decode()
        sid, trans_id, secret = text.split("|")
    except (binascii.Error, ValueError):
        raise TransactionUnknown from None
    return sid, trans_id, secret
