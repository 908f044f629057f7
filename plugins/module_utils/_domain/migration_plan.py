# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what has to be done to move the tenants of one integration to another one, of another platform.

A client is moved only with the account that gets its tickets from then on. Who has none stays where tickets still go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .account_directory import AccountDirectory
from .account_matching import Ambiguity, Doubt, match_accounts
from .mapping_references import MappingReference, readable_mapping_references
from .model import Account, Tenant, TenantKind
from .tenant_lookup import TenantLookup
from .tenant_resolution import UnclearReference

Known = Mapping[str, Any]

NOT_IN_SECURITY_CENTER = "not_in_security_center"
QUESTION_KEYS = {"tenant", "account", "candidates", "reason", "moved"}


@dataclass(frozen=True)
class Side:
    """
    One of the two integrations, as ``integration_info`` returns it with its tenants.

    :param tenants: those that it holds.
    """

    name: str
    platform: str
    solution: str
    tenants: tuple[Tenant, ...]


@dataclass(frozen=True)
class LeftOver:
    """
    A tenant without an account on the new side.

    :param moved: whether an earlier run has moved it already, or the user wants it moved nevertheless.
    """

    tenant: Tenant
    candidates: tuple[Account, ...]
    reason: str
    moved: bool


@dataclass(frozen=True)
class Assignment:
    """
    A tenant and the account that it gets on the new side.

    :param by: ``list``, or as matching says.
    :param instead_of: the account that it was mapped to there, and that is gone.
    """

    tenant: Tenant
    account: Account
    by: str
    instead_of: Account | None = None


@dataclass
class MigrationPlan:
    """
    What is to be done, and what is wrong.

    :param faults: sentences for people; with any of them nothing is moved.
    :param move: tenants that the new integration takes over.
    :param map: who gets which account.
    :param back: tenants whose account on the new side was kept for their return.
    :param done: tenants that the new integration holds already, with an account.
    :param left_over: tenants for which people have to choose an account.
    :param free: accounts that nobody gets.
    :param inactive: who has an account that is inactive in the new PSA.
    """

    faults: list[str] = field(default_factory=list)
    move: list[Tenant] = field(default_factory=list)
    map: list[Assignment] = field(default_factory=list)
    back: list[tuple[Tenant, Account]] = field(default_factory=list)
    done: list[Tenant] = field(default_factory=list)
    left_over: list[LeftOver] = field(default_factory=list)
    free: list[Account] = field(default_factory=list)
    inactive: list[tuple[Tenant, Account]] = field(default_factory=list)

    @property
    def served(self) -> list[Tenant]:
        """The tenants that have an account on the new side in the end."""
        return [*(item.tenant for item in self.map), *(tenant for tenant, _account in self.back), *self.done]


def plan_migration(
    old: Side,
    new: Side,
    accounts: Sequence[Known],
    kept: Sequence[Known],
    mappings: Sequence[Any],
    *,
    automatic: bool,
    move_all: bool,
    stale: Collection[str] = (),
) -> MigrationPlan:
    """
    Compare both sides, and find an account for every tenant.

    :param accounts: of the new PSA, as ``account_info`` returns them.
    :param kept: mappings that the new integration keeps for a return, as ``account_info`` returns them.
    :param mappings: what the user says; an entry without an account is a question that is still open.
    :param automatic: whether accounts are matched for those of whom the user says nothing.
    :param move_all: whether tenants without an account are moved as well.
    :param stale: identifiers of the virtual servers that Security Center no longer has.
    """
    planning = _Planning(old, new, accounts, kept)
    planning.refuse_what_is_no_migration()
    planning.leave_what_is_stale(stale)
    planning.take_what_is_done()
    planning.take_list(mappings)
    planning.match(automatic=automatic)
    planning.settle(move_all=move_all)
    return planning.plan


