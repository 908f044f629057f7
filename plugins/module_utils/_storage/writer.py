# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what can be written to a registry, inside one locked transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .._domain.model import (
    AccountMapping,
    Administrator,
    HistoryEntry,
    Instance,
    Integration,
    Notification,
    Tenant,
)
from . import schema
from .process import CLOCKS_DIFFER_BY, is_gone, this_process
from .reader import Reader, SecretRecord, chunks

try:
    import sqlalchemy as sa
except ImportError:  # told when the database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


class Writer(Reader):
    """Changes to a registry. They all happen, or none does."""

    def add_instance(self, instance: Instance, now: datetime) -> None:
        """Record an instance at its first use."""
        self._insert(schema.instance, [{"name": instance.name, "solution": str(instance.solution), "created_at": now}])

    def change_server_identity(self, instance: str, identity: str | None) -> None:
        """Record or forget which Administration Server an instance stands for."""
        table = schema.instance
        self._connection.execute(sa.update(table).where(table.c.name == instance).values(server_identity=identity))

    def add_integration(self, integration: Integration) -> None:
        """Insert an integration with its administrators."""
        self._insert(schema.integration, [{"id": integration.id, **_integration_values(integration)}])
        self._set_administrators(integration)

    def change_integration(self, integration: Integration) -> None:
        """Write all values of an integration and its administrators anew."""
        table = schema.integration
        self._connection.execute(
            sa.update(table).where(table.c.id == integration.id).values(_integration_values(integration))
        )
        self._set_administrators(integration)

    def change_credentials(self, integration: Integration) -> None:
        """Write the settings, the fingerprints and their times anew, and nothing that other runs may have changed."""
        table = schema.integration
        columns = ("settings", "fingerprints", "credentials_changed_at", "verified_at")
        values = {column: getattr(integration, column) for column in columns}
        self._connection.execute(sa.update(table).where(table.c.id == integration.id).values(values))

    def change_administrators(self, integration: Integration) -> None:
        """Write the administrators of an integration anew."""
        self._set_administrators(integration)

    def touch_integrations(self, integration_ids: Iterable[str], now: datetime) -> None:
        """Count a change of these integrations, or of what belongs to them."""
        table = schema.integration
        for chunk in chunks(integration_ids):
            self._connection.execute(
                sa.update(table).where(table.c.id.in_(chunk)).values(revision=table.c.revision + 1, updated_at=now)
            )

    def remove_integration(self, integration_id: str) -> None:
        """Delete an integration, its settings, administrators and mappings; its tenants must be unbound before."""
        self._connection.execute(sa.delete(schema.integration).where(schema.integration.c.id == integration_id))

    def add_tenants(self, tenants: Sequence[Tenant]) -> None:
        """Insert tenants, bound or not."""
        self._insert(schema.tenant, [_tenant_values(tenant) for tenant in tenants])

    def describe_tenants(self, tenants: Sequence[Tenant]) -> None:
        """Write the names and uids of known tenants anew."""
        if tenants:
            table = schema.tenant
            self._connection.execute(
                sa.update(table)
                .where(table.c.id == sa.bindparam("tenant_id"))
                .values(name=sa.bindparam("new_name"), uid=sa.bindparam("new_uid")),
                [{"tenant_id": tenant.id, "new_name": tenant.name, "new_uid": tenant.uid} for tenant in tenants],
            )

    def bind_tenants(self, tenant_ids: Iterable[str], integration_id: str, now: datetime) -> None:
        """Give tenants to an integration."""
        self._hold_tenants(tenant_ids, integration_id, now)

    def unbind_tenants(self, tenant_ids: Sequence[str], integration_id: str) -> None:
        """Free tenants of an integration and end their mappings there; the tenants stay in the registry."""
        self._hold_tenants(tenant_ids, None, None)
        self.remove_mappings(integration_id, tenant_ids)

    def unbind_all(self, integration_id: str) -> None:
        """Free every tenant of an integration."""
        table = schema.tenant
        self._connection.execute(
            sa.update(table).where(table.c.integration == integration_id).values(integration=None, bound_at=None)
        )

    def add_mappings(self, mappings: Sequence[AccountMapping]) -> None:
        """Map tenants to accounts, in the integrations that hold them."""
        columns = {"integration_id": "integration", "tenant_id": "tenant"}
        rows = [{columns.get(name, name): value for name, value in asdict(item).items()} for item in mappings]
        self._insert(schema.mapping, rows)

    def remove_mappings(self, integration_id: str, tenant_ids: Iterable[str]) -> None:
        """End the mappings that tenants have in an integration."""
        table = schema.mapping
        for chunk in chunks(tenant_ids):
            where = sa.and_(table.c.integration == integration_id, table.c.tenant.in_(chunk))
            self._connection.execute(sa.delete(table).where(where))

    def add_secret(self, secret: SecretRecord) -> None:
        """Insert one version of an integration's secrets."""
        values = asdict(secret)
        self._insert(schema.secret, [{"integration": values.pop("integration_id"), **values}])

    def move_secret(self, integration_id: str, version: str, old_state: str, new_state: str) -> bool:
        """
        Move one version of a secret to another state.

        :returns: whether it was in the old state; false means that another run took it away.
        """
        where = sa.and_(_is_version(integration_id, version), schema.secret.c.state == old_state)
        done = self._connection.execute(sa.update(schema.secret).where(where).values(state=new_state))
        return bool(done.rowcount)

    def change_sealed(self, integration_id: str, version: str, sealed: str) -> None:
        """Store the same secrets under another key."""
        where = _is_version(integration_id, version)
        self._connection.execute(sa.update(schema.secret).where(where).values(sealed=sealed))

    def remove_secret(self, integration_id: str, version: str) -> None:
        """Drop one version of a secret."""
        self._connection.execute(sa.delete(schema.secret).where(_is_version(integration_id, version)))

    def change_registry(self, **values: Any) -> None:
        """Change what the registry knows about itself."""
        self._connection.execute(sa.update(schema.registry).values(values))
        self._registry = None

    def add_notifications(self, notifications: Sequence[Notification]) -> None:
        """Put messages into the outbox."""
        self._insert(schema.notification, [asdict(notification) for notification in notifications])

    def lease_notification(self, notification_id: str, now: datetime, length: timedelta) -> bool:
        """
        Reserve one pending message for this process, so that no other delivers it at the same time.

        :param length: after this time the lease is void: its holder has died, on whatever host it was.
        :returns: whether the message is still pending and nobody else holds it.
        """
        table = schema.notification
        where = sa.and_(table.c.id == notification_id, table.c.delivered_at.is_(None))
        row = self._connection.execute(sa.select(table.c.lease_holder, table.c.lease_until).where(where)).one_or_none()
        if row is None or (row.lease_until and _lasts(row.lease_until, now, length) and not is_gone(row.lease_holder)):
            return False
        values = {"lease_holder": this_process(), "lease_until": now + length, "attempts": table.c.attempts + 1}
        return bool(self._connection.execute(sa.update(table).where(where).values(values)).rowcount)

    def end_lease(self, notification_id: str, delivered_at: datetime | None, last_error: str | None) -> bool:
        """
        Record how the delivery of a leased message ended.

        That it was delivered is true whoever holds the lease by now; a failure must not end the lease of another run.

        :returns: whether it was still to be delivered here; if not, the lease was void and another run took it over.
        """
        values = {
            "lease_holder": None,
            "lease_until": None,
            "delivered_at": delivered_at,
            "last_error": last_error,
        }
        table = schema.notification
        where = sa.and_(table.c.id == notification_id, table.c.delivered_at.is_(None))
        if delivered_at is None:
            where = sa.and_(where, table.c.lease_holder == this_process())
        return bool(self._connection.execute(sa.update(table).where(where).values(values)).rowcount)

    def remove_notifications(self, notification_ids: Iterable[str]) -> None:
        """Drop messages from the outbox."""
        for chunk in chunks(notification_ids):
            self._connection.execute(sa.delete(schema.notification).where(schema.notification.c.id.in_(chunk)))

    def remove_delivered_notifications(self, instance: str, before: datetime) -> None:
        """Drop messages that were delivered before a moment."""
        table = schema.notification
        where = sa.and_(table.c.instance == instance, table.c.delivered_at < before)
        self._connection.execute(sa.delete(table).where(where))

    def add_history(self, entry: HistoryEntry) -> None:
        """Append to the history."""
        self._insert(schema.history, [asdict(entry)])

    def remove_history(self, instance: str, before: datetime) -> None:
        """Drop history that is older than a moment, but not what tells of earlier removals."""
        self._connection.execute(sa.delete(schema.history).where(schema.is_removable_history(instance, before)))

    def _insert(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(sa.insert(table), rows)

    def _set_administrators(self, integration: Integration) -> None:
        table = schema.administrator
        self._connection.execute(sa.delete(table).where(table.c.integration == integration.id))
        self._insert(table, [_administrator_values(integration.id, item) for item in integration.administrators])

    def _hold_tenants(self, tenant_ids: Iterable[str], integration_id: str | None, now: datetime | None) -> None:
        table = schema.tenant
        for chunk in chunks(tenant_ids):
            held = {"integration": integration_id, "bound_at": now}
            self._connection.execute(sa.update(table).where(table.c.id.in_(chunk)).values(held))


def _is_version(integration_id: str, version: str) -> ColumnElement[bool]:
    return sa.and_(schema.secret.c.integration == integration_id, schema.secret.c.version == version)


def _integration_values(integration: Integration) -> dict[str, Any]:
    columns = (
        "instance",
        "name",
        "platform",
        "settings",
        "fingerprints",
        "revision",
        "created_at",
        "updated_at",
        "credentials_changed_at",
        "verified_at",
    )
    return {column: getattr(integration, column) for column in columns}


def _administrator_values(integration_id: str, administrator: Administrator) -> dict[str, str]:
    return {"integration": integration_id, "email": administrator.email, "alias": administrator.alias}


def _tenant_values(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "instance": tenant.instance,
        "kind": str(tenant.kind),
        "uid": tenant.uid,
        "name": tenant.name,
        "integration": tenant.integration_id,
        "bound_at": tenant.bound_at,
    }


def _lasts(until: datetime, now: datetime, length: timedelta) -> bool:
    """Tell whether a lease is still good; one that ends too far from now was made by a clock that was wrong."""
    return now <= until <= now + length + CLOCKS_DIFFER_BY
