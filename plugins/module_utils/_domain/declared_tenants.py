# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: which tenants a task means where nobody but the registry can be asked.

Companies, because Business Hub has no public API; virtual servers, if the task names no Security Center.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .model import TENANT_KINDS, Integration, Tenant, TenantKind
from .similar_names import SimilarNames
from .tenant_references import TenantReference
from .tenant_resolution import KnownTenants, Resolution, TenantIndex, UnclearReference, ambiguous
from .text import either


def resolve_declared(
    integration: Integration,
    references: Sequence[TenantReference],
    known: KnownTenants,
    *,
    absent: bool,
    new_id: Callable[[], str],
) -> Resolution:
    """
    Find what each entry means.

    :param absent: whether the task unbinds; then nothing is added.
    :param new_id: makes the id of a tenant that is new to the registry.
    """
    index, similar = TenantIndex(integration.instance, known.found), SimilarNames(known.names)
    kind = TENANT_KINDS[integration.solution]
    resolution = Resolution()
    for reference in references:
        try:
            found = _find(index, reference)
        except UnclearReference as unclear:
            resolution.faults.append(unclear.fault)
            continue
        if found:
            resolution.take(reference, found, _described(found, reference))
        elif absent:
            warn_of_similar(resolution, reference, similar)
        else:
            _take_new(resolution, reference, Tenant(new_id(), integration.instance, kind, None, ""), similar)
    return resolution


def warn_of_similar(resolution: Resolution, reference: TenantReference, similar: SimilarNames) -> None:
    """Warn that nothing is unbound for an entry, if its name looks mistyped."""
    if near := similar.to(reference.name or ""):
        told = f"{reference.place} names no known tenant, so nothing was unbound for it; did you mean"
        resolution.warnings.append(f"{told} {either(near)}?")


def _find(index: TenantIndex, reference: TenantReference) -> Tenant | None:
    namesakes = index.named(reference.name)
    if reference.uid:
        # A company that was declared by name alone may now be given its identifier.
        nameless = next((tenant for tenant in namesakes if tenant.uid is None), None)
        return index.identified(reference, reference.uid) or nameless
    if len(namesakes) > 1:
        raise ambiguous(reference, "tenants", (tenant.uid for tenant in namesakes))
    return namesakes[0] if namesakes else None


def _described(tenant: Tenant, reference: TenantReference) -> Tenant:
    """Give a known one the name and the uid that the task has for it; most have them already."""
    name, uid = reference.name or tenant.name, reference.uid or tenant.uid
    return tenant if (name, uid) == (tenant.name, tenant.uid) else replace(tenant, name=name, uid=uid)


def _take_new(resolution: Resolution, reference: TenantReference, blank: Tenant, similar: SimilarNames) -> None:
    tenant = replace(blank, uid=reference.uid, name=reference.name or "")
    fault = _fault_of_new(reference, tenant, similar)
    if fault:
        resolution.refuse(reference, fault)
    else:
        resolution.add(reference, tenant)


def _fault_of_new(reference: TenantReference, tenant: Tenant, similar: SimilarNames) -> str | None:
    if not tenant.name:
        return "is not known yet: give its name as well"
    if tenant.kind is TenantKind.VIRTUAL_SERVER:
        near = similar.to(tenant.name)
        hint = f"; did you mean {either(near)}" if near else ""
        told = f"is no known virtual server{hint}; a new one needs its uid (KLVSRV_UID), or the option security_center"
        return None if tenant.uid else told
    near = [] if reference.uid or reference.new else similar.to(tenant.name)
    if not near:
        return None
    return f"is new and nearly the same as {either(near)}; give its id, or new: true if it is another one"
