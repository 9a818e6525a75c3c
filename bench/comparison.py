"""What one would use instead, priced by the same list: the naive design, counted by the same
arithmetic, and Hyperswitch's published rig, which costs the same busy or idle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.charts import Bars, Lines, write
from bench.cost import MONTH_S, PACE, PACES, counted_day, fixed_per_month, grouped, million
from bench.document import date_today, replace_block, table
from bench.naive import metering
from bench.row import Row
from local.meter.prices import MILLION, Prices
from local.meter.tally import WRITE_UNITS, Tally

TENTH, AS_MUCH = 0.1, 1.0
DAYS = MONTH_S / 86_400
SMALLEST, DAY_S = 1_000, 86_400


def measure() -> Iterator[Row]:
    """Ours over theirs; the table goes to docs/cost.md as well."""
    rows = list(_rows())
    told = [[row.figure, row.measured, row.yardstick, f"{row.value:,g}"] for row in rows]
    heads = ["", "Tidegate", "instead", ""]
    replace_block("docs/cost.md", "comparison", f"{date_today()}:\n\n{table(heads, told)}")
    yield from rows


def _rows() -> Iterator[Row]:
    prices, day = Prices.read(), counted_day()
    ours, naive = day.payment(PACE), metering.count()
    yield _row("dollars per million", million(ours, prices), million(naive, prices), TENTH, "$")
    yield _row("AWS calls per payment", ours.calls.total(), naive.calls.total(), AS_MUCH)
    yield _row(
        "write units per payment", ours.billed[WRITE_UNITS], naive.billed[WRITE_UNITS], AS_MUCH
    )
    fixed = sum(fixed_per_month(day, prices).values())
    rig = sum(prices.hyperswitch.values())
    month = fixed + PACE * DAYS * million(ours, prices) / MILLION
    yield Row(
        part="comparison",
        figure=f"dollars a month at {PACE:,} payments a day / Hyperswitch's rig",
        value=round(month / rig, 3),
        goal=AS_MUCH,
        measured=f"${month:,.2f}, ${fixed:,.2f} of it fixed",
        yardstick=f"${rig:,.2f}, up to {prices.hyperswitch_per_s:g} a second",
    )
    dense = million(day.payment(PACES[-1]), prices)
    even = (rig - fixed) / dense * MILLION / DAYS
    yield Row(
        part="comparison",
        figure="payments a day up to which ours costs less than that rig",
        value=round(even, -3),
        goal=PACE,
        at_least=True,
        measured=f"{even / DAY_S:.0f} a second, day and night",
        yardstick=f"the rig's {prices.hyperswitch_per_s:g} a second",
    )
    _draw_bill(ours, naive, prices)
    per_million = {pace: million(day.payment(pace), prices) for pace in PACES}
    _draw_months(per_million, fixed, million(naive, prices), prices)


def _row(what: str, ours: float, theirs: float, goal: float, unit: str = "") -> Row:
    return Row(
        part="comparison",
        figure=f"{what}: ours / naive design",
        value=round(ours / theirs, 3),
        goal=goal,
        measured=f"{unit}{ours:.2f}",
        yardstick=f"naive {unit}{theirs:.2f}",
    )


def _draw_bill(ours: Tally, naive: Tally, prices: Prices) -> None:
    bars = {"Tidegate": grouped(ours, prices), "Naive design": grouped(naive, prices)}
    totals = {name: sum(parts.values()) for name, parts in bars.items()}
    description = "; ".join(
        f"{name}: ${totals[name]:.2f}, of which "
        + ", ".join(f"{part} ${value:.2f}" for part, value in parts.items())
        for name, parts in bars.items()
    )
    title = f"A million authorize-and-capture payments, {PACE:,} a day, list prices"
    write("cost", Bars(title, f"{description}.", "$", bars))
    own = "Where Tidegate's dollars go, per million payments"
    each = {
        part: {name: value if name == part else 0.0 for name in bars["Tidegate"]}
        for part, value in bars["Tidegate"].items()
    }
    write("bill", Bars(own, f"Tidegate: {description}.", "$", each, legend=False))


def _draw_months(
    per_million: Mapping[int, float], fixed: float, naive: float, prices: Prices
) -> None:
    rig = sum(prices.hyperswitch.values())
    most = prices.hyperswitch_per_s * DAY_S
    paces = (SMALLEST, *per_million, most)

    def ours(per_day: float) -> float:
        """At the pace that was counted nearest below."""
        near = max((pace for pace in per_million if pace <= per_day), default=min(per_million))
        return fixed + per_day * DAYS * per_million[near] / MILLION

    lines = {
        "Naive design": [(pace, fixed + pace * DAYS * naive / MILLION) for pace in paces],
        "Hyperswitch's rig": [(pace, rig) for pace in paces],
        "Tidegate": [(pace, ours(pace)) for pace in paces],
    }
    description = "; ".join(
        f"{name}: " + ", ".join(f"${dollars:,.0f} at {pace:,.0f}" for pace, dollars in line)
        for name, line in lines.items()
    )
    write(
        "months",
        Lines(
            "What a month costs, by payments a day",
            f"Dollars a month by payments a day. {description}.",
            "payments a day",
            "dollars a month",
            lines,
        ),
    )
