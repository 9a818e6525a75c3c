"""`make bench`: what an operation costs in requests and write units, and what a cold start costs
in processor time."""

import json
import sys
from pathlib import Path

from bench import counts, init
from local.environments import ROOT

OUT = ROOT / ".local" / "bench.json"


def main() -> int:
    """Print the tables, write them as JSON; 1 if a budget is not held."""
    rows = [*counts.measure(), *init.measure()]
    print(f"\n{'figure':<46}{'value':>8}{'budget':>8}  held")
    for row in rows:
        held = "yes" if row["value"] <= row["budget"] else "NO"
        print(f"{row['figure']:<46}{row['value']:>8}{row['budget']:>8}  {held}")
    Path(OUT).write_text(json.dumps(rows, indent=1) + "\n")
    return int(any(row["value"] > row["budget"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
