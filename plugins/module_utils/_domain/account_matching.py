# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: placeholder of the lead so that imports work; the author of the matching overwrites this file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .model import Account, Tenant


class MatchedBy(StrEnum):
    """How."""

    NAME = "name"


@dataclass(frozen=True)
class Match:
    """One."""

    tenant: Tenant
    account: Account
    by: MatchedBy


@dataclass(frozen=True)
class Ambiguity:
    """One."""

    tenant: Tenant
    candidates: tuple[Account, ...]
    reason: str


@dataclass(frozen=True)
class Matches:
    """All."""

    matched: tuple[Match, ...]
    ambiguous: tuple[Ambiguity, ...]
    unmatched_tenants: tuple[Tenant, ...]
    unmatched_accounts: tuple[Account, ...]


def match_accounts(tenants: Sequence[Tenant], accounts: Sequence[Account]) -> Matches:
    """Match."""
    by_name = {account.name: account for account in accounts}
    matched = tuple(Match(t, by_name[t.name], MatchedBy.NAME) for t in tenants if t.name in by_name)
    left = tuple(t for t in tenants if t.name not in by_name)
    used = {match.account.id for match in matched}
    return Matches(matched, (), left, tuple(a for a in accounts if a.id not in used))
