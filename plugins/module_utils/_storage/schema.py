# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the tables of a registry; :mod:`.creation` has those of their indexes that only a new one asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._domain.model import RETENTION_APPLIED

try:
    import sqlalchemy as sa
except ImportError:  # told as dependency_missing when a database is opened
    pass
else:

    class UtcTime(sa.TypeDecorator[datetime]):
        """A moment: stored in UTC, comes back aware on every database."""

        impl = sa.DateTime(timezone=True)
        cache_ok = True

        def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
            """Turn any aware time into UTC."""
            return value.astimezone(UTC) if value else None

        def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
            """Say that it is UTC: SQLite forgets it, PostgreSQL answers in the session's zone."""
            if value is None:
                return None
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    metadata = sa.MetaData()

    registry = sa.Table(
        "registry",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("secret_store", sa.String(16), nullable=False),
        # Where a keyring is: host, user and backend. Tells people which machine to go to.
        sa.Column("secrets_kept_at", sa.JSON, nullable=False),
        # False until the fingerprint key has safely reached the keyring.
        sa.Column("secrets_ready", sa.Boolean, nullable=False),
        # Wrapped under the secret key; empty where the keyring holds it.
        sa.Column("fingerprint_key", sa.Text),
        sa.Column("created_at", UtcTime, nullable=False),
        # Address of the registry that took the place of this one, or is about to; without password.
        sa.Column("moved_to", sa.Text),
    )

    instance = sa.Table(
        "instance",
        metadata,
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("solution", sa.String(32), nullable=False),
        # Identity of the Administration Server, recorded when Security Center is first asked.
        sa.Column("server_identity", sa.String(255)),
        sa.Column("created_at", UtcTime, nullable=False),
    )

    integration = sa.Table(
        "integration",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("instance", sa.ForeignKey("instance.name"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("platform", sa.String(64), nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("fingerprints", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("credentials_changed_at", UtcTime, nullable=False),
        sa.Column("verified_at", UtcTime),
        sa.UniqueConstraint("instance", "name"),
    )

    # No foreign key: a row has to outlive its integration until the secret is gone from the keyring.
    secret = sa.Table(
        "secret",
        metadata,
        sa.Column("integration", sa.String(36), primary_key=True),
        sa.Column("version", sa.String(36), primary_key=True),
        sa.Column(
            "state", sa.String(8), sa.CheckConstraint("state IN ('writing', 'current', 'removing')"), nullable=False
        ),
        sa.Column("sealed", sa.Text),
        # Which process on which host is writing; tells a crashed writer from a slow one.
        sa.Column("writer", sa.String(300), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    # Literally, because SQLite takes a partial index for the very condition that it was made with, and no parameter.
    is_unfinished = secret.c.state != sa.literal_column("'current'")

    administrator = sa.Table(
        "administrator",
        metadata,
        sa.Column("integration", sa.ForeignKey("integration.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("email", sa.String(320), primary_key=True),
        sa.Column("alias", sa.String(255), nullable=False),
    )

    # The binding is a column, so a tenant has at most one integration by construction.
    tenant = sa.Table(
        "tenant",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("instance", sa.ForeignKey("instance.name"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("uid", sa.String(255)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("integration", sa.ForeignKey("integration.id"), index=True),
        sa.Column("bound_at", UtcTime),
        sa.Index("tenant_name", "instance", "name"),
    )

    mapping = sa.Table(
        "mapping",
        metadata,
        sa.Column("integration", sa.ForeignKey("integration.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tenant", sa.ForeignKey("tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("account_id", sa.String(255), nullable=False),
        sa.Column("account_name", sa.String(255), nullable=False),
        sa.UniqueConstraint("integration", "account_id"),
    )

    notification = sa.Table(
        "notification",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("instance", sa.String(255), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("snapshot", sa.JSON, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(320)),
        sa.Column("message_id", sa.String(255), nullable=False, unique=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("delivered_at", UtcTime),
        sa.Column("lease_holder", sa.String(300)),
        sa.Column("lease_until", UtcTime),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.String(64)),
        sa.Index("notification_pending", "instance", "delivered_at", "created_at"),
    )

    history = sa.Table(
        "history",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("instance", sa.String(255), nullable=False),
        sa.Column("integration_id", sa.String(36), nullable=False),
        sa.Column("integration_name", sa.String(255), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
        # The job of AWX in which it was done, if it was one.
        sa.Column("job", sa.JSON(none_as_null=True)),
        sa.Index("history_of_instance", "instance", "at"),
    )

    def is_removable_history(instance: str, before: datetime) -> sa.ColumnElement[bool]:
        """Ask for history that is older than a moment; that some was removed is not removed."""
        table = history.c
        return sa.and_(table.instance == instance, table.at < before, table.action != RETENTION_APPLIED)
