# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what has to be done to change the PSA, for the role ``psa_migration``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ._domain.migration_plan import NOT_IN_SECURITY_CENTER, Assignment, MigrationPlan, Side, plan_migration
from ._domain.model import Account, Tenant, TenantKind
from ._domain.open_questions import open_questions

Known = Mapping[str, Any]


def migration_plan(
    old: Known,
    new: Known,
    accounts: Sequence[Known],
    kept: Sequence[Known] = (),
    mappings: Sequence[Any] = (),
    automatic: bool = True,
    move_all: bool = False,
    stale: Collection[str] = (),
) -> dict[str, Any]:
    """
    Compare the integration that clients leave with the one that they go to.

    :param old: as ``integration_info`` returns it, with ``tenants``.
    :param new: the same of the other one.
    :param accounts: of the new PSA, as ``account_info`` returns them.
    :param kept: what it returns as ``kept_mappings``.
    :param mappings: what the user says, as the module ``mapping`` takes it; an open question has no account.
    :param automatic: whether accounts are matched for the others.
    :param move_all: whether clients without an account are moved as well.
    :param stale: identifiers in the registry of virtual servers that Security Center no longer has.
    :returns: ``faults, option, move, map, back, done, left_over, free_accounts, inactive, open_questions``; and as
        identifiers in the registry ``served``, who has an account in the end, and ``waiting``, who has none.
    """
    sides = _side(old), _side(new)
    plan = plan_migration(*sides, accounts, kept, mappings, automatic=automatic, move_all=move_all, stale=stale)
    questions = [item for item in plan.left_over if item.reason != NOT_IN_SECURITY_CENTER]
    answers = [item for item in plan.map if item.by == "list"]
    option = "companies" if new["solution"] == "business_hub" else "virtual_servers"
    return {"option": option, **_shown(plan), "open_questions": open_questions(questions, answers)}


def _side(integration: Known) -> Side:
    tenants = tuple(_tenant(item) for item in integration.get("tenants") or ())
    return Side(integration["name"], integration["platform"], integration["solution"], tenants)


def _tenant(item: Known) -> Tenant:
    account = item.get("account") or {}
    described = item["id"], "", TenantKind(item["kind"]), item["uid"], item["name"]
    return Tenant(*described, account_id=account.get("id"), account_name=account.get("name"))


def _shown(plan: MigrationPlan) -> dict[str, Any]:
    return {
        "faults": plan.faults,
        "move": [_reference(tenant) for tenant in plan.move],
        "map": [_assignment(item) for item in plan.map],
        "back": [{"tenant": _reference(tenant), "account": _shown_account(it)} for tenant, it in plan.back],
        "done": [_reference(tenant) for tenant in plan.done],
        "left_over": [
            {
                "tenant": _reference(item.tenant),
                "candidates": [_shown_account(account) for account in item.candidates],
                "reason": item.reason,
                "moved": item.moved,
            }
            for item in plan.left_over
        ],
        "inactive": [{"tenant": _reference(tenant), "account": _shown_account(it)} for tenant, it in plan.inactive],
        "free_accounts": [_shown_account(account) for account in plan.free],
        "served": [tenant.id for tenant in plan.served],
        "waiting": [item.tenant.id for item in plan.left_over],
    }


def _assignment(item: Assignment) -> dict[str, Any]:
    shown = {"tenant": _reference(item.tenant), "account": _shown_account(item.account), "by": item.by}
    return {**shown, "move_from": {"id": item.instead_of.id}} if item.instead_of else shown


def _reference(tenant: Tenant) -> dict[str, str]:
    return {"uid": tenant.uid, "name": tenant.name} if tenant.uid else {"name": tenant.name}


def _shown_account(account: Account) -> dict[str, str]:
    return {"id": account.id, "name": account.name}