class _Planning:
    """One comparison; each step leaves to the next what it has not decided."""

    def __init__(self, old: Side, new: Side, accounts: Sequence[Known], kept: Sequence[Known]) -> None:
        self._old, self._new = old, new
        self._there = {tenant.id for tenant in new.tenants}
        self._open = {tenant.id: tenant for tenant in (*old.tenants, *new.tenants)}
        self._accounts = {item["id"]: _account(item) for item in accounts}
        self._taken: dict[str, Tenant | None] = {
            item["id"]: None for item in accounts if item.get("tenant") or item.get("kept_for")
        }
        self._kept = {_key(item["tenant"]): _account(item["account"]) for item in kept}
        # Mapped on the new side to accounts that are no longer there.
        self._gone: dict[str, Account] = {}
        self._doubts: dict[str, Ambiguity] = {}
        self._stale: list[Tenant] = []
        self.plan = MigrationPlan()

    def refuse_what_is_no_migration(self) -> None:
        """Refuse two integrations between which nobody changes the PSA."""
        if self._old.platform == self._new.platform:
            self._fault(
                f"'{self._old.name}' and '{self._new.name}' are both of the platform {self._old.platform}; to move "
                "clients between them, use msp.kaspersky.binding with move_from"
            )
        if self._old.solution != self._new.solution:
            told = f"from {self._old.solution}, '{self._new.name}' from {self._new.solution}"
            self._fault(f"'{self._old.name}' starts {told}: no client can be in both")

    def leave_what_is_stale(self, stale: Collection[str]) -> None:
        """Leave where they are those that nobody can take over, so that they hold up nobody else."""
        gone = {*stale} - self._there
        self._stale = [self._open.pop(tenant_id) for tenant_id in [*self._open] if tenant_id in gone]

    def take_what_is_done(self) -> None:
        """Set aside who has an account on the new side: there already, or kept for a return."""
        for tenant in list(self._open.values()):
            account = self._standing(tenant)
            if account is None:
                continue
            if account.id not in self._accounts:
                self._gone[tenant.id] = account
            elif tenant.id in self._there:
                self.plan.done.append(self._open.pop(tenant.id))
            else:
                self.plan.back.append((self._open.pop(tenant.id), account))

    def take_list(self, mappings: Sequence[Any]) -> None:
        """Take what the user says of a tenant and its account."""
        given = {index: entry for index, entry in enumerate(mappings) if not _is_open_question(entry)}
        kind = TenantKind.COMPANY if self._is_hub else TenantKind.VIRTUAL_SERVER
        references, faults = readable_mapping_references(given, kind)
        self.plan.faults += [f"psa_migration_mappings: {fault.place}: {fault.message}" for fault in faults]
        directory, index = AccountDirectory(self._accounts.values()), TenantLookup(self._open.values())
        finished = {
            tenant.id: replace(tenant, account_id=account.id, account_name=account.name)
            for tenant, account in self.plan.back
        } | {tenant.id: tenant for tenant in self.plan.done}
        lookup = TenantLookup(finished.values())
        for reference in references:
            self._take_entry(reference, directory, self._meant(reference, index, lookup))

    def match(self, *, automatic: bool) -> None:
        """Find accounts for the others; who has lost one is left to people, lest another one takes its place."""
        if not automatic:
            return
        free = [account for account in self._accounts.values() if account.id not in self._taken]
        matches = match_accounts(self._open.values(), free)
        self._doubts = {doubt.tenant.id: doubt for doubt in matches.ambiguous}
        for match in matches.matched:
            if match.tenant.id in self._gone:
                self._doubts[match.tenant.id] = Ambiguity(match.tenant, (match.account,), Doubt.CONTRADICTION)
            else:
                self._give(match.tenant, match.account, str(match.by))

    def settle(self, *, move_all: bool) -> None:
        """Say who moves, and who is left over."""
        plan = self.plan
        for tenant in _sorted(self._open.values()):
            moved = tenant.id in self._there or move_all
            plan.left_over.append(LeftOver(tenant, *self._doubt_of(tenant), moved))
        plan.left_over += [LeftOver(tenant, (), NOT_IN_SECURITY_CENTER, False) for tenant in _sorted(self._stale)]
        going = [*plan.served, *(item.tenant for item in plan.left_over if item.moved)]
        plan.move = _sorted(tenant for tenant in going if tenant.id not in self._there)
        plan.free = [account for account in self._accounts.values() if account.id not in self._taken]
        plan.inactive = [
            (tenant, self._accounts[account_id])
            for tenant, account_id in self._given()
            if self._accounts[account_id].active is False
        ]

    def _given(self) -> list[tuple[Tenant, str]]:
        """Tell which account everybody has in the end."""
        plan = self.plan
        mapped = [(item.tenant, item.account.id) for item in plan.map]
        back = [(tenant, account.id) for tenant, account in plan.back]
        return [*mapped, *back, *((tenant, str(tenant.account_id)) for tenant in plan.done)]

    @property
    def _is_hub(self) -> bool:
        return self._new.solution == "business_hub"

    def _take_entry(self, reference: MappingReference, directory: AccountDirectory, tenant: Tenant | None) -> None:
        if tenant is None or reference.account is None:
            return
        if tenant.id not in self._open:
            self._fault(
                f"psa_migration_mappings: {reference.tenant.place}: {tenant.name!r} has an entry before this one"
            )
            return
        try:
            account = directory.meant(reference.account)
        except UnclearReference as unclear:
            self._fault(f"psa_migration_mappings: {unclear.fault.place}: {unclear.fault.message}")
            return
        if account.id in self._taken:
            holder = self._taken[account.id]
            whose = f"{holder.name!r} as well" if holder else "another client already"
            told = f"{reference.option} ({tenant.name!r}): the account {account.name!r} ({account.id}) is for {whose}"
            self._fault(f"psa_migration_mappings: {told}")
            return
        self._give(tenant, account, "list")

    def _standing(self, tenant: Tenant) -> Account | None:
        """Tell what a tenant is mapped to on the new side, or would be once it returns."""
        if tenant.id not in self._there:
            return self._kept.get((tenant.uid, tenant.name))
        return Account(tenant.account_id, tenant.account_name or "") if tenant.account_id else None

    def _doubt_of(self, tenant: Tenant) -> tuple[tuple[Account, ...], str]:
        doubt = self._doubts.get(tenant.id)
        reason = str(doubt.reason) if doubt else "no_account"
        return (doubt.candidates if doubt else ()), "account_gone" if tenant.id in self._gone else reason

    def _meant(self, reference: MappingReference, index: TenantLookup, finished: TenantLookup) -> Tenant | None:
        """Find the tenant of an entry; one that is done as the entry says needs nothing more."""
        found = index.meant_by(reference.tenant)
        if len(found) == 1:
            return found[0]
        for tenant in () if found else finished.meant_by(reference.tenant):
            if reference.account and not reference.account.means(tenant):
                self._fault(f"psa_migration_mappings: {reference.tenant.place}: {self._contradiction(tenant)}")
            return None
        if not found and TenantLookup(self._stale).meant_by(reference.tenant):
            return None
        told = f"is the name of {len(found)} clients: give the uid" if found else "is no client of either integration"
        self._fault(f"psa_migration_mappings: {reference.tenant.place}: {told}")
        return None

    def _contradiction(self, tenant: Tenant) -> str:
        account = f"{tenant.account_name!r} ({tenant.account_id})"
        if tenant.id in self._there:
            return (
                f"is mapped to {account} on the new side already; correct that with msp.kaspersky.mapping and move_from"
            )
        return f"{account} is kept for its return; end that first, with msp.kaspersky.mapping and state: absent"

    def _give(self, tenant: Tenant, account: Account, by: str) -> None:
        self._taken[account.id] = tenant
        del self._open[tenant.id]
        self.plan.map.append(Assignment(tenant, account, by, self._gone.get(tenant.id)))

    def _fault(self, told: str) -> None:
        self.plan.faults.append(told)


def _is_open_question(entry: Any) -> bool:
    """Tell whether an entry is one of those that are written down without an account, and left like that."""
    return isinstance(entry, Mapping) and entry.get("account") in (None, "") and entry.keys() <= QUESTION_KEYS


def _key(tenant: Known) -> tuple[Any, Any]:
    return tenant.get("uid"), tenant.get("name")


def _account(item: Known) -> Account:
    return Account(item["id"], item["name"], tuple(item.get("identifiers") or ()), item.get("active"))


def _sorted(tenants: Iterable[Tenant]) -> list[Tenant]:
    return sorted(tenants, key=lambda tenant: (tenant.name, tenant.uid or ""))
