"""What a merchant pays per transaction: a plan with a version, so that old captures keep their
price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tidegate.domain.money import Money, share


@dataclass(frozen=True, slots=True)
class Rate:
    """Merchant discount rate of one brand: ``percent`` of the amount plus ``fixed_minor``."""

    percent: Decimal
    fixed_minor: int = 0


@dataclass(frozen=True, slots=True)
class FeePlan:
    """Rates by brand with ``default`` for the rest; ``refund_fixed_minor`` is charged for each
    refund."""

    version: int
    default: Rate
    by_brand: tuple[tuple[str, Rate], ...] = ()
    refund_fixed_minor: int = 0

    def capture_fee_minor(self, brand: str, amount: Money) -> int:
        """The fee for one capture, half-up to the minor unit; never more than the amount itself."""
        rate = dict(self.by_brand).get(brand, self.default)
        return min(amount.minor, share(amount.minor, rate.percent / 100) + rate.fixed_minor)

    def refund_fee_minor(self) -> int:
        """The fee for one refund. What was charged at capture is not given back."""
        return self.refund_fixed_minor
