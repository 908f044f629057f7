# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No false match among the labelled companies, and the hit rate that docs/matching.md states."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.account_matching import (
    Doubt,
    MatchedBy,
    Matches,
    match_accounts,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Account, Tenant, TenantKind

COMPANIES = Path(__file__).with_name("labelled_companies.csv")
PAGE = Path(__file__).resolve().parents[3] / "docs" / "matching.md"


@dataclass(frozen=True)
class Company:
    """A row of the labelled set: what a company is called on either side, if it is there."""

    language: str
    difference: str
    tenant: Tenant | None
    account: Account | None


@cache
def companies() -> list[Company]:
    """Read the labelled set. Quotes are part of names."""
    lines = [line for line in COMPANIES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter=";", quoting=csv.QUOTE_NONE, restval="")
    return [company(str(number), row) for number, row in enumerate(rows, start=1)]


def company(number: str, row: dict[str, str]) -> Company:
    names = {side: row[side].replace("\\u2019", "\u2019") for side in ("tenant", "account")}
    identifiers = tuple(item.strip() for item in row["identifiers"].split(",") if item.strip())
    tenant = Tenant(number, "default", TenantKind.COMPANY, row["uid"] or None, names["tenant"])
    account = Account(row["id"] or f"row {number}", names["account"], identifiers, active=row["state"] != "inactive")
    return Company(
        row["language"],
        row["difference"],
        tenant if names["tenant"] else None,
        account if names["account"] else None,
    )


@cache
def matches() -> Matches:
    tenants = [item.tenant for item in companies() if item.tenant]
    return match_accounts(tenants, [item.account for item in companies() if item.account])


def true_pairs() -> dict[Tenant, Account]:
    return {item.tenant: item.account for item in companies() if item.tenant and item.account}


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def hit_rate() -> Iterator[str]:
    """Write the table of the page that says what became of each tenant."""
    truth, found = true_pairs(), matches()
    strangers = [item.tenant for item in companies() if item.tenant and not item.account]
    by = Counter(match.by for match in found.matched)
    rows = [(f"matched by `{step}`", by[step]) for step in MatchedBy]
    rows.append(("**matched**", len(found.matched)))
    offered = [item for item in found.ambiguous if truth.get(item.tenant) in item.candidates]
    rows.append(("`ambiguous`, the right account among the candidates", len(offered)))
    rows.append(("missed", len(truth.keys() & set(found.unmatched_tenants))))
    yield from (f"| {what} | {count} | {share(count, len(truth))} |" for what, count in rows)
    left = len(set(strangers) & {item.tenant for item in found.ambiguous})
    yield f"| has no account, `ambiguous` | {left} | {share(left, len(strangers))} of {len(strangers)} |"
    none = len(set(strangers) & set(found.unmatched_tenants))
    yield f"| has no account, none found | {none} | {share(none, len(strangers))} of {len(strangers)} |"


def hit_rate_by_difference() -> Iterator[str]:
    """Write the table of the page that says which differences are bridged."""
    found = matches()
    matched = {match.tenant for match in found.matched}
    ambiguous = {item.tenant for item in found.ambiguous}
    pairs = [item for item in companies() if item.tenant and item.account]
    for difference in dict.fromkeys(item.difference for item in pairs):
        tenants = {item.tenant for item in pairs if item.difference == difference}
        counts = [len(tenants & matched), len(tenants & ambiguous), len(tenants - matched - ambiguous)]
        yield f"| {difference} | {len(tenants)} | {' | '.join(map(str, counts))} |"


def test_no_false_match() -> None:
    truth = true_pairs()
    assert [match for match in matches().matched if truth.get(match.tenant) is not match.account] == []


def test_the_set_is_worth_trying() -> None:
    assert len(true_pairs()) >= 400
    languages = Counter(item.language for item in companies())
    assert len([language for language, count in languages.items() if count >= 10]) >= 12
    assert len({item.account.id for item in companies() if item.account}) == sum(
        bool(item.account) for item in companies()
    )


@pytest.mark.parametrize("row", [*hit_rate(), *hit_rate_by_difference()])
def test_the_page_tells_the_hit_rate(row: str) -> None:
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_tells_how_many_there_are() -> None:
    tenants = sum(bool(item.tenant) for item in companies())
    accounts = sum(bool(item.account) for item in companies())
    languages = len({item.language for item in companies()} - {"Any"})
    told = f"{tenants} tenants and {accounts} accounts, named in {languages} languages"
    assert told in " ".join(PAGE.read_text(encoding="utf-8").split())


def rows_of(page: Iterable[str]) -> set[str]:
    return {line.split("`")[1] for line in page if line.startswith("| `")}


def test_the_page_explains_every_reason() -> None:
    assert rows_of(PAGE.read_text(encoding="utf-8").splitlines()) >= {*Doubt, *MatchedBy}
