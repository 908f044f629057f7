# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Measures, prints the tables, and writes them to docs/performance.md.

Every measurement is made in each round, so that a busy moment meets all of them alike. ``make bench`` runs this; by
hand: ``PYTHONPATH=tests python -m benchmarks --quick``, with the requirements of meta/, tests/ and tests/sandbox, and
the package ``ansible``.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from .conditions import conditions
from .measurements import measurements
from .players import CHECKOUT
from .report import replaced, report
from .samples import Measurement
from .stage import Sizes, Stage, staged
from .targets import targets

PAGE = CHECKOUT / "docs" / "performance.md"
ROUNDS = 3
QUICK = Sizes(
    items=20,
    hosts=6,
    slow=3,
    companies=100,
    more_companies=1000,
    integrations=100,
    tenants=1000,
    verified=8,
    singly=3,
    clients=100,
    more_clients=1000,
)


def main() -> int:
    """Measure; return the exit code."""
    given = arguments()
    signal.signal(signal.SIGTERM, stop)
    sizes = QUICK if given.quick else Sizes()
    todo = [item for item in measurements(sizes) if given.only in item.key]
    with tempfile.TemporaryDirectory(prefix="msp-") as folder, staged(Path(folder), sizes) as stage:
        found = conditions(stage, given.rounds)
        for number in range(given.rounds):
            play_round(number + 1, todo, stage)
    told = report(found, targets(), todo)
    print(f"\n{told}")
    if not given.quick and not given.only:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), told), encoding="utf-8")
    return int(any(item.failure for item in todo))


def stop(*_about: object) -> None:
    """End all that was started, and then this process. A second signal must not keep the first from doing so."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("stopped")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measures how fast tasks are.")
    parser.add_argument("--quick", action="store_true", help="small counts, one round, written nowhere: a trial")
    parser.add_argument("--only", default="", metavar="WORD", help="only what has it in its key; written nowhere")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS})")
    given = parser.parse_args()
    given.rounds = given.rounds or (1 if given.quick else ROUNDS)
    return given


def play_round(number: int, todo: list[Measurement], stage: Stage) -> None:
    """Take a sample of everything, and tell how it goes."""
    for item in todo:
        item.take(stage)
        took = f"{item.samples[-1][1].seconds:.1f} s" if not item.failure else f"failed: {item.failure}"
        print(f"round {number}: {item.title}: {took}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
