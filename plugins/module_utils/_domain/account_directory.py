# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the accounts that a PSA has told of, and which of them is meant."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from .errors import ErrorCode, Fault
from .mapping_references import AccountReference
from .model import Account
from .similar_names import SimilarNames
from .tenant_resolution import UnclearReference, listed
from .text import either, nearest


class AccountDirectory:
    """
    Accounts by identifier and by name.

    :param accounts: as the PSA told of them, each once.
    :param complete: whether these are all that there are; near matches make sense only then.
    """

    def __init__(self, accounts: Iterable[Account], *, complete: bool = True) -> None:
        self._by_id = {account.id: account for account in accounts}
        self._complete = complete
        self._by_name: dict[str, list[Account]] = {}
        for account in self._by_id.values():
            self._by_name.setdefault(account.name, []).append(account)

    @property
    def accounts(self) -> list[Account]:
        """All of them."""
        return list(self._by_id.values())

    def meant(self, reference: AccountReference) -> Account:
        """
        Find the account that is meant.

        :raises UnclearReference: none is, or several could be.
        """
        if reference.id is not None:
            return self._identified(reference, reference.id)
        named = self._by_name.get(reference.name or "", [])
        if len(named) > 1:
            ids = listed([account.id for account in named])
            raise _unclear(reference, f"is the name of {len(named)} accounts; say which one by its id: {ids}")
        if not named:
            near = self._near(reference.name or "")
            raise _unclear(reference, f"no account is called so{f'; did you mean {either(near)}?' if near else ''}")
        return named[0]

    def _identified(self, reference: AccountReference, account_id: str) -> Account:
        account = self._by_id.get(account_id)
        if account is None:
            raise _unclear(reference, f"no account has the id {account_id!r}")
        if reference.name not in (None, account.name):
            told = f"the account {account_id!r} is called {account.name!r}, not {reference.name!r}: correct one of them"
            raise _unclear(reference, told)
        return account

    def _near(self, name: str) -> list[str]:
        """Typing errors first; where there is none, whatever is spelled most alike."""
        return (self._similar.to(name) or nearest(name, self._by_name)) if self._complete else []

    @cached_property
    def _similar(self) -> SimilarNames:
        return SimilarNames(self._by_name)


def _unclear(reference: AccountReference, told: str) -> UnclearReference:
    return UnclearReference(Fault(reference.option, told, ErrorCode.ACCOUNT_UNKNOWN, reference.title))
