# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: binds tenants to an integration, frees them, or takes them over from another integration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from .._domain.binding_plan import BindingPlan, plan_binding
from .._domain.existing_servers import ExistingServers
from .._domain.model import TENANT_KINDS, Directory, HistoryEntry, Instance, Integration, TenantKind
from .._domain.rules import no_such_integration
from .._domain.tenant_references import TenantReference, tenant_kind, tenant_references
from .._domain.tenant_resolution import KnownTenants
from .._storage.reader import Reader
from .._storage.writer import Writer
from . import security_center
from .context import Context, Options
from .find import required_integration
from .history import history_entry, instance_history
from .operation import Operation
from .results import integration_result, tenant_result, tenant_title


@dataclass(frozen=True)
class BindingSnapshot:
    """
    All that a binding depends on.

    :param references: the entries of the task, read.
    :param move_from: the integration to take over from, if the task names one and it is there.
    """

    instance: Instance | None
    integration: Integration
    move_from: Integration | None
    known: KnownTenants
    references: tuple[TenantReference, ...]


class BindTenants(Operation[BindingSnapshot, BindingPlan]):
    """The module ``binding``."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        of_servers = tenant_kind(context.options) is TenantKind.VIRTUAL_SERVER
        self._asks = of_servers and security_center.configured(context) and not _unbinds_by_uid(context.options)
        self._directory: Directory | None = None
        self._existing: ExistingServers | None = None
        self._references: dict[str, tuple[TenantReference, ...]] = {}

    def read(self, reader: Reader) -> BindingSnapshot:
        """Read the integrations and every tenant that the task may mean."""
        options, instance = self.context.options, self.context.instance
        name, integration_id = options.get("integration"), options.get("integration_id")
        integration = required_integration(reader, instance, name, integration_id)
        # Once for each integration that is found: the second look is under the lock, and others wait for it.
        references = self._references.get(integration.id) or tenant_references(options, integration)
        self._references[integration.id] = references
        move_from = reader.integration_named(instance, options["move_from"]) if options.get("move_from") else None
        # Which ones are meant by their names, Security Center has to tell first.
        known = KnownTenants() if self._has_to_ask else self._known(reader, integration, references)
        return BindingSnapshot(reader.instance(instance), integration, move_from, known, references)

    def discover(self, snapshot: BindingSnapshot) -> bool:
        """Ask Security Center once which virtual servers there are, however many the task names."""
        if not self._has_to_ask:
            return False
        self._directory = security_center.discover(self.context)
        self._existing = ExistingServers(self._directory)
        return True

    def plan(self, snapshot: BindingSnapshot) -> BindingPlan:
        """Judge every tenant before anything is written."""
        if self._directory:
            security_center.require_same_server(snapshot.instance, self._directory)
        plan = plan_binding(
            snapshot.integration,
            snapshot.references,
            snapshot.known,
            state=self._state,
            move_from=snapshot.move_from,
            new_id=lambda: str(uuid4()),
            existing=self._existing,
        )
        move_from = self.context.options.get("move_from")
        if plan.changed and move_from and snapshot.move_from is None:
            raise no_such_integration(f"called {move_from!r} to take tenants over from", move_from, [])
        return plan

    def basis(self, snapshot: BindingSnapshot) -> object:
        """Leave out what other bindings of the integration change: many hosts may bind to one at the same time."""
        known = snapshot.known if self._state == "exact" else replace(snapshot.known, held=())
        move_from = snapshot.move_from.id if snapshot.move_from else None
        return snapshot.instance, snapshot.integration.id, move_from, known

    def apply(self, writer: Writer, snapshot: BindingSnapshot, plan: BindingPlan) -> None:
        """Write all bindings, or none."""
        now = datetime.now(UTC)
        self._record_server(writer, snapshot, now)
        writer.describe_tenants([new for _old, new in plan.described])
        writer.add_tenants(plan.added)
        writer.bind_tenants([tenant.id for tenant in (*plan.bound, *plan.moved)], plan.integration.id, now)
        writer.unbind_tenants([tenant.id for tenant in plan.unbound], plan.integration.id)
        writer.touch_integrations(plan.touched_integrations, now)
        for entry in self._history(snapshot, plan, now):
            writer.add_history(entry)

    @property
    def has_asked(self) -> bool:
        """Whether Security Center was asked."""
        return self._directory is not None

    @property
    def _has_to_ask(self) -> bool:
        return self._asks and self._directory is None

    @property
    def _state(self) -> str:
        return str(self.context.options.get("state") or "present")

    def _known(self, reader: Reader, integration: Integration, references: Sequence[TenantReference]) -> KnownTenants:
        kind, instance = TENANT_KINDS[integration.solution], integration.instance
        by_uid = reader.tenants_by_uid(kind, instance, self._uids(references))
        by_name = reader.tenants_by_name(kind, instance, _names(kind, references))
        found = {tenant.id: tenant for tenant in (*by_uid, *by_name)}
        uids, names = {tenant.uid for tenant in found.values()}, {tenant.name for tenant in found.values()}
        strangers = any(item.uid not in uids if item.uid else item.name not in names for item in references)
        # Near matches for what is to be bound come from Security Center, if it was asked.
        compared = strangers and (self._existing is None or self._state == "absent")
        return KnownTenants(
            found=tuple(found.values()),
            held=tuple(reader.tenants_of(integration.id)) if self._existing or self._state == "exact" else (),
            names=tuple(reader.tenant_names(kind, instance)) if compared else (),
        )

    def _uids(self, references: Sequence[TenantReference]) -> list[str]:
        """List the uids of the task, and those that its names have in Security Center."""
        uids = [item.uid for item in references if item.uid]
        if self._existing:
            uids += [server.uid for item in references for server in self._existing.named(item.name)]
        return uids

    def _record_server(self, writer: Writer, snapshot: BindingSnapshot, now: datetime) -> None:
        """Let the instance stand for the server that was asked, once it is used with one."""
        identity = self._directory.identity if self._directory else None
        if identity and snapshot.instance and snapshot.instance.server_identity is None:
            writer.change_server_identity(snapshot.instance.name, identity)
            writer.add_history(instance_history(self.context, now, "server_recorded", {"server_identity": identity}))

    def _history(self, snapshot: BindingSnapshot, plan: BindingPlan, now: datetime) -> list[HistoryEntry]:
        gained = {"bound": len(plan.bound), "moved": len(plan.moved), "unbound": len(plan.unbound)}
        described = {"renamed": len(plan.renamed), "identified": len(plan.identified)}
        gained.update({name: count for name, count in described.items() if count})
        changes = [(plan.integration, gained)]
        if plan.moved and snapshot.move_from:
            changes.append((snapshot.move_from, {"given_away": len(plan.moved)}))
        return [
            history_entry(self.context, now, "bindings_changed", integration.id, integration.name, summary)
            for integration, summary in changes
        ]


def _names(kind: TenantKind, references: Sequence[TenantReference]) -> list[str]:
    """List the names to look for: of a virtual server that has a uid in the task, the name tells nothing."""
    by_uid_alone = kind is TenantKind.VIRTUAL_SERVER
    return [item.name for item in references if item.name and not (item.uid and by_uid_alone)]


def _unbinds_by_uid(options: Options) -> bool:
    """Tell whether a task unbinds what it tells by uid: that has to work after the end of a Security Center as well."""
    entries = options["virtual_servers"]
    by_uid = all(isinstance(entry, Mapping) and entry.get("uid") is not None for entry in entries)
    return options.get("state") == "absent" and bool(entries) and by_uid


def bind_tenants(context: Context) -> dict[str, Any]:
    """
    Make an integration hold the tenants of the task, or no longer hold them.

    :returns: ``changed, bound, unbound, moved, unchanged, integration, diff, warnings``; and ``stale``, if Security
        Center was asked.
    :raises IntegrationError: see the module ``binding``; nothing was changed then.
    """
    operation = BindTenants(context)
    _snapshot, plan = operation.run()
    integration = plan.resulting_integration
    if plan.changed and not context.check_mode:
        with context.registry.reading() as reader:
            integration = reader.integration(integration.id) or integration
    before, after = _diff(plan)
    told = ("bound", "unbound", "moved", "unchanged", *(["stale"] if operation.has_asked else []))
    certificate = security_center.certificate_warnings(context) if operation.has_asked else []
    return {
        "changed": plan.changed,
        **{name: [tenant_result(tenant) for tenant in getattr(plan, name)] for name in told},
        "integration": integration_result(integration),
        "diff": {"before": before, "after": after},
        "warnings": [*certificate, *plan.warnings],
    }


def _diff(plan: BindingPlan) -> tuple[dict[str, Any], dict[str, Any]]:
    """Show who holds the changing tenants before and after, which mappings end, and how known ones are described."""
    holder = plan.integration.name
    taken, freed = (*plan.bound, *plan.moved), plan.unbound
    held = {tenant_title(tenant): tenant.integration_name for tenant in (*taken, *freed)}
    holders: dict[str, str | None] = {tenant_title(tenant): holder for tenant in taken}
    holders |= {tenant_title(tenant): None for tenant in freed}
    before: dict[str, Any] = {"held_by": held}
    after: dict[str, Any] = {"held_by": holders}
    unmapped = {tenant_title(tenant): tenant.account_name for tenant in freed if tenant.account_id}
    if unmapped:
        before["mapped_to"], after["mapped_to"] = unmapped, dict.fromkeys(unmapped)
    if plan.described:
        before["known_as"] = {old.id: tenant_title(old) for old, _new in plan.described}
        after["known_as"] = {new.id: tenant_title(new) for _old, new in plan.described}
    return before, after
