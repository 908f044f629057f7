# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts (client companies) that Tigerpaw knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NAMES = (
    "Müller & Söhne GmbH",
    'O\'Brien "Net" Services',
    "<b>Bold</b> Networks",
    "{{ 7 * 7 }} Templates Ltd",
    "Zażółć Gęślą Jaźń S.A.",
    "東京システム株式会社",
)


@dataclass
class Account:
    """One account."""

    number: int
    name: str
    type: str = "Customer"
    status: str = "Active"

    def as_answer(self) -> dict[str, Any]:
        """Return the account as the REST API writes it."""
        return {
            "AccountNumber": self.number,
            "Account": {"Name": self.name, "AccountType": self.type, "Status": self.status},
        }


def default_accounts() -> list[Account]:
    """Return the accounts of a fresh sandbox: some with difficult names, one inactive, enough for several pages."""
    names = [*NAMES, *(f"Client {number:02}" for number in range(len(NAMES) + 1, 43))]
    return [
        Account(number=1000 + position, name=name, status="Inactive" if position == len(names) else "Active")
        for position, name in enumerate(names, start=1)
    ]


SEARCHED: dict[str, Callable[[Account], str]] = {
    "AccountName": lambda account: account.name,
    "AccountNumber": lambda account: str(account.number),
    "AccountStatus": lambda account: account.status,
    "AccountType": lambda account: account.type,
}
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": str.__contains__,
    "Equal": str.__eq__,
}


def matching(accounts: list[Account], criteria: list[dict[str, Any]]) -> list[Account]:
    """
    Return the accounts that meet all criteria, in the order of their numbers.

    :raises LookupError: A criterion is none that Tigerpaw knows.
    """
    found = sorted(accounts, key=lambda account: account.number)
    for criterion in criteria:
        read = SEARCHED[criterion["SearchType"]]
        match = MATCHES[criterion.get("MatchType") or "StartsWith"]
        wanted = str(criterion["Criteria"]).casefold()
        found = [account for account in found if match(read(account).casefold(), wanted)]
    return found
