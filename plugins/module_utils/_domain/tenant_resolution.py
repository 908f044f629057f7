# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what the entries of a task turn out to mean, as far as every kind of tenant has it in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .errors import ErrorCode, Fault
from .model import Tenant
from .tenant_references import TenantReference

MOST_LISTED = 10


@dataclass(frozen=True)
class KnownTenants:
    """
    What the registry knows about the tenants that a task means.

    :param found: every tenant with one of the meant uids or names.
    :param held: the tenants that the integration holds, where all of them matter.
    :param names: names of all tenants of the instance, where a near match is looked for.
    """

    found: tuple[Tenant, ...] = ()
    held: tuple[Tenant, ...] = ()
    names: tuple[str, ...] = ()


@dataclass
class Resolution:
    """
    What the entries of a task mean.

    :param known: tenants of the registry, in the form that they are to have.
    :param added: tenants that are new to the registry.
    :param described: known tenants that get another name or uid, in their old and their new form.
    :param options: where each tenant stands in the task, by its id.
    """

    known: list[Tenant] = field(default_factory=list)
    added: list[Tenant] = field(default_factory=list)
    described: list[tuple[Tenant, Tenant]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    _uids: dict[str, str] = field(default_factory=dict)

    def take(self, reference: TenantReference, tenant: Tenant, described: Tenant) -> None:
        """Mean a known tenant, and say how it is to be described; refuses one that another entry means as well."""
        if self._is_first(reference, described):
            self.known.append(described)
            if described != tenant:
                self.described.append((tenant, described))

    def add(self, reference: TenantReference, tenant: Tenant) -> None:
        """Mean a tenant that the registry does not know yet; refuses one that another entry means as well."""
        if self._is_first(reference, tenant):
            self.added.append(tenant)

    def refuse(self, reference: TenantReference, told: str, code: ErrorCode = ErrorCode.TENANT_UNKNOWN) -> None:
        """Refuse an entry."""
        self.faults.append(reference.fault(told, code))

    def _is_first(self, reference: TenantReference, tenant: Tenant) -> bool:
        other = self.options.get(tenant.id) or self._uids.get(tenant.uid or "")
        if other is not None:
            told = f"means the same tenant as {other}: '{tenant.name}'"
            self.refuse(reference, told, ErrorCode.INVALID_SETTINGS)
            return False
        self.options[tenant.id] = reference.option
        if tenant.uid:
            self._uids[tenant.uid] = reference.option
        return True


class UnclearReference(Exception):
    """An entry cannot mean one tenant of the instance, or one account of the PSA."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class TenantIndex:
    """
    The known tenants by uid and by name.

    :param instance: the one of the task; of the others, only the uids count.
    """

    def __init__(self, instance: str, known: Iterable[Tenant]) -> None:
        self._instance = instance
        self._by_uid: dict[str, Tenant] = {}
        self._by_name: dict[str, list[Tenant]] = {}
        for tenant in known:
            if tenant.uid:
                self._by_uid[tenant.uid] = tenant
            if tenant.instance == instance:
                self._by_name.setdefault(tenant.name, []).append(tenant)

    def named(self, name: str | None) -> list[Tenant]:
        """Find the tenants of the instance that have a name."""
        return self._by_name.get(name or "", [])

    def identified(self, reference: TenantReference, uid: str) -> Tenant | None:
        """
        Find the tenant with a uid.

        :param reference: where it is meant.
        :raises UnclearReference: it is another instance's.
        """
        tenant = self._by_uid.get(uid)
        if tenant and tenant.instance != self._instance:
            told = f"belongs to the instance '{tenant.instance}', the integration to '{self._instance}'"
            raise UnclearReference(reference.fault(told, ErrorCode.INSTANCE_MISMATCH))
        return tenant


def ambiguous(reference: TenantReference, what: str, uids: Iterable[str | None]) -> UnclearReference:
    """
    Refuse a name that several tenants have.

    :param what: they are, for the message.
    """
    shown = [str(uid or "without one") for uid in uids]
    told = f"is the name of {len(shown)} {what}; say which one by its identifier: {listed(shown)}"
    return UnclearReference(reference.fault(told, ErrorCode.TENANT_UNKNOWN))


def listed(texts: Sequence[str]) -> str:
    """Write a list for a message; of a long one, the beginning and how many more there are."""
    more = f" and {len(texts) - MOST_LISTED} more" if len(texts) > MOST_LISTED else ""
    return f"{', '.join(texts[:MOST_LISTED])}{more}"
