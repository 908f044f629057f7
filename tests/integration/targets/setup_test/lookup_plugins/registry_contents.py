# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Everything that is in a registry, read from its tables and not through the collection, so that a test can tell whether a
task has written anything at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.plugins.lookup import LookupBase

SQLITE = "sqlite:///"
TABLES_OF_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table'"
TABLES_OF_POSTGRESQL = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


class LookupModule(LookupBase):
    """The lookup ``registry_contents``: the rows of every table by its name; nothing where there is no registry."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """
        Read registries.

        :param terms: their addresses, as the option ``registry`` takes them.
        """
        return [contents(str(term)) for term in terms]


def contents(address: str) -> dict[str, list[str]]:
    """Read all tables. Rows are written as text and sorted, so that equal contents come out equal."""
    if not address.startswith(SQLITE):
        import psycopg

        with psycopg.connect(address) as connection:
            return dict(rows_by_table(connection, TABLES_OF_POSTGRESQL))
    path = Path(address.removeprefix(SQLITE))
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        return dict(rows_by_table(connection, TABLES_OF_SQLITE))


def rows_by_table(connection: Any, tables: str) -> Iterator[tuple[str, list[str]]]:
    """Read one table after the other."""
    for (name,) in connection.execute(tables).fetchall():
        yield name, sorted(str(row) for row in connection.execute(f'SELECT * FROM "{name}"').fetchall())  # noqa: S608
