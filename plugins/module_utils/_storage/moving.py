# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: carries all rows of a registry to another database, and proves that they have arrived.

Three commits, in this order, so that at any instant at most one of the two registries can be used, and that one has
everything: the goal with all rows, which still refers to the source; the source, which from then on refers to the goal;
the goal, which refers to nobody any more. Cut off before the second one, the source is as it was. Cut off after it, the
next run does the third.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.progress import Progress, Tell
from . import schema
from .reader import CHUNK

try:
    import sqlalchemy as sa
except ImportError:  # told when a database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

_STREAMED: dict[str, Any] = {"execution_options": {"yield_per": CHUNK}}


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table."""
    counted = {table.name: sa.select(sa.func.count()).select_from(table) for table in schema.metadata.sorted_tables}
    return {name: connection.scalar(query) or 0 for name, query in counted.items()}


def carry_over(source: Connection, goal: Connection, location: str, tell: Tell, *, replaces: bool) -> dict[str, int]:
    """
    Make the goal hold what the source holds, and nothing else, inside of the callers' transactions.

    :param location: address of the source, to which the goal refers as long as it must not be used.
    :param tell: takes lines about progress.
    :param replaces: a registry is there, whose rows go; otherwise no table of such a name is touched.
    :returns: how many rows each table has.
    :raises IntegrationError: ``registry_damaged``: a row did not arrive as it was.
    """
    from .creation import create_tables

    create_tables(goal, some_exist=replaces)
    for table in reversed(schema.metadata.sorted_tables):
        goal.execute(sa.delete(table))
    rows = count_rows(source)
    progress = Progress("moved", "rows", sum(rows.values()), tell)
    done = 0
    for table in schema.metadata.sorted_tables:
        for part in _parts(source, table):
            goal.execute(sa.insert(table), [dict(row._mapping) for row in part])
            done += len(part)
            progress.reached(done)
    refer(goal, location)
    _continue_numbers(goal)
    for table in schema.metadata.sorted_tables:
        _require_same(table, source, goal)
    return rows


def refer(connection: Connection, location: str | None) -> None:
    """Have a registry refer its users to another one, or to none."""
    connection.execute(sa.update(schema.registry).values(moved_to=location))


def _parts(connection: Connection, table: sa.Table) -> Iterator[list[Row[Any]]]:
    """Read a table in an order that is the same on every database, a part at a time."""
    result = connection.execute(sa.select(*_carried(table)).order_by(*_order(connection, table)), **_STREAMED)
    yield from (list(part) for part in result.partitions())


def _carried(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.c if column is not schema.registry.c.moved_to]


def _order(connection: Connection, table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """Compare texts by their bytes: PostgreSQL would follow the rules of a language."""
    is_postgresql = connection.dialect.name == "postgresql"
    return [
        sa.collate(column, "C") if is_postgresql and isinstance(column.type, sa.String) else column
        for column in table.primary_key
    ]


def _continue_numbers(connection: Connection) -> None:
    """Have PostgreSQL number the next entry of the history after those that were brought."""
    if connection.dialect.name == "postgresql":
        number = schema.history.c.id
        sequence = sa.func.pg_get_serial_sequence(schema.history.name, number.name)
        next_one = sa.func.coalesce(sa.func.max(number), 0) + 1
        connection.execute(sa.select(sa.func.setval(sequence, next_one, False)))


def _require_same(table: sa.Table, source: Connection, goal: Connection) -> None:
    """Compare a table row by row, as both databases give them back."""
    sent = (row for part in _parts(source, table) for row in part)
    arrived = (row for part in _parts(goal, table) for row in part)
    for number, (one, other) in enumerate(zip_longest(sent, arrived), start=1):
        if one is None or other is None or tuple(one) != tuple(other):
            raise IntegrationError(
                ErrorCode.REGISTRY_DAMAGED,
                f"Row {number} of the table {table.name} did not arrive as it was; nothing was moved. Check with "
                "check_integrity the registry that is to be moved.",
                table=table.name,
            )
