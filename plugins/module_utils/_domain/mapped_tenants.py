# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the tenants of an integration and what each of them is mapped to there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from .errors import ErrorCode
from .model import Integration, Tenant
from .similar_names import SimilarNames
from .tenant_lookup import TenantLookup
from .tenant_references import TenantReference
from .tenant_resolution import UnclearReference, ambiguous
from .text import either, nearest


class MappedTenants:
    """
    What the registry knows, as far as a task about mappings depends on it.

    :param held: tenants that the integration holds, mapped or not.
    :param kept: tenants that other integrations hold now, or none does, each with the account that is kept for its
        return.
    :param strangers: tenants of the instance that have one of the meant names or identifiers, whoever holds them.
    """

    def __init__(
        self,
        integration: Integration,
        held: Sequence[Tenant],
        kept: Sequence[Tenant] = (),
        strangers: Iterable[Tenant] = (),
    ) -> None:
        self._integration = integration
        self._all = list(held)
        self.kept = list(kept)
        self._strangers = list(strangers)

    @cached_property
    def mapped(self) -> list[Tenant]:
        """Those that are held and mapped."""
        return [tenant for tenant in self._all if tenant.account_id is not None]

    @cached_property
    def unmapped(self) -> list[Tenant]:
        """Those that are held and not mapped."""
        return [tenant for tenant in self._all if tenant.account_id is None]

    def held(self, reference: TenantReference) -> Tenant:
        """
        Find the tenant of the integration that is meant.

        :raises UnclearReference: ``tenant_unknown`` with near matches, ``tenant_held`` by another integration, or a
            name that several have.
        """
        found = self._one(reference, self._held_lookup.meant_by(reference))
        if found is None:
            raise self._not_held(reference)
        return found

    def of_integration(self, reference: TenantReference) -> Tenant | None:
        """
        Find the tenant whose mapping with the integration is meant, also if that is only kept for its return.

        :returns: nothing where it has none.
        :raises UnclearReference: it is a name that several have.
        """
        return self._one(reference, self._mapped_lookup.meant_by(reference))

    def doubt(self, reference: TenantReference) -> list[str]:
        """Warn that no mapping ends for an entry whose name looks mistyped."""
        if self._held_lookup.meant_by(reference):
            return []
        near = self._similar.to(reference.name or "")
        told = f"{reference.place} is mapped to nothing, so no mapping ended for it; did you mean {either(near)}?"
        return [told] if near else []

    def why_taken(self, holder: Tenant, listed_ids: Collection[str]) -> str:
        """Say who has an account, after words that name the account."""
        if holder.id in listed_ids:
            return f"is given to {holder.name!r} by the same task"
        if holder.integration_id == self._integration.id:
            return f"is mapped to {holder.name!r}; end that mapping first"
        where = f"moved to '{holder.integration_name}'" if holder.integration_id else "was unbound elsewhere"
        return (
            f"is kept for {holder.name!r}, which {where} and may return; end that mapping with state: absent if it "
            "will not"
        )

    @cached_property
    def _held_lookup(self) -> TenantLookup:
        return TenantLookup(self._all)

    @cached_property
    def _mapped_lookup(self) -> TenantLookup:
        return TenantLookup([*self.mapped, *self.kept])

    @cached_property
    def _strange_lookup(self) -> TenantLookup:
        return TenantLookup(self._strangers)

    @cached_property
    def _similar(self) -> SimilarNames:
        return SimilarNames(tenant.name for tenant in self._all)

    def _one(self, reference: TenantReference, found: list[Tenant]) -> Tenant | None:
        if len(found) > 1:
            raise ambiguous(reference, "tenants", (tenant.uid for tenant in found))
        return found[0] if found else None

    def _not_held(self, reference: TenantReference) -> UnclearReference:
        elsewhere = self._strange_lookup.meant_by(reference)
        if elsewhere and elsewhere[0].integration_id:
            told = f"is held by the integration '{elsewhere[0].integration_name}', not by '{self._integration.name}'"
            return UnclearReference(reference.fault(told, ErrorCode.TENANT_HELD))
        if elsewhere:
            told = f"is not bound; bind it to '{self._integration.name}' first"
            return UnclearReference(reference.fault(told, ErrorCode.TENANT_UNKNOWN))
        name = reference.name or ""
        near = self._similar.to(name) or nearest(name, (tenant.name for tenant in self._all))
        hint = f"; did you mean {either(near)}?" if near else ""
        told = f"is no tenant of '{self._integration.name}'{hint}"
        return UnclearReference(reference.fault(told, ErrorCode.TENANT_UNKNOWN))
