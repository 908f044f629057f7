# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: tenants as the registry and Security Center together know them, each of them once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .model import Directory, Tenant, TenantKind, VirtualServer


@dataclass(frozen=True)
class TenantView:
    """
    One tenant, as at least one of the two sources knows it.

    :param name: the one that it has now; that of Security Center where it is there.
    :param registered: what the registry knows of it.
    :param known: whether the registry knows it; nothing if that was not looked at.
    :param stale: whether Security Center no longer has it; nothing for a company, or if it was not asked.
    :param enabled: whether the virtual server is in use; nothing if Security Center does not tell of it.
    """

    kind: TenantKind
    uid: str | None
    name: str
    registered: Tenant | None
    known: bool | None
    stale: bool | None
    enabled: bool | None

    @property
    def bound(self) -> bool | None:
        """Whether an integration holds it; nothing if the registry was not looked at."""
        if self.known is None:
            return None
        return self.registered is not None and self.registered.integration_id is not None


@dataclass(frozen=True)
class TenantFilter:
    """
    Which tenants are shown; what is nothing does not count.

    :param name: what the tenant is called now, or what the registry calls it.
    :param integration_id: of the integration that holds it.
    """

    name: str | None = None
    uid: str | None = None
    bound: bool | None = None
    stale: bool | None = None
    known: bool | None = None
    integration_id: str | None = None

    def shows(self, view: TenantView) -> bool:
        """Tell whether a tenant fits all that is asked for."""
        registered = view.registered
        names = (view.name, registered.name if registered else None)
        holder = registered.integration_id if registered else None
        return (
            (self.name is None or self.name in names)
            and (self.uid is None or self.uid == view.uid)
            and (self.bound is None or self.bound is view.bound)
            and (self.stale is None or self.stale is view.stale)
            and (self.known is None or self.known is view.known)
            and (self.integration_id is None or self.integration_id == holder)
        )


def view_tenants(registered: Iterable[Tenant] | None, directory: Directory | None) -> list[TenantView]:
    """
    Put together what the two sources know; a virtual server is the same one if it has the same uid.

    :param registered: nothing if the registry was not looked at.
    :param directory: nothing if Security Center was not asked.
    :returns: each tenant once, by name.
    """
    existing = {server.uid: server for server in directory.virtual_servers} if directory else {}
    views = []
    for tenant in registered or ():
        server = existing.pop(tenant.uid, None) if tenant.uid and tenant.kind is TenantKind.VIRTUAL_SERVER else None
        views.append(_view_of_registered(tenant, server, asked=directory is not None))
    known = None if registered is None else False
    views += [_view_of_unregistered(server, known) for server in existing.values()]
    # Sorted here: databases sort by the rules of a language.
    return sorted(views, key=lambda view: (view.name, view.uid or ""))


def _view_of_registered(tenant: Tenant, server: VirtualServer | None, *, asked: bool) -> TenantView:
    return TenantView(
        kind=tenant.kind,
        uid=tenant.uid,
        name=server.name if server else tenant.name,
        registered=tenant,
        known=True,
        stale=server is None if asked and tenant.kind is TenantKind.VIRTUAL_SERVER else None,
        enabled=server.enabled if server else None,
    )


def _view_of_unregistered(server: VirtualServer, known: bool | None) -> TenantView:
    return TenantView(
        kind=TenantKind.VIRTUAL_SERVER,
        uid=server.uid,
        name=server.name,
        registered=None,
        known=known,
        stale=False,
        enabled=server.enabled,
    )
