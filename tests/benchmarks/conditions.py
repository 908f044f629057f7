# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under which conditions it is measured."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from .stage import Stage


def conditions(stage: Stage, rounds: int) -> dict[str, str]:
    """Tell what the figures depend on; to be asked before anything is measured."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor cores": str(len(os.sched_getaffinity(0))),
        "load of the machine before": f"{os.getloadavg()[0]:.2f}",
        "rounds, of which medians are shown": str(rounds),
        "Python": platform.python_version(),
        "ansible-core": installed("ansible-core"),
        "ansible, for what others offer": installed("ansible"),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL, as it comes, on the same machine": postgresql_version(stage),
    }


def installed(package: str) -> str:
    """Tell which version of a package is installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def postgresql_version(stage: Stage) -> str:
    """Tell which PostgreSQL is used."""
    try:
        with stage.server.connected() as connection:
            [found] = connection.execute("SHOW server_version").fetchone() or ["unknown"]
    except Exception as error:  # noqa: BLE001 - what needs no PostgreSQL is measured nevertheless
        return f"not available: {type(error).__name__}"
    return str(found)
