# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what can be read from a registry, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import (
    Administrator,
    HistoryEntry,
    Instance,
    Integration,
    Notification,
    Solution,
    Tenant,
    TenantKind,
)
from . import questions, schema

try:
    import sqlalchemy as sa
except ImportError:  # told when the database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection, Row

Thing = TypeVar("Thing")

# Both databases limit how many values one statement may carry.
CHUNK = 500


@dataclass(frozen=True)
class RegistryRecord:
    """What a registry knows about itself."""

    id: str
    schema_version: int
    secret_store: str
    secrets_kept_at: dict[str, str]
    secrets_ready: bool
    fingerprint_key: str | None
    created_at: datetime
    moved_to: str | None = None


@dataclass(frozen=True)
class SecretRecord:
    """
    One version of an integration's secrets.

    :param sealed: the encrypted values where the registry itself is the secret store.
    """

    integration_id: str
    version: str
    state: str
    sealed: str | None
    writer: str
    created_at: datetime


class Reader:
    """
    Questions to a registry. All answers of one reader belong to one moment.

    :param connection: an open transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._registry: RegistryRecord | None = None

    def registry(self) -> RegistryRecord:
        """Read the one row about the registry itself."""
        if self._registry is None:
            [self._registry] = self._read(questions.registry(), _registry_record, "a description of itself")
        return self._registry

    def instance(self, name: str) -> Instance | None:
        """Find an instance by name."""
        return next(iter(self._read(questions.instance(), _instance, "an instance", name=name)), None)

    def instance_names(self) -> list[str]:
        """List the names of all instances."""
        return list(self._connection.scalars(sa.select(schema.instance.c.name).order_by(schema.instance.c.name)))

    def integration(self, integration_id: str) -> Integration | None:
        """Find an integration by its id, in any instance."""
        return next(iter(self._integrations(questions.integration(), id=integration_id)), None)

    def integration_named(self, instance: str, name: str) -> Integration | None:
        """Find an integration by its name in an instance."""
        return next(iter(self._integrations(questions.integration_named(), instance=instance, name=name)), None)

    def integrations(
        self,
        instance: str,
        *,
        name: str | None = None,
        integration_id: str | None = None,
        platform: str | None = None,
    ) -> list[Integration]:
        """List the integrations of an instance by name; those that fit all that is given."""
        table = schema.integration.c
        given = {table.name: name, table.id: integration_id, table.platform: platform}
        where = [column == value for column, value in given.items() if value is not None]
        return self._integrations(questions.integrations().where(table.instance == instance, *where))

    def integration_names(self, instance: str) -> list[str]:
        """List the names of an instance's integrations."""
        table = schema.integration.c
        return list(
            self._connection.scalars(sa.select(table.name).where(table.instance == instance).order_by(table.name))
        )

    def instances_with(self, name: str) -> list[str]:
        """List the instances that have an integration of a name."""
        table = schema.integration.c
        return list(
            self._connection.scalars(sa.select(table.instance).where(table.name == name).order_by(table.instance))
        )

    def tenants(
        self,
        instance: str,
        *,
        name: str | None = None,
        uid: str | None = None,
        bound: bool | None = None,
        integration_id: str | None = None,
    ) -> list[Tenant]:
        """
        List the tenants of an instance by name; those that fit all that is given.

        :param integration_id: of the integration that holds them.
        """
        table = schema.tenant.c
        where = [table.instance == instance]
        given = {table.name: name, table.uid: uid, table.integration: integration_id}
        where += [column == value for column, value in given.items() if value is not None]
        if bound is not None:
            where.append(table.integration.is_not(None) if bound else table.integration.is_(None))
        return self._tenants(sa.and_(*where))

    def tenants_of(self, *integration_ids: str) -> list[Tenant]:
        """List the tenants that integrations hold; those of one integration by name."""
        table = schema.tenant.c
        return [tenant for chunk in chunks(integration_ids) for tenant in self._tenants(table.integration.in_(chunk))]

    def tenants_kept_in(self, integration_id: str) -> list[Tenant]:
        """List the tenants that an integration holds no more, each with the account that it keeps for their return."""
        holder = schema.tenant.c.integration
        elsewhere = sa.or_(holder.is_(None), holder != integration_id)
        return self._tenants(sa.and_(schema.mapping.c.account_id.is_not(None), elsewhere), mapped_in=integration_id)

    def tenants_by_uid(self, kind: TenantKind, instance: str, uids: Iterable[str]) -> list[Tenant]:
        """Find tenants by uid: virtual servers in the whole registry, companies in the instance."""
        table = schema.tenant.c
        where = table.kind == str(kind)
        if kind is TenantKind.COMPANY:
            where = sa.and_(where, table.instance == instance)
        return [tenant for chunk in chunks(uids) for tenant in self._tenants(sa.and_(where, table.uid.in_(chunk)))]

    def tenants_by_name(self, kind: TenantKind, instance: str, names: Iterable[str]) -> list[Tenant]:
        """Find tenants of an instance by name; several may share one."""
        table = schema.tenant.c
        where = sa.and_(table.kind == str(kind), table.instance == instance)
        return [tenant for chunk in chunks(names) for tenant in self._tenants(sa.and_(where, table.name.in_(chunk)))]

    def tenant_names(self, kind: TenantKind, instance: str) -> list[str]:
        """List the names of an instance's tenants, to find near matches among them."""
        table = schema.tenant.c
        return list(
            self._connection.scalars(
                sa.select(table.name).where(table.kind == str(kind), table.instance == instance).order_by(table.name)
            )
        )

    def count_tenants(self, instance: str) -> int:
        """Count the tenants of an instance."""
        return self._count(schema.tenant, schema.tenant.c.instance == instance)

    def current_secret(self, integration_id: str) -> SecretRecord | None:
        """Find the valid version of an integration's secrets."""
        found = self._read(questions.current_secret(), _secret, "a secret", integration=integration_id)
        return next(iter(found), None)

    def current_secrets(self) -> list[SecretRecord]:
        """List the valid versions of all secrets of the registry."""
        return self._secrets(schema.secret.c.state == "current")

    def unfinished_secrets(self) -> list[SecretRecord]:
        """List the versions that are being written or removed, also those that a crashed run left behind."""
        return self._secrets(schema.is_unfinished)

    def has_unfinished_secrets(self) -> bool:
        """Tell whether there are any such versions."""
        return self._connection.scalar(questions.unfinished_secret()) is not None

    def notifications(
        self, instance: str, *, statuses: Sequence[str] | None = None, limit: int | None = None
    ) -> list[Notification]:
        """
        List the outbox of an instance, oldest first.

        :param statuses: ``pending``, ``failed``, ``delivered``; all of them if none is given.
        :param limit: the most messages.
        """
        where = schema.notification.c.instance == instance
        if statuses:
            where = sa.and_(where, questions.notification_status().in_(statuses))
        return self._notifications(where, limit)

    def count_notifications(self, instance: str) -> dict[str, int]:
        """Count the outbox of an instance by status; those that no message has are left out."""
        columns = questions.notification_status().label("status"), sa.func.count().label("number")
        query = sa.select(*columns).where(schema.notification.c.instance == instance).group_by(columns[0])
        return {row.status: row.number for row in self._connection.execute(query)}

    def pending_notifications(self, instance: str) -> list[Notification]:
        """List what is not delivered yet, oldest first."""
        table = schema.notification.c
        return self._notifications(sa.and_(table.instance == instance, table.delivered_at.is_(None)))

    def count_pending_notifications(self, instance: str) -> int:
        """Count what is not delivered yet."""
        table = schema.notification
        return self._count(table, table.c.instance == instance, table.c.delivered_at.is_(None))

    def count_delivered_notifications(self, instance: str, before: datetime) -> int:
        """Count what was delivered before a moment."""
        table = schema.notification
        return self._count(table, table.c.instance == instance, table.c.delivered_at < before)

    def count_history(self, instance: str, before: datetime) -> int:
        """Count the history that is older than a moment, without what tells of earlier removals."""
        return self._count(schema.history, schema.is_removable_history(instance, before))

    def history(
        self,
        instance: str,
        since: datetime,
        limit: int | None = None,
        integration_ids: Iterable[str] | None = None,
        name: str | None = None,
    ) -> list[HistoryEntry]:
        """
        List what was done in an instance since a moment, in the order in which it was written.

        :param limit: how many entries, the newest; nothing means all.
        :param integration_ids: whose history; nothing means all of it.
        :param name: beside theirs also that of all that ever had this name.
        """
        table = schema.history.c
        meant: list[ColumnElement[bool]] = [table.integration_name == name] if name else []
        if integration_ids is None:
            meant.append(sa.true())
        else:
            meant += [table.integration_id.in_(chunk) for chunk in chunks(integration_ids)]
        found: dict[int, HistoryEntry] = {}
        for condition in meant:
            query = sa.select(schema.history).where(table.instance == instance, table.at >= since, condition)
            newest = query.order_by(table.at.desc(), table.id.desc()).limit(limit)  # as the index has them
            found |= dict(self._read(newest, _numbered_entry, "an entry of the history"))
        newest_last = sorted(found, key=lambda number: (found[number].at, number))
        return [found[number] for number in sorted(newest_last[-(limit or 0) :])]

    def counts(self) -> dict[str, int]:
        """Count the rows of every table that holds what users made."""
        counted = (schema.instance, schema.integration, schema.tenant, schema.notification, schema.history)
        return {table.name: self._count(table) for table in counted}

    def _count(self, table: sa.Table, *where: ColumnElement[bool]) -> int:
        return self._connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

    def _integrations(self, query: Select[Any], **values: str) -> list[Integration]:
        found = self._read(query, _integration, "an integration", **values)
        administrators = self._administrators([item.id for item in found])
        # Sorted here: databases sort by the rules of a language, and another order would look like a change.
        return [replace(item, administrators=tuple(sorted(administrators.get(item.id, ())))) for item in found]

    def _administrators(self, integration_ids: Sequence[str]) -> dict[str, list[Administrator]]:
        found: dict[str, list[Administrator]] = {}
        for chunk in chunks(integration_ids):
            for row in self._connection.execute(questions.administrators(), {"ids": chunk}):
                found.setdefault(row.integration, []).append(Administrator(row.email, row.alias))
        return found

    def _tenants(self, where: ColumnElement[bool], mapped_in: str | None = None) -> list[Tenant]:
        """
        List tenants, each with the account that it is mapped to.

        :param mapped_in: the integration whose mappings count; nothing means the one that holds the tenant.
        """
        table, holder, mapping = schema.tenant.c, schema.integration.c, schema.mapping.c
        mapped_where = mapping.integration == (mapped_in or table.integration)
        query = (
            # In the order of the model's fields: by name, each would be looked up for each row.
            sa.select(table.kind, table.id, table.instance, table.uid, table.name)
            .add_columns(table.integration, holder.name.label("integration_name"), table.bound_at, holder.platform)
            .add_columns(mapping.account_id, mapping.account_name)
            .outerjoin(schema.integration, table.integration == holder.id)
            .outerjoin(schema.mapping, sa.and_(mapping.tenant == table.id, mapped_where))
            .where(where)
            .order_by(table.name, table.id)
        )
        return self._read(query, _tenant, "a tenant")

    def _secrets(self, where: ColumnElement[bool]) -> list[SecretRecord]:
        query = sa.select(schema.secret).where(where).order_by(schema.secret.c.integration, schema.secret.c.version)
        return self._read(query, _secret, "a secret")

    def _notifications(self, where: ColumnElement[bool], limit: int | None = None) -> list[Notification]:
        table = schema.notification.c
        query = sa.select(schema.notification).where(where).order_by(table.created_at, table.id).limit(limit)
        return self._read(query, _notification, "a notification")

    def _read(self, query: Select[Any], make: Callable[[Row[Any]], Thing], what: str, **values: str) -> list[Thing]:
        """
        Ask, and make the things of the model from the answers.

        :param what: one of them, for the message.
        :param values: what the question asks for.
        :raises IntegrationError: ``registry_damaged``: a row holds what no version of this collection writes.
        """
        try:
            return [make(row) for row in self._connection.execute(query, values)]
        except (TypeError, ValueError):
            raise IntegrationError(
                ErrorCode.REGISTRY_DAMAGED,
                f"The registry holds {what} that this collection cannot have written: it was changed by other means. "
                "Restore it from a backup.",
            ) from None


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """
    Cut distinct values into lists that one statement can carry.

    :returns: lists of at most :data:`CHUNK` values.
    """
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


