"""`make bench`: the figures that this project promises, each against its limit in the same run.

    python -m benchmarks                 all of them
    python -m benchmarks intake refresh  only these

A machine is shared and noisy: rates are compared within one run, in turn, and the median of several rounds counts.
The exit code is 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence

from benchmarks import intake, memory, refresh, start, viewers
from benchmarks.table import Row, show

PARTS: dict[str, Callable[[], list[Row]]] = {
    "intake": intake.measure,
    "memory": lambda: asyncio.run(memory.measure()),
    "refresh": lambda: asyncio.run(refresh.measure()),
    "start": start.measure,
    "viewers": viewers.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Speed and memory against limits."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of: {', '.join(PARTS)} (default: all)")
    chosen = parser.parse_args(arguments).parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    missed = False
    for name in chosen:
        print(f"\n{name}", flush=True)
        rows = PARTS[name]()
        show(rows)
        missed |= any(row.missed for row in rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
