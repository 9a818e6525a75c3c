"""A store's sign key is changed while it takes payments: no request is refused, and the old key is
worth nothing once it is retired."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from local.demo_store import operate
from local.merchant_client import Merchant
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.wire import a_payment, signed
from tests.e2e.conftest import eventually
from tests.support.operator import a_merchant
from tidegate.runtime.merchant_api import LOOK_AGAIN_S

NewId = Callable[[str], str]
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("abuse")]
REMEMBERED_S = 60
"""For so long a process may go on by what it has read (``StoreDirectory.get``)."""
_NUMBERS = itertools.count(1)


class Till:
    """Pays and asks without pause, under whichever key it was given last."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.codes: Counter[tuple[str | None, str]] = Counter()
        """By the key's id, and what was answered."""
        self._lock = threading.Lock()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Two clerks, one of whom names his key and one of whom does not."""
        closing = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            clerks = [pool.submit(self._work, closing, names_key) for names_key in (True, False)]
            try:
                yield
            finally:
                closing.set()
        for clerk in clerks:
            clerk.result()

    def _work(self, closing: threading.Event, names_key: bool) -> None:
        while not closing.is_set():
            merchant = self.merchant
            sender = merchant if names_key else replace(merchant, key_id=None)
            trans_id = f"TILL-{next(_NUMBERS)}"
            paid = sender.payment(trans_id, "10.00")
            found = sender.query("payment", trans_id)
            with self._lock:
                self.codes.update((merchant.key_id, one.code) for one in (paid, found))

    def serves(self, more: int = 6) -> None:
        """Wait for so many more answers under the key of now."""
        key_id = self.merchant.key_id
        before = sum(count for (key, _), count in self.codes.items() if key == key_id)
        eventually(
            lambda: (
                sum(n for (key, _), n in list(self.codes.items()) if key == key_id) >= before + more
            )
        )


def rotated(stack: Stack, merchant: Merchant) -> Merchant:
    """The merchant under the key that the operator's command shows, which takes effect wherever
    the store was not read within the last second."""
    made = operate(stack, "store", "rotate-key", merchant.sid)
    time.sleep(LOOK_AGAIN_S)
    return replace(merchant, sign_key=made["signKey"], key_id=made["keyID"])


def test_a_key_is_changed_twice_while_payments_go_on(
    stack: Stack, tmp_path: Path, audited: Audited
) -> None:
    first = a_merchant(stack, tmp_path, "S840001", signType="HMAC-SHA256")
    till = Till(first)
    with till.open():
        till.serves()
        second = rotated(stack, first)
        till.serves()  # the old key goes on beside the new one
        till.merchant = second
        till.serves()
        third = rotated(stack, second)
        till.serves()
        till.merchant = third
        till.serves()
    keys = {one.key_id for one in (first, second, third)}
    assert {key for key, _ in till.codes} == keys
    assert {code for _, code in till.codes} == {"S0000"}, "nobody was refused"

    # Whoever has not read the store before knows the first key no more: it left with the third.
    stale = signed(first, "GET", "cancel?merchantTransID=TILL-1").deliver(first)
    assert stale.code == "V0010"
    audited("signature", sid=first.sid, field="Authorization", key_id="unknown")
    assert second.query("refund", "TILL-1").code == "C0004", "the second is still good"
    assert operate(stack, "store", "retire-key", first.sid)["retired"] == [second.key_id]
    stale = signed(second, "GET", "capture?merchantTransID=TILL-1").deliver(second)
    assert stale.code == "V0010"
    assert third.query("capture", "TILL-1").code == "C0004"


@pytest.mark.long
def test_a_retired_key_is_refused_everywhere_within_a_minute(
    stack: Stack, tmp_path: Path, audited: Audited
) -> None:
    old = a_merchant(stack, tmp_path, "S840002", signType="HMAC-SHA256")
    till = Till(old)
    with till.open():
        till.serves(24)  # every process has read the store
        new = rotated(stack, old)
        till.merchant = new
        operate(stack, "store", "retire-key", old.sid)
        retired_at = time.monotonic()
        till.serves(24)
    time.sleep(max(0.0, retired_at + REMEMBERED_S + 1 - time.monotonic()))
    for number in range(24):
        sent = signed(old, "POST", "payment", a_payment(f"STALE-{number}"))
        assert sent.deliver(old).code == "V0010"
    assert {code for (key, code) in till.codes if key == new.key_id} == {"S0000"}
    audited("signature", sid=old.sid, key_id="unknown")
    assert new.query("payment", "STALE-1").code == "C0004"