def _instance(row: Row[Any]) -> Instance:
    return Instance(row.name, Solution(row.solution), row.server_identity)


def _registry_record(row: Row[Any]) -> RegistryRecord:
    record = RegistryRecord(**row._mapping)
    _require_texts(record.secrets_kept_at)
    return record


def _integration(row: Row[Any]) -> Integration:
    values = dict(row._mapping)
    values["solution"] = Solution(values["solution"])
    integration = Integration(**values, administrators=())
    _require_texts(integration.fingerprints)
    if not isinstance(integration.settings, dict):
        raise TypeError
    return integration


def _require_texts(value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise TypeError


def _tenant(row: Row[Any]) -> Tenant:
    kind, tenant_id, instance, *described = tuple(row)
    return Tenant(tenant_id, instance, TenantKind(kind), *described)


def _secret(row: Row[Any]) -> SecretRecord:
    values = dict(row._mapping)
    return SecretRecord(integration_id=values.pop("integration"), **values)


def _numbered_entry(row: Row[Any]) -> tuple[int, HistoryEntry]:
    values = dict(row._mapping)
    return values.pop("id"), HistoryEntry(**values)


def _notification(row: Row[Any]) -> Notification:
    values = dict(row._mapping)
    del values["lease_holder"], values["lease_until"]
    return Notification(**values)
