"""What the authentication of cardholders needs from the world."""

from __future__ import annotations

from typing import Protocol

from tidegate.domain.authentication import AuthenticationAnswer, AuthenticationRequest


class DirectoryServers(Protocol):
    """The schemes' directory servers, by brand (EMV 3-D Secure 2.2)."""

    def method_url(self, brand: str, pan: str, *, timeout_s: float) -> str | None:
        """The 3DS method URL of the card's range, from the scheme's PRes; None where it has none.

        Raises NotSent or Unanswered.
        """

    def authenticate(
        self, request: AuthenticationRequest, *, timeout_s: float
    ) -> AuthenticationAnswer:
        """Send an AReq. Raises NotSent or Unanswered: then the status is U, unavailable."""
