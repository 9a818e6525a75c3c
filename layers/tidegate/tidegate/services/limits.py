"""How long things may take, in seconds, and why (design: money rules 6 and 7).

Every caller gives up before the janitor may take its intent: 8 s per attempt, 20 s for the
workflow, 25 s for the
answer, 30 s until the intent is due.
"""

from __future__ import annotations

ATTEMPT_S = 8.0
REVERSAL_S = 5.0
WORKFLOW_S = 20.0
INTENT_S = 30
CLAIM_S = 60
AUTHORIZATION_LIFE_S = 7 * 24 * 3600
"""An authorization that nobody captures is reversed after 7 days."""
REFUND_LIFE_S = 365 * 24 * 3600
"""A payment can be refunded for a year (contract, section 2.10)."""
AUTHENTICATION_LIFE_S = 15 * 60
"""How long a cardholder may take to authenticate himself."""
DIRECTORY_S = 8.0
"""For a directory server's answer."""
VALID_MINUTES = 30
"""How long a wallet's payer may take, unless the request says otherwise."""
POLL_S = 20
"""Between inquiries about a wallet's order; notifications are faster."""
LATE_S = 90
"""For so long a request that we have given up may still reach a wallet; what it never heard of by
then never happened."""
RETRY_S = (10, 30, 60, 300, 900, 3600)
"""Waits between reversals that were not acknowledged; the last one repeats for good."""
CONFLICT_TRIES = 12
"""Re-reads after a lost version; far more than parallel operations on one payment need."""


def retry_wait_s(attempts: int) -> int:
    """The wait after ``attempts`` tries."""
    return RETRY_S[min(attempts, len(RETRY_S)) - 1] if attempts else 0
