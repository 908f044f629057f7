# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: lists the accounts of the PSA behind an integration, and who is mapped to each. Writes nothing."""

from __future__ import annotations

from typing import Any

from .._domain.account_views import AccountFilter, AccountView, lost_mappings, view_accounts
from .._domain.errors import Fault, InvalidSettings
from .._domain.model import Tenant
from .._domain.tenant_resolution import listed
from .._domain.text import clean_name, cleaned
from .accounts import all_accounts, some_accounts, stored_access
from .context import Context, Options
from .find import required_integration
from .mapping_results import account_result
from .results import integration_result, mapping_result, tenant_result


def list_accounts(context: Context) -> dict[str, Any]:
    """
    List accounts; none matching is no failure.

    :returns: ``accounts, integration, warnings``; and, if all accounts were looked at, ``tenants_without_account,
        lost_mappings, kept_mappings, counts``.
    :raises IntegrationError: see the module ``account_info``.
    """
    options = context.options
    wanted = _filter(options)
    with context.registry.reading() as reader:
        name, integration_id = options.get("integration"), options.get("integration_id")
        integration = required_integration(reader, context.instance, name, integration_id)
        held, kept = reader.tenants_of(integration.id), reader.tenants_kept_in(integration.id)
        access = stored_access(reader, integration)
    account_id = options.get("account_id")
    directory = all_accounts(context, access) if account_id is None else some_accounts(context, access, [account_id])
    views = view_accounts(directory.accounts, held, kept)
    shown = [view for view in views if wanted.shows(view)]
    answer = {
        "changed": False,
        "integration": integration_result(integration),
        "accounts": [_view_result(view) for view in shown],
        "warnings": access.warnings,
    }
    if account_id is not None:
        return answer
    without = [tenant for tenant in held if tenant.account_id is None]
    lost = lost_mappings(directory.accounts, held)
    return {
        **answer,
        "tenants_without_account": [tenant_result(tenant) for tenant in without],
        "lost_mappings": [mapping_result(tenant) for tenant in lost],
        "kept_mappings": [mapping_result(tenant) for tenant in kept],
        "counts": _counts(views, held),
        "warnings": [*access.warnings, *_warnings(lost)],
    }


def _filter(options: Options) -> AccountFilter:
    """
    Read which accounts are asked for.

    :raises InvalidSettings: no account can have this name.
    """
    faults: list[Fault] = []
    name = cleaned(faults, "name", clean_name, options.get("name"))
    if faults:
        raise InvalidSettings(faults)
    return AccountFilter(name, options.get("name_contains"), options.get("active"), options.get("mapped"))


def _view_result(view: AccountView) -> dict[str, Any]:
    return {
        **account_result(view.account),
        "identifiers": list(view.account.identifiers),
        "active": view.account.active,
        "mapped": view.tenant is not None,
        "tenant": tenant_result(view.tenant) if view.tenant else None,
        "kept_for": tenant_result(view.kept_for) if view.kept_for else None,
    }


def _counts(views: list[AccountView], held: list[Tenant]) -> dict[str, int]:
    mapped = sum(1 for view in views if view.tenant)
    return {
        "accounts": len(views),
        "accounts_without_tenant": len(views) - mapped,
        "tenants": len(held),
        "tenants_without_account": sum(1 for tenant in held if tenant.account_id is None),
    }


def _warnings(lost: list[Tenant]) -> list[str]:
    if not lost:
        return []
    names = listed([f"'{tenant.name}'" for tenant in lost])
    return [
        f"{len(lost)} tenants are mapped to accounts that the PSA no longer has; their tickets reach nobody: {names}."
    ]
