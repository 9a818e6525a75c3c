"""Every parser of what comes from outside.

Not here, because the code has none: XML, and so no entities either; QR codes are drawn but never
read. What there is of tag, length and value is in DE 48 (Mastercard, IPM) and in the bitmapped DE
62 and 126 (Visa). Not here either is what only we write: items of the table and its stream, our own
queues, files that one step of a workflow leaves for the next.
"""

from __future__ import annotations

from tests.fuzz import (
    file_targets,
    http_targets,
    iso8583_targets,
    merchant_targets,
    sandbox_acs_targets,
    sandbox_host_targets,
    sandbox_merchant_targets,
    sandbox_wallet_targets,
    threeds_targets,
    token_targets,
    wallet_targets,
)
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *iso8583_targets.TARGETS,
        *file_targets.TARGETS,
        *wallet_targets.TARGETS,
        *threeds_targets.TARGETS,
        *token_targets.TARGETS,
        *http_targets.TARGETS,
        *merchant_targets.TARGETS,
        *sandbox_host_targets.TARGETS,
        *sandbox_acs_targets.TARGETS,
        *sandbox_wallet_targets.TARGETS,
        *sandbox_merchant_targets.TARGETS,
    )
}
