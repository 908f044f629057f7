# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was aimed at, and whether it was met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from .samples import DATABASES, POSTGRESQL, SQLITE, Figures, Measurement, ratio

TIMES, SECONDS, MEBIBYTES = "times", "s", "MiB"

# Ten times as much takes ten times as long, and a little for noise.
GROWTH = 12

Measured = Mapping[str, Measurement]
Value = Callable[[Figures], float]


class Limit(Enum):
    """On which side of its limit a figure has to be."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    NONE = "shown only"


@dataclass(frozen=True)
class Target:
    """
    One thing that was aimed at.

    :param keys: of the measurement, and of the one that it is compared with.
    :param value: which of the figures counts.
    """

    what: str
    keys: tuple[str, ...]
    limit: float | None = None
    side: Limit = Limit.AT_MOST
    unit: str = TIMES
    value: Value = lambda figures: figures.seconds

    def figure(self, measured: Measured) -> float | None:
        """Return what came out; nothing where something was not measured, or took less than the noise."""
        return self._of(measured, self.value)

    def cpu_figure(self, measured: Measured) -> float | None:
        """Return the same by processor time, for comparisons."""
        return self._of(measured, lambda figures: figures.cpu_seconds) if len(self.keys) > 1 else None

    def is_met(self, figure: float) -> bool | None:
        """Tell whether a figure is good enough; nothing where none was aimed at."""
        if self.limit is None:
            return None
        return figure >= self.limit if self.side is Limit.AT_LEAST else figure <= self.limit

    def _of(self, measured: Measured, value: Value) -> float | None:
        found = [measured[key].figures if key in measured else None for key in self.keys]
        values = [value(figures) for figures in found if figures]
        if len(values) < len(self.keys):
            return None
        return ratio(values[0], values[1] if len(values) > 1 else 1)


def targets() -> list[Target]:
    """List everything that was aimed at."""
    return [target for database in DATABASES for target in small(database)] + [
        *(target for database in DATABASES for target in large(database)),
        Target("verified at once, to one after the other", ("verify together", "verify singly"), 1 / 8),
        *(target for database in DATABASES for target in mapped(database)),
        Target("ten times as many clients in the plan of a migration", ("psa plan many", "psa plan few"), GROWTH),
        Target("ten times as many clients in a report", ("psa report many", "psa report few"), GROWTH),
    ]


def small(database: str) -> Iterator[Target]:
    """Targets of unchanged items and hosts."""
    inside, outside = f"loop in-process {database}", f"loop ordinary {database}"
    yield Target(f"item, in-process door, to the floor, {database}", (inside, "loop floor"), 1.5)
    yield shown(f"item, in-process door, to `assert`, {database}", inside, "loop assert")
    yield Target(f"item, ordinary door, to the in-process door, {database}", (outside, inside), 50, Limit.AT_LEAST)
    yield Target(f"item, ordinary door, to `ping`, {database}", (outside, "loop ping"), 2)
    inside, outside = f"hosts in-process {database}", f"hosts ordinary {database}"
    yield Target(f"host, ordinary door, to the in-process door, {database}", (outside, inside), 12, Limit.AT_LEAST)
    yield shown(f"host, in-process door, to the floor, {database}", inside, "hosts floor")


def large(database: str) -> Iterator[Target]:
    """Targets of large tasks."""
    bound, again = {SQLITE: (3, 1.5), POSTGRESQL: (5, 2)}[database]
    for key, what, limit in (("bound", "bound", bound), ("again", "unchanged again", again)):
        many, more = f"{key} many {database}", f"{key} more {database}"
        yield Target(f"companies {what}, over the start-up, {database}", (many,), limit, unit=SECONDS)
        yield Target(f"ten times as many companies {what}, {database}", (more, many), GROWTH)
    told, bare = (f"info {database}",), (f"info without {database}",)
    for what, keys in (("with", told), ("without", bare)):
        title = f"`integration_info` {what} tenants, whole process, {database}"
        yield Target(title, keys, 5, unit=SECONDS, value=lambda it: it.whole_seconds)
    title = f"`integration_info` with tenants, peak of memory, {database}"
    yield Target(title, told, 500, unit=MEBIBYTES, value=lambda it: it.mebibytes)


def mapped(database: str) -> Iterator[Target]:
    """Targets of mappings: that they grow with the clients, and no faster."""
    for key, what in (
        ("accounts", "accounts listed"),
        ("list", "clients mapped by a list"),
        ("again", "clients unchanged again"),
        ("end", "mappings ended"),
        ("match", "clients mapped by `match: automatic`"),
    ):
        many, few = f"psa {key} many {database}", f"psa {key} few {database}"
        yield Target(f"ten times as many {what}, {database}", (many, few), GROWTH)


def shown(what: str, one: str, other: str) -> Target:
    """Return a comparison for which there is no limit."""
    return Target(what, (one, other), side=Limit.NONE)
