# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the questions that every small task asks, each made once a process.

To put such a statement together takes ten times as long as to have it answered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from . import schema

try:
    import sqlalchemy as sa
except ImportError:  # told when the database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select, TextClause


@cache
def standing() -> TextClause:
    """Ask for the version of the tables and what else tells whether a registry may be used; an older one tells less."""
    return sa.text(f"SELECT * FROM {schema.registry.name}")  # noqa: S608 (a name of ours)


@cache
def registry() -> Select[Any]:
    """Ask for the one row about the registry itself."""
    return sa.select(schema.registry)


@cache
def instance() -> Select[Any]:
    """Ask for an instance, by ``name``."""
    table = schema.instance.c
    return sa.select(table.name, table.solution, table.server_identity).where(table.name == sa.bindparam("name"))


@cache
def integrations() -> Select[Any]:
    """Ask for integrations, with the solution of their instances and the numbers of their tenants, by name."""
    tenants = (
        sa.select(sa.func.count())
        .where(schema.tenant.c.integration == schema.integration.c.id)
        .correlate(schema.integration)
        .scalar_subquery()
    )
    return (
        sa.select(schema.integration, schema.instance.c.solution, tenants.label("tenant_count"))
        .join(schema.instance, schema.integration.c.instance == schema.instance.c.name)
        .order_by(schema.integration.c.name)
    )


@cache
def integration() -> Select[Any]:
    """Ask for an integration, by ``id``."""
    return integrations().where(schema.integration.c.id == sa.bindparam("id"))


@cache
def integration_named() -> Select[Any]:
    """Ask for an integration, by ``instance`` and ``name``."""
    table = schema.integration.c
    return integrations().where(table.instance == sa.bindparam("instance"), table.name == sa.bindparam("name"))


@cache
def administrators() -> Select[Any]:
    """Ask for the administrators of the integrations ``ids``."""
    where = schema.administrator.c.integration.in_(sa.bindparam("ids", expanding=True))
    return sa.select(schema.administrator).where(where)


@cache
def current_secret() -> Select[Any]:
    """Ask for the valid version of the secrets of an ``integration``."""
    table = schema.secret.c
    return sa.select(schema.secret).where(table.integration == sa.bindparam("integration"), table.state == "current")


@cache
def unfinished_secret() -> Select[Any]:
    """Ask for any version that is being written or removed; answered by an index that is nearly always empty."""
    return sa.select(sa.literal(1)).select_from(schema.secret).where(schema.is_unfinished).limit(1)


@cache
def notification_status() -> ColumnElement[str]:
    """Tell how far a message is: ``delivered``, ``failed`` (tried, still to be delivered) or ``pending``."""
    table = schema.notification.c
    # Literally, because PostgreSQL does not group by what holds parameters.
    delivered, failed, pending = (
        sa.literal(status, literal_execute=True) for status in ("delivered", "failed", "pending")
    )
    return sa.case((table.delivered_at.is_not(None), delivered), (table.last_error.is_not(None), failed), else_=pending)
