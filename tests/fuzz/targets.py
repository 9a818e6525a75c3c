"""Every parser of what comes from outside.

Not here, because the code has none: XML, and so no entities either; QR codes are drawn but never
read. What there is of tag, length and value is in DE 48 (Mastercard, IPM) and in the bitmapped DE
62 and 126 (Visa). Not here either is what only we write: items of the table and its stream, our own
queues, files that one step of a workflow leaves for the next.
"""

from __future__ import annotations

from tests.fuzz import merchant_targets, network_targets, sandbox_targets
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *network_targets.TARGETS,
        *merchant_targets.TARGETS,
        *sandbox_targets.TARGETS,
    )
}
