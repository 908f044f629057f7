# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: makes the tables of a new registry, with their partial indexes.

These stand apart from the tables because SQLAlchemy loads all drivers' parts for PostgreSQL to judge their conditions,
for which no task should wait that only uses a registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import schema

try:
    import sqlalchemy as sa
except ImportError:  # told as dependency_missing when a database is opened
    pass
else:

    def _partial_index(
        name: str, *columns: sa.Column[str], where: sa.ColumnElement[bool], unique: bool = True
    ) -> sa.Index:
        return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)

    _secret, _tenant = schema.secret.c, schema.tenant.c
    _is_company = _tenant.kind == "company"

    _partial_index("secret_one_current", _secret.integration, where=_secret.state == "current")
    _partial_index("secret_unfinished", _secret.integration, where=schema.is_unfinished, unique=False)
    _partial_index("tenant_virtual_server", _tenant.uid, where=_tenant.kind == "virtual_server")
    _partial_index(
        "tenant_identified_company",
        _tenant.instance,
        _tenant.uid,
        where=sa.and_(_is_company, _tenant.uid.is_not(None)),
    )
    _partial_index(
        "tenant_named_company", _tenant.instance, _tenant.name, where=sa.and_(_is_company, _tenant.uid.is_(None))
    )

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def create_tables(connection: Connection, some_exist: bool = False) -> None:
    """
    Make all tables and indexes, inside the caller's transaction.

    :param some_exist: leave those alone that are there; otherwise whatever is called like one of them is in the way.
    """
    schema.metadata.create_all(connection, checkfirst=some_exist)
