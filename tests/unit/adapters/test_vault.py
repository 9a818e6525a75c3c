"""Card data sealed under hourly keys: opened only for its own record, and KMS asked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tidegate.adapters import kms
from tidegate.adapters.kms_vault import KmsVault

PAN = b"4761739999000213|4912"
HOUR = 3600


class SetTime:
    """A clock of the test's."""

    def __init__(self) -> None:
        self.at = 1_741_079_411.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def calls(aws: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """KMS calls by name."""
    counted: Counter[str] = Counter()
    wire = kms.wire()
    call = wire.call

    def counting(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        counted.update([operation])
        return call(operation, given)

    monkeypatch.setattr(wire, "call", counting)
    return counted


def test_what_is_sealed_is_opened_by_another_process(aws: SimpleNamespace) -> None:
    sealed = KmsVault(aws.table, aws.key_id).seal(PAN, "S1/PAY-1/card")
    assert PAN not in sealed
    assert KmsVault(aws.table, aws.key_id).unseal(sealed, "S1/PAY-1/card") == PAN


def test_an_envelope_opens_only_for_its_own_record(aws: SimpleNamespace) -> None:
    vault = KmsVault(aws.table, aws.key_id)
    sealed = vault.seal(PAN, "S1/PAY-1/card")
    with pytest.raises(ValueError, match="another record"):
        vault.unseal(sealed, "S1/PAY-2/card")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(ValueError, match=r"envelope|data key"):
            vault.unseal(bytes(changed), "S1/PAY-1/card")


def test_the_same_card_is_never_sealed_the_same(aws: SimpleNamespace) -> None:
    vault = KmsVault(aws.table, aws.key_id)
    assert vault.seal(PAN, "c") != vault.seal(PAN, "c")


def test_a_warm_vault_asks_kms_nothing(aws: SimpleNamespace, calls: Counter[str]) -> None:
    vault = KmsVault(aws.table, aws.key_id)
    vault.unseal(vault.seal(PAN, "c"), "c")
    calls.clear()
    for _ in range(50):
        vault.unseal(vault.seal(PAN, "c"), "c")
    assert calls == {}


def test_every_hour_has_a_key_of_its_own_and_old_ones_still_open(
    aws: SimpleNamespace, calls: Counter[str]
) -> None:
    clock = SetTime()
    vault = KmsVault(aws.table, aws.key_id, clock)
    first = vault.seal(PAN, "c")
    clock.at += HOUR
    second = vault.seal(PAN, "c")
    assert calls["GenerateDataKey"] == 2
    cold = KmsVault(aws.table, aws.key_id, clock)
    assert cold.unseal(first, "c") == cold.unseal(second, "c") == PAN


def test_two_that_start_an_hour_together_end_up_with_one_key(aws: SimpleNamespace) -> None:
    one, other = (KmsVault(aws.table, aws.key_id) for _ in range(2))
    sealed = one.seal(PAN, "c")
    assert other.unseal(sealed, "c") == PAN
    assert one.unseal(other.seal(PAN, "c"), "c") == PAN


def test_noise_is_no_envelope(aws: SimpleNamespace) -> None:
    vault = KmsVault(aws.table, aws.key_id)
    for noise in (b"", b"\x01", b"\x02" * 40, b"\x01" * 16):
        with pytest.raises(ValueError, match=r"envelope|data key"):
            vault.unseal(noise, "c")
