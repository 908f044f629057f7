# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what binding, unbinding or moving tenants would change.

A tenant belongs to at most one integration (product help). Everything is judged before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from .declared_tenants import resolve_declared
from .errors import ErrorCode, Fault, InvalidSettings
from .existing_servers import ExistingServers, resolve_existing
from .model import Integration, Tenant
from .tenant_references import TenantReference
from .tenant_resolution import KnownTenants, Resolution, listed


@dataclass(frozen=True)
class BindingPlan:
    """
    What happens to which tenant.

    :param added: tenants that are new to the registry; they are among ``bound``.
    :param described: known tenants that get another name or uid, in their old and their new form.
    :param stale: tenants that the integration holds afterwards and Security Center lacks; nothing if it was not asked.
    """

    integration: Integration
    added: tuple[Tenant, ...] = ()
    described: tuple[tuple[Tenant, Tenant], ...] = ()
    bound: tuple[Tenant, ...] = ()
    moved: tuple[Tenant, ...] = ()
    unbound: tuple[Tenant, ...] = ()
    unchanged: tuple[Tenant, ...] = ()
    stale: tuple[Tenant, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.bound or self.moved or self.unbound or self.described)

    @property
    def renamed(self) -> list[Tenant]:
        """The known tenants that get another name."""
        return [new for old, new in self.described if old.name != new.name]

    @property
    def identified(self) -> list[Tenant]:
        """The known tenants that get a uid."""
        return [new for old, new in self.described if old.uid != new.uid]

    @property
    def resulting_integration(self) -> Integration:
        """The integration with as many tenants as it holds afterwards."""
        gained = len(self.bound) + len(self.moved) - len(self.unbound)
        return replace(self.integration, tenant_count=self.integration.tenant_count + gained)

    @property
    def touched_integrations(self) -> list[str]:
        """Ids of the integrations whose bindings change."""
        losers = {tenant.integration_id for tenant in self.moved if tenant.integration_id}
        return [self.integration.id, *sorted(losers)]


def plan_binding(
    integration: Integration,
    references: Sequence[TenantReference],
    known: KnownTenants,
    *,
    state: str,
    move_from: Integration | None,
    new_id: Callable[[], str],
    existing: ExistingServers | None = None,
) -> BindingPlan:
    """
    Tell what has to be done so that the integration holds the tenants, or no longer holds them.

    :param state: ``present``, ``absent`` or ``exact``.
    :param move_from: the one integration that tenants may be taken from.
    :param new_id: makes the id of a tenant that is new to the registry.
    :param existing: what Security Center has, if it was asked.
    :raises InvalidSettings: every fault at once; ``tenant_held`` names the holder, ``tenant_unknown`` near matches.
    """
    absent = state == "absent"
    if existing is None:
        resolution = resolve_declared(integration, references, known, absent=absent, new_id=new_id)
    else:
        resolution = resolve_existing(integration, references, known, existing, state=state, new_id=new_id)
    if not absent:
        for tenant in resolution.known:
            _refuse_held(resolution, tenant, integration, move_from)
    if resolution.faults:
        raise InvalidSettings(resolution.faults)
    if absent:
        plan = _plan_absent(integration, resolution)
    else:
        plan = _plan_present(integration, resolution, known.held if state == "exact" else ())
    return plan if existing is None else _with_stale(plan, known.held, existing)


def _plan_absent(integration: Integration, resolution: Resolution) -> BindingPlan:
    held = tuple(tenant for tenant in resolution.known if tenant.integration_id == integration.id)
    rest = tuple(tenant for tenant in resolution.known if tenant.integration_id != integration.id)
    return BindingPlan(integration, unbound=held, unchanged=rest, warnings=tuple(resolution.warnings))


def _plan_present(integration: Integration, resolution: Resolution, held: Iterable[Tenant]) -> BindingPlan:
    listed = {tenant.id for tenant in resolution.known}
    free = [tenant for tenant in resolution.known if tenant.integration_id is None]
    moved = [tenant for tenant in resolution.known if tenant.integration_id not in (None, integration.id)]
    return BindingPlan(
        integration,
        added=tuple(resolution.added),
        described=tuple(resolution.described),
        bound=tuple(free + resolution.added),
        moved=tuple(moved),
        unbound=tuple(tenant for tenant in held if tenant.id not in listed),
        unchanged=tuple(tenant for tenant in resolution.known if tenant.integration_id == integration.id),
        warnings=tuple(resolution.warnings),
    )


def _refuse_held(
    resolution: Resolution, tenant: Tenant, integration: Integration, move_from: Integration | None
) -> None:
    allowed = {None, integration.id, move_from.id if move_from else None}
    if tenant.integration_id not in allowed:
        told = (
            f"is held by the integration '{tenant.integration_name}'; "
            f"unbind it there, or take it over with move_from: '{tenant.integration_name}'"
        )
        resolution.faults.append(Fault(resolution.options[tenant.id], told, ErrorCode.TENANT_HELD, tenant.name))


def _with_stale(plan: BindingPlan, held: Iterable[Tenant], existing: ExistingServers) -> BindingPlan:
    """Tell which tenants the integration holds afterwards although Security Center no longer has them."""
    freed = {tenant.id for tenant in plan.unbound}
    stale = tuple(tenant for tenant in held if tenant.uid not in existing and tenant.id not in freed)
    if not stale:
        return replace(plan, stale=stale)
    named = listed([f"'{tenant.name}' ({tenant.uid})" for tenant in stale])
    warning = (
        f"{len(stale)} virtual servers that '{plan.integration.name}' holds no longer exist in Security Center, or the "
        f"account may not see them: {named}. They stay bound; to unbind them, list them with state: absent."
    )
    return replace(plan, stale=stale, warnings=(*plan.warnings, warning))
