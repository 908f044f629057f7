# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: which virtual servers a task means, told by what exists in Security Center now.

A virtual server is remembered by its uid, which never changes. Names are people's words for it: they are looked up, and
a name that could mean two virtual servers is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from .declared_tenants import warn_of_similar
from .errors import ErrorCode
from .model import Directory, Integration, Tenant, TenantKind, VirtualServer
from .similar_names import SimilarNames, near_matches
from .tenant_references import TenantReference
from .tenant_resolution import KnownTenants, Resolution, TenantIndex, UnclearReference, ambiguous, listed
from .text import either

_OR_UNSEEN = "or the account may not see it"

_Meaning: TypeAlias = "tuple[Tenant | None, VirtualServer | None]"
"""What the registry and what Security Center knows of one virtual server."""


class ExistingServers:
    """The virtual servers of Security Center by uid and by name."""

    def __init__(self, directory: Directory) -> None:
        self._by_uid = {server.uid: server for server in directory.virtual_servers}
        self._by_name: dict[str, list[VirtualServer]] = {}
        for server in directory.virtual_servers:
            self._by_name.setdefault(server.name, []).append(server)

    def __contains__(self, uid: str | None) -> bool:
        return uid in self._by_uid

    def identified(self, uid: str | None) -> VirtualServer | None:
        """Find the one with a uid."""
        return self._by_uid.get(uid or "")

    def named(self, name: str | None) -> list[VirtualServer]:
        """Find those that have a name; there may be several."""
        return self._by_name.get(name or "", [])

    @property
    def names(self) -> Iterable[str]:
        """All names, each once."""
        return self._by_name.keys()


def resolve_existing(
    integration: Integration,
    references: Sequence[TenantReference],
    known: KnownTenants,
    existing: ExistingServers,
    *,
    state: str,
    new_id: Callable[[], str],
) -> Resolution:
    """
    Find what each entry means.

    :param integration: the one that is to hold, or no longer to hold, what is meant.
    :param state: ``present``, ``absent``, which adds nothing, or ``exact``.
    :param new_id: makes the id of a tenant that is new to the registry.
    """
    search = _Search(integration, TenantIndex(integration.instance, known.found), existing, references, state)
    resolution, similar = Resolution(), SimilarNames(known.names)
    renamed: list[str] = []
    for reference in references:
        try:
            tenant, server = search.meant_by(reference)
        except UnclearReference as unclear:
            resolution.faults.append(unclear.fault)
            continue
        if server and reference.name not in (None, server.name):
            renamed.append(f"{reference.option} {reference.name!r} is called {server.name!r} ({server.uid})")
        if search.absent:
            _take_to_unbind(resolution, reference, tenant, similar)
        else:
            _take_to_bind(resolution, search, reference, (tenant, server), new_id)
    if renamed:
        resolution.warnings.append(f"Security Center has other names than the task: {listed(renamed)}.")
    return resolution


