# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: asks the PSA behind an integration for its accounts, reading only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from .._domain.account_directory import AccountDirectory
from .._domain.errors import IntegrationError
from .._domain.model import Account, Integration
from .._domain.platforms import Platform, stored_platform
from .._domain.progress import Progress
from .._remote.verification import Access
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .verify import access_to, certificate_warnings, patience_of

Found = TypeVar("Found")


@dataclass(frozen=True)
class StoredAccess:
    """What is needed to ask the PSA behind an integration: its settings, and which version of its secrets is valid."""

    integration: Integration
    record: RegistryRecord
    secret: SecretRecord | None

    @property
    def platform(self) -> Platform:
        """Which PSA it is."""
        return stored_platform(self.integration.platform, self.integration.name)

    @property
    def warnings(self) -> list[str]:
        """What to know about how it is asked."""
        return certificate_warnings(self.platform, self.integration.settings)


def stored_access(reader: Reader, integration: Integration) -> StoredAccess:
    """Read what is needed to ask the PSA behind an integration."""
    return StoredAccess(integration, reader.registry(), reader.current_secret(integration.id))


def all_accounts(context: Context, stored: StoredAccess) -> AccountDirectory:
    """
    List the accounts of the PSA.

    :raises IntegrationError: the PSA refuses or cannot be reached, or the secrets cannot be opened.
    """
    from .._remote import connectors  # for tasks that ask somebody

    def ask(access: Access) -> AccountDirectory:
        progress = Progress("read", "accounts", None, context.tell)
        accounts: list[Account] = []
        for account in connectors.list_accounts(stored.platform, access):
            accounts.append(account)
            progress.reached(len(accounts))
        return AccountDirectory(accounts)

    return _asked(context, stored, ask)


def some_accounts(context: Context, stored: StoredAccess, account_ids: Iterable[str]) -> AccountDirectory:
    """
    Find accounts by their identifiers, each with a request of its own.

    :raises IntegrationError: as :func:`all_accounts` does.
    """
    from .._remote import connectors  # for tasks that ask somebody

    wanted = list(dict.fromkeys(account_ids))

    def ask(access: Access) -> AccountDirectory:
        found = (connectors.find_account(stored.platform, access, account_id) for account_id in wanted)
        return AccountDirectory((account for account in found if account), complete=False)

    return _asked(context, stored, ask)


def _asked(context: Context, stored: StoredAccess, ask: Callable[[Access], Found]) -> Found:
    """Ask with the stored credentials, again and again while they are refused and the task has patience."""
    from .._remote.connectors import is_refusal  # for tasks that ask somebody

    secrets = context.vault.open(stored.record, stored.integration, stored.secret)
    access = access_to(context, stored.platform, stored.integration.settings, secrets)
    patience = patience_of(context.options)
    for _attempt in range(patience.retries):
        try:
            return ask(access)
        except IntegrationError as error:
            if not is_refusal(error):
                raise
            time.sleep(patience.delay)
    return ask(access)
