# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: writes mappings and accounts as modules return them."""

from __future__ import annotations

from typing import Any

from .._domain.mapping_plan import MappingPlan, TenantAccount
from .._domain.model import Account, Tenant
from .results import tenant_result, tenant_title


def account_result(account: Account) -> dict[str, Any]:
    """Write which account it is."""
    return {"id": account.id, "name": account.name}


def mapping_results(plan: MappingPlan) -> dict[str, Any]:
    """Write what becomes of the mappings of a task; each list is valid input for ``mapping``."""
    return {
        "mapped": [_mapping(item) for item in plan.mapped],
        "moved": [_mapping(item) for item in plan.moved],
        "unmapped": [_mapping(item) for item in plan.unmapped],
        "unchanged": [_mapping(item) for item in (*plan.unchanged, *plan.renamed)],
    }


def matching_results(plan: MappingPlan) -> dict[str, Any]:
    """Write what matching has left over, for people to decide."""
    return {
        "ambiguous": [
            {
                "tenant": tenant_result(item.tenant),
                "candidates": [account_result(account) for account in item.candidates],
                "reason": str(item.reason),
            }
            for item in plan.ambiguous
        ],
        "unmatched_tenants": [tenant_result(tenant) for tenant in plan.unmatched_tenants],
        "unmatched_accounts": [account_result(account) for account in plan.unmatched_accounts],
    }


def mapping_diff(plan: MappingPlan) -> dict[str, Any]:
    """Show what the changing tenants are mapped to before and after."""
    begun, ended = (*plan.mapped, *plan.moved, *plan.renamed), plan.unmapped
    before = {tenant_title(item.tenant): _standing(item.tenant) for item in (*begun, *ended)}
    after: dict[str, str | None] = {tenant_title(item.tenant): _shown(item.account) for item in begun}
    after |= {tenant_title(item.tenant): None for item in ended}
    return {"before": {"mapped_to": before}, "after": {"mapped_to": after}}


def _mapping(item: TenantAccount) -> dict[str, Any]:
    result: dict[str, Any] = {"tenant": tenant_result(item.tenant), "account": account_result(item.account)}
    if item.by:
        result["by"] = item.by
    if item.move_from:
        result["move_from"] = account_result(item.move_from)
    return result


def _standing(tenant: Tenant) -> str | None:
    return f"{tenant.account_name} ({tenant.account_id})" if tenant.account_id else None


def _shown(account: Account) -> str:
    return f"{account.name} ({account.id})"
