# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: maps tenants of an integration to accounts of its PSA, by a list or by their names, or ends that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._domain.account_directory import AccountDirectory
from .._domain.errors import Fault, InvalidSettings
from .._domain.mapped_tenants import MappedTenants
from .._domain.mapping_plan import MappingPlan, plan_mappings, plan_matching, plan_unmapping, settled
from .._domain.mapping_references import MappingReference, mapping_references
from .._domain.model import TENANT_KINDS, Integration, Tenant
from .._storage.reader import Reader
from .._storage.writer import Writer
from .accounts import StoredAccess, all_accounts, some_accounts, stored_access
from .context import Context, Options
from .find import required_integration
from .history import history_entry
from .mapping_results import mapping_diff, mapping_results, matching_results
from .operation import Operation
from .results import integration_result

# Above this, one listing costs less than so many single requests.
_MOST_ASKED_ONE_BY_ONE = 5


@dataclass(frozen=True)
class MappingSnapshot:
    """
    All that mappings depend on.

    :param references: the entries of the task, read.
    :param held: the tenants that the integration holds.
    :param kept: those that it does not hold and keeps a mapping for.
    :param strangers: other tenants that the task may mean by mistake.
    """

    integration: Integration
    references: tuple[MappingReference, ...]
    held: tuple[Tenant, ...]
    kept: tuple[Tenant, ...]
    strangers: tuple[Tenant, ...]
    access: StoredAccess

    @property
    def tenants(self) -> MappedTenants:
        """The tenants, ready to be searched."""
        return MappedTenants(self.integration, self.held, self.kept, self.strangers)


class MapAccounts(Operation[MappingSnapshot, MappingPlan]):
    """The module ``mapping``."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._state = str(context.options.get("state") or "present")
        self.matches = context.options.get("match") is not None
        self._accounts: AccountDirectory | None = None

    def read(self, reader: Reader) -> MappingSnapshot:
        """Read the integration, its tenants and all its mappings."""
        options = self.context.options
        name, integration_id = options.get("integration"), options.get("integration_id")
        integration = required_integration(reader, self.context.instance, name, integration_id)
        references = mapping_references(options, integration)
        held = tuple(reader.tenants_of(integration.id))
        return MappingSnapshot(
            integration=integration,
            references=references,
            held=held,
            kept=tuple(reader.tenants_kept_in(integration.id)),
            strangers=tuple(_strangers(reader, integration, references, held)),
            access=stored_access(reader, integration),
        )

    def discover(self, snapshot: MappingSnapshot) -> bool:
        """Ask the PSA once for its accounts, unless all is as it should be, or mappings only end."""
        if self._accounts or not self._has_to_ask(snapshot):
            return False
        wanted = [reference.account for reference in snapshot.references if reference.account]
        ids = [account.id for account in wanted if account.id]
        if not self.matches and len(ids) == len(wanted) <= _MOST_ASKED_ONE_BY_ONE:
            self._accounts = some_accounts(self.context, snapshot.access, ids)
        else:
            self._accounts = all_accounts(self.context, snapshot.access)
        return True

    def plan(self, snapshot: MappingSnapshot) -> MappingPlan:
        """Judge every entry before anything is written."""
        integration, tenants = snapshot.integration, snapshot.tenants
        accounts = self._accounts or AccountDirectory(())
        if self.matches:
            return plan_matching(integration, tenants, accounts)
        if self._state == "absent":
            return plan_unmapping(integration, snapshot.references, tenants)
        return plan_mappings(integration, snapshot.references, tenants, accounts, exact=self._state == "exact")

    def basis(self, snapshot: MappingSnapshot) -> object:
        """Leave out what does not concern the listed tenants: many hosts may map theirs at the same time."""
        everybody = (*snapshot.held, *snapshot.kept)
        if not self.matches and self._state != "exact":
            everybody = self._concerned(snapshot, everybody)
        return snapshot.integration.id, everybody

    def apply(self, writer: Writer, snapshot: MappingSnapshot, plan: MappingPlan) -> None:
        """Write all mappings, or none."""
        writer.remove_mappings(plan.integration.id, plan.ended)
        writer.add_mappings(plan.begun)
        counts = {"mapped": len(plan.mapped), "moved": len(plan.moved), "unmapped": len(plan.unmapped)}
        summary = {**counts, **({"renamed": len(plan.renamed)} if plan.renamed else {})}
        integration = plan.integration
        now = datetime.now(UTC)
        entry = history_entry(self.context, now, "mappings_changed", integration.id, integration.name, summary)
        writer.add_history(entry)

    @property
    def has_asked(self) -> bool:
        """Whether the PSA was asked."""
        return self._accounts is not None

    def _has_to_ask(self, snapshot: MappingSnapshot) -> bool:
        if self.matches:
            return True
        return self._state != "absent" and not settled(snapshot.references, snapshot.tenants)

    def _concerned(self, snapshot: MappingSnapshot, tenants: tuple[Tenant, ...]) -> tuple[Tenant, ...]:
        """Choose the tenants that are listed, or have an account that somebody else is to get."""
        named = {reference.tenant.name for reference in snapshot.references}
        identified = {reference.tenant.uid for reference in snapshot.references if reference.tenant.uid}
        accounts = self._wanted_account_ids(snapshot)
        return tuple(
            tenant
            for tenant in tenants
            if tenant.name in named or tenant.uid in identified or tenant.account_id in accounts
        )

    def _wanted_account_ids(self, snapshot: MappingSnapshot) -> set[str]:
        wanted = [reference.account for reference in snapshot.references if reference.account]
        named = self._accounts.accounts if self._accounts else []
        names = {account.name for account in wanted if account.id is None}
        return {account.id for account in wanted if account.id} | {item.id for item in named if item.name in names}


def map_accounts(context: Context) -> dict[str, Any]:
    """
    Make tenants be mapped to accounts as the task says.

    :returns: ``changed, mapped, moved, unmapped, unchanged, integration, diff, warnings``; and ``ambiguous,
        unmatched_tenants, unmatched_accounts``, if accounts were matched.
    :raises IntegrationError: see the module ``mapping``; nothing was changed then.
    """
    _refuse_other_states(context.options)
    operation = MapAccounts(context)
    snapshot, plan = operation.run()
    return {
        "changed": plan.changed,
        **mapping_results(plan),
        **(matching_results(plan) if operation.matches else {}),
        "integration": integration_result(plan.integration),
        "diff": mapping_diff(plan),
        "warnings": [*(snapshot.access.warnings if operation.has_asked else ()), *plan.warnings],
    }


def _refuse_other_states(options: Options) -> None:
    """
    Refuse to end what nobody has listed.

    :raises InvalidSettings: accounts are to be matched, and the state is not ``present``.
    """
    state = options.get("state") or "present"
    if options.get("match") and state != "present":
        raise InvalidSettings([Fault("state", "must be present with match: automatic, which never ends a mapping")])


def _strangers(
    reader: Reader, integration: Integration, references: tuple[MappingReference, ...], held: tuple[Tenant, ...]
) -> list[Tenant]:
    """Find what is meant and not held, to say where it is."""
    known = {tenant.uid for tenant in held} | {tenant.name for tenant in held}
    strange = [item.tenant for item in references if (item.tenant.uid or item.tenant.name) not in known]
    kind, instance = TENANT_KINDS[integration.solution], integration.instance
    return [
        *reader.tenants_by_uid(kind, instance, [tenant.uid for tenant in strange if tenant.uid]),
        *reader.tenants_by_name(kind, instance, [tenant.name for tenant in strange if tenant.name and not tenant.uid]),
    ]