@dataclass
class _Search:
    """Finds what entries mean."""

    integration: Integration
    index: TenantIndex
    existing: ExistingServers
    references: Sequence[TenantReference]
    state: str

    @property
    def absent(self) -> bool:
        """Whether the task unbinds what it lists."""
        return self.state == "absent"

    @cached_property
    def near(self) -> dict[str, list[str]]:
        """Names in Security Center that are like the mistyped ones; made when one is first needed."""
        unknown = [item.name for item in self.references if item.name and not self.existing.named(item.name)]
        return near_matches(unknown, self.existing.names)

    def holds(self, tenant: Tenant | None) -> bool:
        """Tell whether the integration holds a tenant."""
        return tenant is not None and tenant.integration_id == self.integration.id

    def meant_by(self, reference: TenantReference) -> _Meaning:
        """
        Find what an entry means.

        :raises UnclearReference: it could mean several, contradicts itself, or is another instance's.
        """
        if reference.uid:
            self._refuse_contradiction(reference)
            return self.index.identified(reference, reference.uid), self.existing.identified(reference.uid)
        servers = self.existing.named(reference.name)
        if len(servers) > 1:
            raise ambiguous(reference, "virtual servers", (server.uid for server in servers))
        return self._present(reference, servers[0]) if servers else self._former(reference)

    def why_unknown(self, reference: TenantReference, tenant: Tenant | None) -> str:
        """Tell why an entry means nothing that could be bound, and what may have been meant."""
        if tenant:
            holder = f"; '{tenant.integration_name}' still holds it" if tenant.integration_name else ""
            return f"no longer exists in Security Center, {_OR_UNSEEN}{holder}"
        namesakes = self.existing.named(reference.name)
        if namesakes:
            uids = listed([server.uid for server in namesakes])
            return f"has a uid that no virtual server in Security Center has; {reference.name!r} has {uids}"
        near = self.near.get(reference.name or "")
        hint = f"did you mean {either(near)}?" if near else f"it is mistyped, {_OR_UNSEEN}"
        return f"is no virtual server in Security Center; {hint}"

    def _refuse_contradiction(self, reference: TenantReference) -> None:
        """Refuse the uid of one virtual server beside the name of another: a slip, and either may be meant."""
        server, namesakes = self.existing.identified(reference.uid), self.existing.named(reference.name)
        if server and namesakes and server not in namesakes:
            uids = listed([namesake.uid for namesake in namesakes])
            told = f"has the uid of {server.name!r}, and the name of another one ({uids}); correct one of them"
            raise UnclearReference(reference.fault(told, ErrorCode.TENANT_UNKNOWN))

    def _present(self, reference: TenantReference, server: VirtualServer) -> _Meaning:
        """Mean the one that has the name, unless one that had it before may be meant."""
        tenant = self.index.identified(reference, server.uid)
        others = [other for other in self.index.named(reference.name) if self.holds(other) and other.uid != server.uid]
        renamed = [other for other in others if other.uid in self.existing]
        if self.absent and len(others) == 1 and not renamed and not self.holds(tenant):
            return others[0], None
        # One that is gone, and replaced by another of its name, may still be meant where something is unbound. It may
        # also be that the server is another one, on which clients have the same names.
        if rivals := renamed if self.state == "present" else others:
            uids = (server.uid, *(rival.uid for rival in rivals))
            raise ambiguous(reference, "virtual servers, now or before", uids)
        return tenant, server

    def _former(self, reference: TenantReference) -> _Meaning:
        """Mean the one that the registry knows by a name which no virtual server has now."""
        namesakes = self.index.named(reference.name)
        meant = [item for item in namesakes if self.holds(item) or (item.uid in self.existing and not self.absent)]
        if len(meant) > 1:
            raise ambiguous(reference, "virtual servers that are renamed or gone", (item.uid for item in meant))
        tenant = next(iter(meant or namesakes), None)
        return tenant, self.existing.identified(tenant.uid) if tenant else None


def _take_to_unbind(
    resolution: Resolution, reference: TenantReference, tenant: Tenant | None, similar: SimilarNames
) -> None:
    if tenant:
        resolution.take(reference, tenant, tenant)
    else:
        warn_of_similar(resolution, reference, similar)


def _take_to_bind(
    resolution: Resolution, search: _Search, reference: TenantReference, meaning: _Meaning, new_id: Callable[[], str]
) -> None:
    tenant, server = meaning
    if server and tenant:
        resolution.take(reference, tenant, _described(reference, tenant, server))
    elif server:
        instance = search.integration.instance
        resolution.add(reference, Tenant(new_id(), instance, TenantKind.VIRTUAL_SERVER, server.uid, server.name))
    elif tenant and search.holds(tenant):
        # It stays bound although it has vanished: an account with fewer rights sees fewer.
        resolution.take(reference, tenant, tenant)
    else:
        resolution.refuse(reference, search.why_unknown(reference, tenant))


def _described(reference: TenantReference, tenant: Tenant, server: VirtualServer) -> Tenant:
    """
    Give a known one the name that it has now.

    Where the task calls it by its old name alone, the registry goes on doing so: the name is what it is found by.
    """
    by_old_name = reference.uid is None and reference.name != server.name
    return tenant if by_old_name else replace(tenant, name=server.name)
