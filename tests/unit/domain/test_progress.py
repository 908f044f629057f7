# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long work tells now and then how far it has come; short work says nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.progress import Progress


def told(steps: Iterable[tuple[float, int]], total: int = 1000) -> list[str]:
    """List what is said when so many things are done after so many seconds."""
    lines: list[str] = []
    clock = [0.0]
    progress = Progress("verified", "integrations", total, lines.append, lambda: clock[0])
    for clock[0], count in steps:
        progress.reached(count)
    return lines


def test_short_work_says_nothing() -> None:
    assert told([(0, 0), (1, 500), (4.9, 1000)]) == []


def test_a_line_every_few_seconds() -> None:
    lines = told([(second / 10, second) for second in range(170)])
    assert lines == [f"verified {count} of 1,000 integrations, 10 a second" for count in (50, 100, 150)]


@pytest.mark.parametrize(
    ("seconds", "count", "rate"),
    [(5, 0, "0.0"), (10, 3, "0.3"), (10, 99, "9.9"), (10, 100, "10"), (10, 123456, "12,346")],
)
def test_rates_are_readable(seconds: float, count: int, rate: str) -> None:
    assert told([(seconds, count)], 200000) == [f"verified {count:,} of 200,000 integrations, {rate} a second"]


def test_standstill_shows() -> None:
    assert told([(5, 12), (10, 12)])[1] == "verified 12 of 1,000 integrations, 1.2 a second"
