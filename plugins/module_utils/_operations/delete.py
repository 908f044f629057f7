# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: deletes an integration. Its tenants live on unbound, and every administrator is told (product help)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socket import gethostname
from typing import Any
from uuid import uuid4

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import HistoryEntry, Integration, Notification, Tenant
from .._domain.notifications import (
    INTEGRATION_DELETED,
    SECURITY_CENTER,
    WEBHOOK,
    deletion_snapshot,
    recipients_of,
    usual_channels,
)
from .._domain.plan import shown_integration
from .._domain.rules import check_selection, selection
from .._domain.similar_names import SimilarNames
from .._domain.text import did_you_mean, nearest
from .._storage.reader import Reader, SecretRecord
from .._storage.writer import Writer
from .channels import chosen_channels, configured_channels, is_configured
from .context import Context, Options
from .deliver import Delivery, deliver, lacking, pending_warning
from .find import elsewhere, integration_by_id
from .history import history_entry
from .operation import Operation
from .results import integration_result, mapping_result, tenant_references

_TENANTS_TOLD = 20
_HOST = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class DeletionSnapshot:
    """
    All that a deletion depends on.

    :param pending: how many messages wait in the outbox already.
    :param doubt: why there may be nothing to delete although there should be.
    """

    stored: Integration | None
    tenants: tuple[Tenant, ...] = ()
    secret: SecretRecord | None = None
    pending: int = field(default=0, compare=False)
    unfinished: bool = field(default=False, compare=False)
    doubt: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DeletionPlan:
    """What a deletion would remove and unbind."""

    stored: Integration | None
    tenants: tuple[Tenant, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to delete."""
        return self.stored is not None


class DeleteIntegration(Operation[DeletionSnapshot, DeletionPlan]):
    """``integration`` with ``state: absent``."""

    upgrades = False

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        # Made first, so that faults of the notification options come to light before anything is deleted.
        self._names = chosen_channels(context) or usual_channels(is_configured(context, WEBHOOK))
        self._channels = configured_channels(context, self._names)
        self.notifications: list[Notification] = []
        self.delivery = Delivery()
        self.warnings: list[str] = []

    def read(self, reader: Reader) -> DeletionSnapshot:
        """Read the integration, what it holds, and what earlier runs left over."""
        stored = _selected(reader, self.context)
        return DeletionSnapshot(
            stored=stored,
            tenants=tuple(reader.tenants_of(stored.id)) if stored else (),
            secret=reader.current_secret(stored.id) if stored else None,
            pending=reader.count_pending_notifications(self.context.instance),
            unfinished=reader.has_unfinished_secrets(),
            doubt=None if stored else _doubt(reader, self.context),
        )

    def plan(self, snapshot: DeletionSnapshot) -> DeletionPlan:
        """Refuse to unbind tenants where the task says so."""
        if snapshot.stored and (staying := _not_to_be_unbound(self.context.options, snapshot.tenants)):
            raise _tenants_bound(self.context.options, snapshot.stored, staying)
        return DeletionPlan(snapshot.stored, snapshot.tenants)

    def prove(self, snapshot: DeletionSnapshot, plan: DeletionPlan) -> None:
        """Make sure that the secrets can be removed from here; the platform is never asked, its licence may be gone."""
        if plan.changed:
            with self.context.registry.reading() as reader:
                record = reader.registry()
            self.context.vault.store(record).fingerprint_key(record)

    def apply(self, writer: Writer, snapshot: DeletionSnapshot, plan: DeletionPlan) -> None:
        """Unbind, delete, put the notifications into the outbox and the deletion into the history."""
        if plan.stored is None:
            return
        now = datetime.now(UTC)
        told = deletion_snapshot(plan.stored, plan.tenants, self.context.actor, now, self.context.job)
        self.notifications = self._notifications(plan.stored, told, now)
        writer.unbind_all(plan.stored.id)
        self.context.vault.store(writer.registry()).drop(writer, plan.stored.id)
        writer.remove_integration(plan.stored.id)
        writer.add_notifications(self.notifications)
        writer.add_history(self._history(plan.stored, len(plan.tenants), now))

    def effects(self, snapshot: DeletionSnapshot, plan: DeletionPlan) -> None:
        """Remove the secrets for good, then tell the administrators."""
        if plan.changed or snapshot.unfinished:
            self.warnings += self.context.vault.sweep()
        if plan.changed:
            self.delivery = deliver(self.context, self._channels, self.notifications)

    def unconfigured(self, plan: DeletionPlan) -> list[str]:
        """List the channels that would have messages and are not configured."""
        told = recipients_of(self._names, plan.stored.administrators) if plan.stored else ()
        return [name for name in dict(told) if name not in self._channels]

    def _notifications(self, stored: Integration, told: dict[str, Any], now: datetime) -> list[Notification]:
        return [
            Notification(
                id=(notification_id := str(uuid4())),
                instance=stored.instance,
                event=INTEGRATION_DELETED,
                snapshot=told,
                channel=channel,
                recipient=recipient,
                message_id=_message_id(channel, notification_id),
                created_at=now,
            )
            for channel, recipient in recipients_of(self._names, stored.administrators)
        ]

    def _history(self, stored: Integration, tenant_count: int, now: datetime) -> HistoryEntry:
        summary = {"unbound": tenant_count, "administrators": len(stored.administrators)}
        return history_entry(self.context, now, "deleted", stored.id, stored.name, summary)


def delete_integration(context: Context) -> dict[str, Any]:
    """
    Delete an integration.

    :returns: ``changed, integration, unbound, unmapped, notified, notifications_pending, diff, warnings``.
    :raises IntegrationError: see the module ``integration``; nothing was changed then.
    """
    check_selection(context.options)
    operation = DeleteIntegration(context)
    snapshot, plan = operation.run()
    pending = snapshot.pending + len(operation.notifications) - len(operation.delivery.delivered)
    return {
        "changed": plan.changed,
        "integration": integration_result(plan.stored) if plan.stored else None,
        "unbound": tenant_references(plan.tenants),
        "unmapped": [mapping_result(tenant) for tenant in plan.tenants if tenant.account_id],
        "notified": operation.delivery.notified,
        "notifications_pending": pending,
        "diff": {"before": shown_integration(plan.stored, plan.tenants) if plan.stored else {}, "after": {}},
        "warnings": [*filter(None, [snapshot.doubt]), *operation.warnings, *_warnings(operation, plan, pending)],
    }


def _warnings(operation: DeleteIntegration, plan: DeletionPlan, pending: int) -> list[str]:
    if operation.context.check_mode:
        return _foretold(operation.unconfigured(plan))
    if plan.stored and not operation.notifications:
        return [f"'{plan.stored.name}' had no administrators and no webhook is used: nobody was told of its deletion."]
    delivery = operation.delivery
    return [*delivery.warnings, *pending_warning(operation.context.instance, pending, delivery)]


def _foretold(missing: list[str]) -> list[str]:
    """Tell in check mode already who would not be told."""
    if not missing:
        return []
    told = f"This task gives {lacking(missing)}. Whoever is told that way would wait for msp.kaspersky.notification."
    return [told]


def _selected(reader: Reader, context: Context) -> Integration | None:
    wanted = selection(context.options)
    if wanted.integration_id is None:
        return reader.integration_named(context.instance, wanted.name) if wanted.name else None
    return integration_by_id(reader, context.instance, wanted.integration_id, wanted.name)


def _doubt(reader: Reader, context: Context) -> str | None:
    """Doubt a name or an instance that nothing has: a typing error must not look like a deletion that was done."""
    instances = reader.instance_names()
    if context.instance not in instances:
        near = did_you_mean(nearest(context.instance, instances))
        return f"The registry has no instance called '{context.instance}', so nothing was deleted.{near}"
    wanted = selection(context.options).name or ""
    near = did_you_mean(SimilarNames(reader.integration_names(context.instance)).to(wanted))
    there = elsewhere(reader, context.instance, wanted)
    return f"Nothing was deleted: there is no integration called '{wanted}'{there}.{near}" if near or there else None


def _message_id(channel: str, notification_id: str) -> str:
    """
    Make an id of the form that the channel asks for, without asking name servers while the registry is locked.

    In general that of a mail (RFC 5322, 3.6.4). Security Center writes the mail itself, so there it is the id of the
    request. Which form that has to have is not documented; the vendor's own example sends a UUID.
    """
    if channel == SECURITY_CENTER:
        return notification_id
    host = gethostname()
    return f"<{notification_id}@{host if _HOST.fullmatch(host) else 'localhost'}>"


def _not_to_be_unbound(options: Options, tenants: Sequence[Tenant]) -> list[Tenant]:
    """Find the tenants that are bound and that the task does not give up."""
    if options.get("when_bound") == "fail":
        return list(tenants)
    named = options.get("unbind_only")
    return [] if named is None else [item for item in tenants if not {item.name, item.uid, item.id} & set(named)]


def _tenants_bound(options: Options, stored: Integration, tenants: Sequence[Tenant]) -> IntegrationError:
    told = ", ".join(repr(tenant.name) for tenant in tenants[:_TENANTS_TOLD])
    told += f" and {len(tenants) - _TENANTS_TOLD} more" if len(tenants) > _TENANTS_TOLD else ""
    if options.get("when_bound") == "fail":
        what, advice = f"still holds {told}", "delete with when_bound: unbind"
    else:
        what, advice = f"holds what unbind_only does not name: {told}", "name them there"
    return IntegrationError(
        ErrorCode.TENANTS_BOUND,
        f"'{stored.name}' {what}. Unbind or move them first, or {advice}. Nothing was deleted.",
        tenants=tenant_references(tenants),
    )
