"""What must hold between us, the hosts and the issuers about who was authenticated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sandbox.threeds import ATTEMPTED, AUTHENTICATED
from tests.simulation.merchants import Asked
from tidegate.domain.message import MessageIdentity

if TYPE_CHECKING:
    from tests.simulation.world import World


def authentications(
    world: World, legs: Mapping[MessageIdentity, tuple[str, str]], asked: list[Asked]
) -> Iterator[str]:
    """Every proof that a host was shown is its issuer's, of one whom he let pass; and no payment
    that wanted its cardholder authenticated was sent without one."""
    issued = {one.ds_trans_id: one for one in world.issuer.transactions()}
    wanted = {(one.sid, one.trans_id) for one in asked if one.authenticated}
    for request in world.shown:
        payment = legs.get(request.identity, ("", ""))
        proof = request.proof
        if request.kind != "purchase" or (proof is not None and proof.of_token):
            continue
        if proof is None:
            if payment in wanted:
                yield f"{payment[1]} was sent although nobody was authenticated"
            continue
        known = issued.get(proof.ds_trans_id or "")
        if known is None or known.value != proof.value:
            yield f"{payment[1]} was sent with a proof that no issuer gave"
        elif known.status not in {AUTHENTICATED, ATTEMPTED}:
            yield f"{payment[1]} was sent although its issuer said {known.status or 'nothing'}"


def secrets_of_authentications(world: World) -> list[tuple[str, str]]:
    """What must stand in the table, in its images in the queue and in merchants' webhooks alone."""
    return [("an authentication value", one.value) for one in world.issuer.transactions()]
