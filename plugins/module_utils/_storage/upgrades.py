# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the versions of the schema, and the steps from each to the next.

A step is a function that takes an open write transaction. A released step is never changed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

try:
    import sqlalchemy as sa
except ImportError:  # told when a database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

SCHEMA_VERSION = 2


def _note_jobs_and_moves(connection: Connection) -> None:
    connection.execute(sa.text("ALTER TABLE history ADD COLUMN job JSON"))
    connection.execute(sa.text("ALTER TABLE registry ADD COLUMN moved_to TEXT"))


# Key: the version that the step starts from.
STEPS: Mapping[int, Callable[[Connection], None]] = {1: _note_jobs_and_moves}


def upgrade(connection: Connection, version: int) -> None:
    """
    Bring the tables to :data:`SCHEMA_VERSION`, inside the caller's transaction.

    :param version: the version that the registry has now.
    """
    for start in range(version, SCHEMA_VERSION):
        STEPS[start](connection)
