# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: accounts of the PSA beside the tenants that are mapped to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .model import Account, Tenant


@dataclass(frozen=True)
class AccountView:
    """
    An account and who is mapped to it.

    :param tenant: the one that the integration holds.
    :param kept_for: one that the integration holds no more, and whose mapping is kept for its return.
    """

    account: Account
    tenant: Tenant | None
    kept_for: Tenant | None


@dataclass(frozen=True)
class AccountFilter:
    """
    Which accounts are shown; what is nothing does not count.

    :param name_contains: part of the name, whatever its case.
    """

    name: str | None = None
    name_contains: str | None = None
    active: bool | None = None
    mapped: bool | None = None

    def shows(self, view: AccountView) -> bool:
        """Tell whether an account fits all that is asked for."""
        account = view.account
        return (
            (self.name is None or self.name == account.name)
            and (self.name_contains is None or self.name_contains.casefold() in account.name.casefold())
            and (self.active is None or self.active is account.active)
            and (self.mapped is None or self.mapped is (view.tenant is not None))
        )


def view_accounts(accounts: Iterable[Account], held: Iterable[Tenant], kept: Iterable[Tenant]) -> list[AccountView]:
    """
    Put accounts and tenants together.

    :param held: tenants that the integration holds.
    :param kept: tenants that it holds no more, with the accounts that are kept for them.
    :returns: each account once, by name.
    """
    tenants = {tenant.account_id: tenant for tenant in held if tenant.account_id}
    waiting = {tenant.account_id: tenant for tenant in kept}
    views = [AccountView(account, tenants.get(account.id), waiting.get(account.id)) for account in accounts]
    # Sorted here: each PSA has an order of its own.
    return sorted(views, key=lambda view: (view.account.name, view.account.id))


def lost_mappings(accounts: Iterable[Account], held: Iterable[Tenant]) -> list[Tenant]:
    """
    Find tenants whose account is no longer there, so that nobody would get their tickets.

    :param accounts: all accounts of the PSA.
    """
    known = {account.id for account in accounts}
    return [tenant for tenant in held if tenant.account_id is not None and tenant.account_id not in known]
