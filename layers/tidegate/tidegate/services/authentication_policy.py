"""Whether a payer is authenticated before his bank is asked (contract, section 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.domain.errors import (
    AuthenticationRequired,
    AuthenticationUnsupported,
    InapplicableValue,
    MissingConditionalField,
)
from tidegate.domain.store import Store
from tidegate.domain.transitions import Operation
from tidegate.services.commands import CreatePayment
from tidegate.services.means import Resolved

if TYPE_CHECKING:  # for annotations, or what only some payments have
    from tidegate.domain.authentication import Authentication, Mode
    from tidegate.ports import Ids


@dataclass(frozen=True, slots=True)
class Authenticating:
    """What was decided."""

    first: bool = False
    """Before anything is sent to the card network."""
    mode: Mode = "threeDSPage"
    step_up: Mode | None = None
    """How it can be done if the issuer asks for it."""
    external: Authentication | None = None

    def started(self, ids: Ids) -> Authentication | None:
        """The authentication that the intent begins with."""
        if self.first:
            from tidegate.domain.authentication import Authentication

            return Authentication(self.mode, ids.server_trans_id())
        return self.external


def authentication_of(store: Store, command: CreatePayment, means: Resolved) -> Authenticating:
    """Raises AuthenticationRequired, AuthenticationUnsupported, InapplicableValue,
    MissingConditionalField."""
    given = command.authenticate
    impossible = (
        means.method != "card"
        or means.network_token
        or means.by_merchant
        or command.intent is Operation.PAYOUT
    )
    if given.external is not None and given.only:
        raise InapplicableValue(
            "with the result of an authentication there is nothing left to be done",
            field="authenticationOnly",
        )
    if given.external is not None and not impossible:
        return Authenticating(external=given.external)
    if impossible or store.authentication == "none":
        if given.only:
            raise AuthenticationUnsupported(
                "this payment cannot be authenticated here", field="authenticationOnly"
            )
        return Authenticating()
    if store.authentication == "required" and given.wanted is False:
        raise AuthenticationRequired(field="allowAuthentication")
    first = given.only or given.wanted is True or store.authentication == "required"
    able = command.return_url is not None or given.mode == "threeDSIntegrator"
    if first and not able:
        raise MissingConditionalField("the payer has to come back somewhere", field="returnURL")
    return Authenticating(
        first=first,
        mode=given.mode,
        step_up=given.mode if able and not first and given.wanted is not False else None,
    )
