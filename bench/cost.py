"""What a million payments cost by the list, and how that moves with the number of payments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from bench.day import BATCHES, Day, play
from bench.document import date_today, replace_block, table
from bench.operations import OPERATIONS, count
from bench.row import Row
from local.environments import ROOT
from local.meter.prices import MILLION, Prices
from local.meter.tally import Tally

PACES = (10_000, 100_000, 1_000_000)
PACE = 100_000
"""At which the goals hold."""
TRANSITIONS, DOLLARS = 0.03, 12.0
SALE = "authorize and capture"
MONTH_S = 365 / 12 * 86_400
FILE = ROOT / ".local" / "bench-cost.json"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "API, WAF": ("API Gateway", "WAF"),
    "Lambda": ("Lambda",),
    "Step Functions": ("Express", "Standard"),
    "DynamoDB": ("DynamoDB",),
    "queue, topic": ("SQS", "SNS"),
    "all else": ("KMS", "SES", "S3", "EventBridge", "X-Ray", "Log", "Bytes"),
}
"""Lines of the bill by the beginnings of their names."""


def measure() -> Iterator[Row]:
    """Transitions and dollars; the bill line by line goes to a file and a chart."""
    day, prices = counted_day(), Prices.read()
    yield Row(
        part="cost",
        figure=f"Standard transitions per payment at {PACE:,} a day",
        value=round(day.transitions(PACE), 4),
        goal=TRANSITIONS,
        measured=f"{day.transitions(PACE) * PACE:,.0f} a day, {BATCHES} batches",
    )
    dollars = {pace: million(day.payment(pace), prices) for pace in PACES}
    yield Row(
        part="cost",
        figure="dollars per million payments",
        value=round(dollars[PACE], 2),
        goal=DOLLARS,
        measured=", ".join(f"${dollars[pace]:.2f} at {pace:,} a day" for pace in PACES),
        yardstick=f"${answered_per_million(prices):.2f} until the answer alone",
    )
    _write(day, prices)


def million(of_one: Tally, prices: Prices) -> float:
    """Dollars for a million of them."""
    return MILLION * prices.dollars(of_one)


@cache
def counted_day() -> Day:
    """A day, counted once a run."""
    for said in play(PACES):
        if isinstance(said, Day):
            return said
        print(f"  {said}", file=sys.stderr, flush=True)
    raise AssertionError("a day is counted in the end")


def fixed_per_month(day: Day, prices: Prices) -> dict[str, float]:
    """Dollars, whether payments come or not."""
    clocks = prices.dollars(day.idle.times(MONTH_S))
    return {**prices.per_month, "What runs by the clock": clocks}


def grouped(of_one: Tally, prices: Prices) -> dict[str, float]:
    """The bill of a million of them in a few lines."""
    lines = prices.lines(of_one)
    groups = {
        group: MILLION * sum(lines[name] for name in lines if name.startswith(beginnings))
        for group, beginnings in GROUPS.items()
    }
    assert abs(sum(groups.values()) - million(of_one, prices)) < 1e-6, "a line is in no group"
    return groups


def answered_per_million(prices: Prices) -> float:
    """What a warm payment has cost by the time its merchant is answered: no notice, no ledger."""
    return million(count(OPERATIONS[SALE]).answered, prices)


def topic_per_million(prices: Prices) -> float:
    """What `PublishEvents` adds."""
    with_it, without = (
        million(count(OPERATIONS[SALE], publish_events=publish).whole, prices)
        for publish in (True, False)
    )
    return with_it - without


def _write(day: Day, prices: Prices) -> None:
    document = {
        "at": date_today(),
        "prices": {"region": prices.region, "as_of": prices.as_of},
        "dollars_per_million": {
            str(pace): {
                name: round(MILLION * amount, 4)
                for name, amount in prices.lines(day.payment(pace)).items()
            }
            for pace in PACES
        },
        "amounts_per_payment": {
            name: round(amount, 6) for name, amount in sorted(day.payment(PACE).billed.items())
        },
        "calls_per_payment": {
            name: round(amount, 4) for name, amount in sorted(day.payment(PACE).calls.items())
        },
        "dollars_per_month": fixed_per_month(day, prices),
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(document, indent=1) + "\n")
    _document(day, prices)


def _document(day: Day, prices: Prices) -> None:
    lines = {pace: prices.lines(day.payment(pace)) for pace in PACES}
    billed = day.payment(PACE).billed
    names = [name for name in prices.per_million if any(name in lines[pace] for pace in PACES)]
    bill = [
        [
            name,
            f"{billed[name]:.4g}",
            f"{prices.per_million[name]:g}",
            *(f"{MILLION * lines[pace].get(name, 0):.2f}" for pace in PACES),
        ]
        for name in names
    ]
    sums = [f"**{million(day.payment(pace), prices):.2f}**" for pace in PACES]
    heads = ["", f"a payment, at {PACE:,} a day", "$ a million of them"]
    heads += [f"$/M at {pace:,} a day" for pace in PACES]
    fixed = fixed_per_month(day, prices)
    months = [[name, f"{dollars:.2f}"] for name, dollars in fixed.items()]
    months.append(["**Sum**", f"**{sum(fixed.values()):.2f}**"])
    said = (
        f"Counted on {date_today()}, prices of {prices.as_of}, {prices.region}. "
        f"With events on the topic (`PublishEvents`) it is ${topic_per_million(prices):.2f} more."
    )
    parts = [
        said,
        table(heads, [*bill, ["**Sum**", "", "", *sums]]),
        table(["Whether payments come or not", "$ a month"], months),
    ]
    replace_block("docs/cost.md", "bill", "\n\n".join(parts))
