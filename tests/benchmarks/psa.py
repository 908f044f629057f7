# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured of changing the PSA: accounts, mappings, the plan of a migration, and the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .players import Play
from .samples import DATABASES, SQLITE, Measurement, Section
from .stage import Sizes, Stage, account_name, client_name


def psa_measurements(sizes: Sizes) -> Iterator[Measurement]:
    """List everything for few clients and for ten times as many."""
    sized = (("few", sizes.clients), ("many", sizes.more_clients))
    for database in DATABASES:
        for size, clients in sized:
            yield from mappings(f"{size} {database}", database, clients)
    for size, clients in sized:
        yield plan(f"psa plan {size}", clients)
    for size, clients in sized:
        yield page(f"psa report {size}", clients)


def mappings(key: str, database: str, clients: int) -> Iterator[Measurement]:
    """Map all clients by a list, again, and not at all; then by their names. Each begins where the one before ended."""
    for what, title, task, changes in (
        ("accounts", "accounts listed", "accounts", False),
        ("list", "clients mapped by a list", "list", True),
        ("again", "clients unchanged again", "list", False),
        ("end", "mappings ended", "end", True),
        ("match", "clients mapped by `match: automatic`", "match", True),
    ):
        ready = readied(task, database, clients, changes=changes, fresh=what == "accounts")
        yield Measurement(f"psa {what} {key}", f"{clients:,} {title}, {database}", Section.LARGE, clients, 1, ready)


def readied(task: str, database: str, clients: int, *, changes: bool, fresh: bool) -> Any:
    """Return what gets a task ready."""
    pairs = [{"tenant": client_name(number), "account": account_name(number)} for number in range(clients)]

    def ready(stage: Stage) -> tuple[Play, Play]:
        if fresh:
            stage.mapped[database, clients] = stage.to_map(database, clients)
        registry = stage.mapped[database, clients]
        return after_start_up(task, {"registry": registry, "mappings": pairs, "how_many": clients}, changes=changes)

    return ready


def plan(key: str, clients: int) -> Measurement:
    """Measure the role ``psa_migration``, which plans the move of all clients, and moves none."""

    def ready(stage: Stage) -> tuple[Play, Play]:
        return after_start_up("plan", {"registry": stage.leaving(clients)})

    return Measurement(key, f"migration of {clients:,} clients planned, {SQLITE}", Section.LARGE, clients, 1, ready)


def page(key: str, clients: int) -> Measurement:
    """Measure the role ``report``, which writes a page about all clients."""

    def ready(stage: Stage) -> tuple[Play, Play]:
        path = stage.folder / "report.html"
        path.unlink(missing_ok=True)
        return after_start_up("report", {"registry": stage.leaving(clients), "page": str(path)}, changes=True)

    return Measurement(key, f"report about {clients:,} clients, {SQLITE}", Section.LARGE, clients, 1, ready)


def after_start_up(task: str, variables: dict[str, Any], *, changes: bool = False) -> tuple[Play, Play]:
    """Return a play that opens the registry with the same variables, and the one that is measured."""
    return Play("psa.yml", "look", variables), Play("psa.yml", task, variables, changes=changes)
