# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: lists tenants as the registry and Security Center know them. Reads only."""

from __future__ import annotations

from typing import Any

from .._domain.errors import ErrorCode, Fault, InvalidSettings
from .._domain.model import Directory, Instance, Integration, Solution, Tenant, TenantKind
from .._domain.tenant_views import TenantFilter, view_tenants
from .._domain.text import clean_name, cleaned
from . import security_center
from .context import Context
from .find import not_called, require_instance
from .results import tenant_view_result

REGISTRY, SECURITY_CENTER = "registry", "security_center"

_ANSWERED_BY = {
    "bound": REGISTRY,
    "known": REGISTRY,
    "integration": REGISTRY,
    "stale": SECURITY_CENTER,
}


def list_tenants(context: Context) -> dict[str, Any]:
    """
    List tenants with the integration that holds each.

    :returns: ``tenants, warnings``.
    :raises IntegrationError: ``invalid_settings``, ``registry_missing``, ``instance_unknown``, ``instance_mismatch``,
        ``not_found`` for the integration, and whatever Security Center refuses.
    """
    sources, name = _question(context)
    instance, holder = _instance_and_holder(context) if REGISTRY in sources else (None, None)
    if instance and instance.solution is Solution.BUSINESS_HUB:
        sources = _sources_of_business_hub(context, instance)
    directory = _directory(context, instance) if SECURITY_CENTER in sources else None
    wanted = _filter(context, name, holder)
    registered = _registered(context, wanted, directory) if REGISTRY in sources else None
    shown = [view for view in view_tenants(registered, directory) if wanted.shows(view)]
    return {
        "changed": False,
        "tenants": [tenant_view_result(view, context.instance) for view in shown],
        "warnings": security_center.certificate_warnings(context) if directory else [],
    }


def _question(context: Context) -> tuple[set[str], str | None]:
    """Read where to look and for which name."""
    options = context.options
    faults: list[Fault] = []
    name = cleaned(faults, "name", clean_name, options.get("name"))
    sources = _sources(context)
    if not sources:
        faults.append(Fault("sources", f"must name {REGISTRY}, {SECURITY_CENTER} or both"))
    if SECURITY_CENTER in sources and not security_center.configured(context):
        faults.append(Fault("sources", f"the option {SECURITY_CENTER} says where it is, and is required with it"))
    for option, source in _ANSWERED_BY.items():
        if options.get(option) is not None and source not in sources:
            faults.append(Fault(option, f"cannot be told without {source}, which is not among the sources"))
    if faults:
        raise InvalidSettings(faults)
    return sources, name


def _sources(context: Context) -> set[str]:
    given = context.options.get("sources")
    if given is not None:
        return set(given)
    return {REGISTRY, SECURITY_CENTER} if security_center.configured(context) else {REGISTRY}


def _sources_of_business_hub(context: Context, instance: Instance) -> set[str]:
    """Leave out a Security Center that is configured for other tasks, unless the task really asks for it."""
    asking = [option for option in ("sources", "stale") if context.options.get(option) is not None]
    if SECURITY_CENTER in (context.options.get("sources") or ()) or "stale" in asking:
        told = f"asks for Security Center, but the instance '{instance.name}' is of {instance.solution}"
        raise InvalidSettings([Fault(asking[0], told, ErrorCode.INSTANCE_MISMATCH)])
    return {REGISTRY}


def _instance_and_holder(context: Context) -> tuple[Instance | None, Integration | None]:
    """Find the instance of the task, and the integration that it filters by."""
    wanted = context.options.get("integration")
    with context.registry.reading() as reader:
        require_instance(reader, context.instance)
        holder = reader.integration_named(context.instance, wanted) if wanted is not None else None
        if wanted is not None and holder is None:
            raise not_called(reader, context.instance, wanted)
        return reader.instance(context.instance), holder


def _directory(context: Context, instance: Instance | None) -> Directory:
    directory = security_center.discover(context)
    security_center.require_same_server(instance, directory)
    return directory


def _filter(context: Context, name: str | None, holder: Integration | None) -> TenantFilter:
    options = context.options
    return TenantFilter(
        name=name,
        uid=options.get("uid"),
        bound=options.get("bound"),
        stale=options.get("stale"),
        known=options.get("known"),
        integration_id=holder.id if holder else None,
    )


def _registered(context: Context, wanted: TenantFilter, directory: Directory | None) -> list[Tenant]:
    # A name of today may be another one in the registry, and a virtual server counts as unknown only after a look at
    # all that are known. Whatever is left out here is also left out by the filter itself.
    name, bound = (None, None) if directory else (wanted.name, wanted.bound)
    with context.registry.reading() as reader:
        found = reader.tenants(
            context.instance, name=name, uid=wanted.uid, bound=bound, integration_id=wanted.integration_id
        )
        known = {tenant.uid for tenant in found}
        # A virtual server is one in the whole registry: what another instance holds is not free.
        others = [server.uid for server in directory.virtual_servers if server.uid not in known] if directory else []
        return [*found, *reader.tenants_by_uid(TenantKind.VIRTUAL_SERVER, context.instance, others)]
