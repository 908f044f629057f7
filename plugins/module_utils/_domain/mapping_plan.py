# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what mapping tenants to accounts, or ending that, would change.

A mapping is one to one in both directions (product help). Everything is judged before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .account_directory import AccountDirectory
from .account_matching import Ambiguity, match_accounts
from .errors import ErrorCode, Fault, InvalidSettings
from .mapped_tenants import MappedTenants
from .mapping_references import MappingReference
from .model import Account, AccountMapping, Integration, Tenant
from .tenant_resolution import UnclearReference, listed


@dataclass(frozen=True)
class TenantAccount:
    """
    A tenant and the account that it is mapped to, is to be mapped to, or was mapped to.

    :param by: how the account was found, if the task did not name it.
    :param move_from: the account that the tenant is taken away from.
    """

    tenant: Tenant
    account: Account
    by: str | None = None
    move_from: Account | None = None


@dataclass(frozen=True)
class MappingPlan:
    """
    What happens to which mapping.

    :param renamed: mappings that stay, but get the name that the account has now.
    :param ambiguous: tenants that matching leaves to people, with the accounts that each could be.
    :param unmatched_tenants: tenants for which matching has found nothing.
    :param unmatched_accounts: accounts that nobody is mapped to after the task; told by matching.
    """

    integration: Integration
    mapped: tuple[TenantAccount, ...] = ()
    moved: tuple[TenantAccount, ...] = ()
    renamed: tuple[TenantAccount, ...] = ()
    unmapped: tuple[TenantAccount, ...] = ()
    unchanged: tuple[TenantAccount, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()
    unmatched_tenants: tuple[Tenant, ...] = ()
    unmatched_accounts: tuple[Account, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.mapped or self.moved or self.renamed or self.unmapped)

    @property
    def ended(self) -> list[str]:
        """Ids of the tenants whose mapping ends, or is replaced."""
        return [item.tenant.id for item in (*self.unmapped, *self.moved, *self.renamed)]

    @property
    def begun(self) -> list[AccountMapping]:
        """The mappings to write once the others have ended."""
        return [
            AccountMapping(self.integration.id, item.tenant.id, item.account.id, item.account.name)
            for item in (*self.mapped, *self.moved, *self.renamed)
        ]


def settled(references: Iterable[MappingReference], tenants: MappedTenants) -> bool:
    """Tell whether all that is listed is so already; then nobody has to be asked about accounts."""
    for reference in references:
        try:
            tenant = tenants.held(reference.tenant)
        except UnclearReference:
            continue  # refused by the plan, and no answer of the PSA would change that
        if not reference.account or not reference.account.describes(tenant):
            return False
    return True


def plan_mappings(
    integration: Integration,
    references: Sequence[MappingReference],
    tenants: MappedTenants,
    accounts: AccountDirectory,
    *,
    exact: bool,
) -> MappingPlan:
    """
    Tell what has to be done so that the tenants are mapped as listed.

    :param exact: whether all other mappings of the integration end.
    :raises InvalidSettings: every fault at once: ``tenant_held``, ``tenant_unknown``, ``account_taken``,
        ``account_unknown``.
    """
    wishes = _Wishes(tenants, accounts)
    for reference in references:
        wishes.take(reference)
    listed_ids = {item.tenant.id for item in wishes.all}
    ended = [tenant for tenant in tenants.mapped if tenant.id not in listed_ids] if exact else []
    wishes.refuse_taken({tenant.id for tenant in ended})
    if wishes.faults:
        raise InvalidSettings(wishes.faults)
    return MappingPlan(
        integration,
        mapped=tuple(wishes.mapped),
        moved=tuple(wishes.moved),
        renamed=tuple(wishes.renamed),
        unmapped=tuple(_standing(tenant) for tenant in ended),
        unchanged=tuple(wishes.unchanged),
        warnings=_warnings(wishes.mapped + wishes.moved),
    )


def plan_unmapping(
    integration: Integration, references: Sequence[MappingReference], tenants: MappedTenants
) -> MappingPlan:
    """
    Tell what has to be done so that no tenant is mapped as listed. Whom the accounts belong to is not asked.

    :raises InvalidSettings: a name that several tenants have.
    """
    unmapped: list[TenantAccount] = []
    unchanged: list[TenantAccount] = []
    faults: list[Fault] = []
    warnings: list[str] = []
    for reference in references:
        try:
            tenant = tenants.of_integration(reference.tenant)
        except UnclearReference as unclear:
            faults.append(unclear.fault)
            continue
        if tenant is None:
            warnings += tenants.doubt(reference.tenant)
        elif reference.account is None or reference.account.means(tenant):
            unmapped.append(_standing(tenant))
        else:
            unchanged.append(_standing(tenant))
    if faults:
        raise InvalidSettings(faults)
    return MappingPlan(integration, unmapped=tuple(unmapped), unchanged=tuple(unchanged), warnings=tuple(warnings))


def plan_matching(integration: Integration, tenants: MappedTenants, accounts: AccountDirectory) -> MappingPlan:
    """Tell which tenants that have no account yet can safely be mapped to which free account; all others stay."""
    taken = {tenant.account_id for tenant in (*tenants.mapped, *tenants.kept)}
    free = [account for account in accounts.accounts if account.id not in taken]
    matches = match_accounts(tenants.unmapped, free)
    return MappingPlan(
        integration,
        mapped=tuple(TenantAccount(match.tenant, match.account, str(match.by)) for match in matches.matched),
        unchanged=tuple(_standing(tenant) for tenant in tenants.mapped),
        ambiguous=tuple(matches.ambiguous),
        unmatched_tenants=tuple(matches.unmatched_tenants),
        unmatched_accounts=tuple(matches.unmatched_accounts),
    )


class _Wishes:
    """Sorts the entries of a task by what they change, and collects what is wrong with them."""

    def __init__(self, tenants: MappedTenants, accounts: AccountDirectory) -> None:
        self._tenants = tenants
        self._accounts = accounts
        self._places: dict[str, MappingReference] = {}
        self.mapped: list[TenantAccount] = []
        self.moved: list[TenantAccount] = []
        self.renamed: list[TenantAccount] = []
        self.unchanged: list[TenantAccount] = []
        self.faults: list[Fault] = []

    @property
    def all(self) -> list[TenantAccount]:
        """Every entry that could be read."""
        return [*self.mapped, *self.moved, *self.renamed, *self.unchanged]

    def take(self, reference: MappingReference) -> None:
        """Judge one entry against the tenant that it is about and the account that it names."""
        try:
            tenant = self._tenants.held(reference.tenant)
            self._places[tenant.id] = reference
            account = self._account(reference, tenant)
        except UnclearReference as unclear:
            self.faults.append(unclear.fault)
            return
        if tenant.account_id is None:
            self.mapped.append(TenantAccount(tenant, account))
        elif tenant.account_id == account.id:
            renamed = tenant.account_name != account.name
            (self.renamed if renamed else self.unchanged).append(TenantAccount(tenant, account))
        else:
            self._move(reference, tenant, account)

    def refuse_taken(self, ended: set[str]) -> None:
        """
        Refuse accounts that somebody else is mapped to, before this task or by it.

        :param ended: ids of the tenants whose mappings end.
        """
        leaving = ended | {item.tenant.id for item in self.moved}
        holders = {
            tenant.account_id: tenant
            for tenant in (*self._tenants.mapped, *self._tenants.kept)
            if tenant.id not in leaving
        }
        for item in self.all:
            holder = holders.setdefault(item.account.id, item.tenant)
            if holder.id != item.tenant.id:
                self._refuse_account(item, holder)

    def _account(self, reference: MappingReference, tenant: Tenant) -> Account:
        wanted = reference.account
        if wanted and wanted.describes(tenant):
            return _account_of(tenant)
        if wanted is None:
            raise UnclearReference(Fault(f"{reference.option}.account", "is required"))
        return self._accounts.meant(wanted)

    def _move(self, reference: MappingReference, tenant: Tenant, account: Account) -> None:
        if reference.move_from and reference.move_from.means(tenant):
            self.moved.append(TenantAccount(tenant, account, move_from=_account_of(tenant)))
            return
        standing = f"{tenant.account_name!r} ({tenant.account_id})"
        told = (
            f"is mapped to the account {standing}; to map it to another one, name that account: "
            f"move_from: {{id: {tenant.account_id!r}}}"
        )
        self.faults.append(Fault(reference.option, told, ErrorCode.TENANT_HELD, tenant.name))

    def _refuse_account(self, item: TenantAccount, holder: Tenant) -> None:
        reference = self._places[item.tenant.id]
        told = f"the account {item.account.name!r} ({item.account.id}) {self._tenants.why_taken(holder, self._places)}"
        self.faults.append(Fault(f"{reference.option}.account", told, ErrorCode.ACCOUNT_TAKEN, item.tenant.name))


def _account_of(tenant: Tenant) -> Account:
    return Account(tenant.account_id or "", tenant.account_name or "")


def _standing(tenant: Tenant) -> TenantAccount:
    return TenantAccount(tenant, _account_of(tenant))


def _warnings(begun: Iterable[TenantAccount]) -> tuple[str, ...]:
    inactive = [f"{item.account.name!r} ({item.account.id})" for item in begun if item.account.active is False]
    if not inactive:
        return ()
    return (f"{len(inactive)} of the accounts are not active in the PSA: {listed(inactive)}.",)
