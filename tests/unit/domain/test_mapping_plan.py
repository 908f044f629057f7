# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tenant is mapped to which account, and that no plan ever gives one account to two tenants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.account_directory import AccountDirectory
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, InvalidSettings
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.mapped_tenants import MappedTenants
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.mapping_plan import (
    MappingPlan,
    TenantAccount,
    plan_mappings,
    plan_matching,
    plan_unmapping,
    settled,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.mapping_references import mapping_references
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Account,
    Integration,
    Solution,
    Tenant,
    TenantKind,
)

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
NORTH = Integration("n", "default", "North", "tigerpaw", Solution.BUSINESS_HUB, {}, {}, (), 1, MOMENT, MOMENT, MOMENT)
ACME, BORG, CYAN = Account("1", "Acme Ltd"), Account("2", "Borg"), Account("3", "Cyan", active=False)
ACCOUNTS = (ACME, BORG, CYAN)


def tenant(name: str, account: Account | None = None, holder: str | None = "North", uid: str | None = None) -> Tenant:
    given_to = (account.id, account.name) if account else (None, None)
    held_by = (holder and holder[0].lower(), holder)
    return Tenant(name, "default", TenantKind.COMPANY, uid, name, *held_by, MOMENT, "tigerpaw", *given_to)


def known(*tenants: Tenant, kept: Sequence[Tenant] = (), strangers: Sequence[Tenant] = ()) -> MappedTenants:
    return MappedTenants(NORTH, tenants, kept, strangers)


def plan(
    entries: Sequence[Any], tenants: MappedTenants, accounts: Iterable[Account] = ACCOUNTS, **options: Any
) -> MappingPlan:
    given_options = {"mappings": list(entries), **options}
    references = mapping_references(given_options, NORTH)
    if options.get("state") == "absent":
        return plan_unmapping(NORTH, references, tenants)
    exact = options.get("state") == "exact"
    return plan_mappings(NORTH, references, tenants, AccountDirectory(accounts), exact=exact)


def entry(name: Any, account: Any = None, move_from: Any = None) -> dict[str, Any]:
    given_values = {"tenant": name, "account": account, "move_from": move_from}
    return {key: value for key, value in given_values.items() if value is not None}


def pairs(items: Iterable[TenantAccount]) -> set[tuple[str, str]]:
    return {(item.tenant.name, item.account.id) for item in items}


def refused(entries: Sequence[Any], tenants: MappedTenants, **options: Any) -> dict[str, ErrorCode]:
    return {fault.option: fault.code for fault in refusal(entries, tenants, **options).faults}


def refusal(entries: Sequence[Any], tenants: MappedTenants, **options: Any) -> InvalidSettings:
    with pytest.raises(InvalidSettings) as caught:
        plan(entries, tenants, **options)
    return caught.value


# Reading


@pytest.mark.parametrize(
    ("entries", "options"),
    [
        (["acme"], ["mappings[0]"]),
        ([{}], ["mappings[0].tenant", "mappings[0].account"]),
        ([{"tenant": "acme", "acount": "Acme Ltd"}], ["mappings[0].acount", "mappings[0].account"]),
        ([entry("acme", {})], ["mappings[0].account"]),
        ([entry("acme", {"id": True})], ["mappings[0].account.id"]),
        ([entry("acme", {"number": 1})], ["mappings[0].account.number", "mappings[0].account"]),
        ([entry("acme", 7)], ["mappings[0].account"]),
        ([entry({"uid": " "}, "Borg", "")], ["mappings[0].move_from.name", "mappings[0].tenant.id"]),
        ([entry("acme", "Borg"), entry("acme", "Cyan")], ["mappings[1].tenant"]),
        ([entry("acme", "x" * 256)], ["mappings[0].account.name"]),
    ],
)
def test_what_cannot_be_read_is_refused(entries: list[Any], options: list[str]) -> None:
    assert sorted(refused(entries, known(tenant("acme")))) == sorted(options)


def test_a_number_is_an_identifier() -> None:
    assert pairs(plan([entry("acme", {"id": 2})], known(tenant("acme"))).mapped) == {("acme", "2")}


def test_an_empty_exact_list_has_to_be_meant() -> None:
    tenants = known(tenant("acme", ACME))
    assert refused([], tenants, state="exact") == {"mappings": ErrorCode.INVALID_SETTINGS}
    assert pairs(plan([], tenants, state="exact", allow_empty=True).unmapped) == {("acme", "1")}


def test_results_are_valid_input() -> None:
    shown = {"kind": "company", "uid": None, "name": "acme"}
    given_entry = {"tenant": shown, "account": {"id": "1", "name": "Acme Ltd"}, "by": "name"}
    assert pairs(plan([given_entry], known(tenant("acme"))).mapped) == {("acme", "1")}
    doubtful = {"tenant": shown, "candidates": [{"id": "2", "name": "Borg"}], "reason": "legal_form"}
    assert refused([doubtful], known(tenant("acme"))) == {"mappings[0].account": ErrorCode.INVALID_SETTINGS}
    assert pairs(plan([{**doubtful, "account": "Borg"}], known(tenant("acme"))).mapped) == {("acme", "2")}


# Mapping


def test_tenants_are_mapped_by_names_and_identifiers() -> None:
    tenants = known(tenant("acme", uid="17"), tenant("borg"), tenant("cyan", CYAN))
    done = plan([entry({"id": "17"}, "Acme Ltd"), entry("borg", {"id": "2"}), entry("cyan", "Cyan")], tenants)
    assert (pairs(done.mapped), pairs(done.unchanged)) == ({("acme", "1"), ("borg", "2")}, {("cyan", "3")})
    assert done.changed
    assert done.warnings == ()


def test_an_account_that_is_not_active_is_warned_of() -> None:
    [warning] = plan([entry("cyan", "Cyan")], known(tenant("cyan"))).warnings
    assert "'Cyan' (3)" in warning


def test_an_account_that_has_another_name_now_gets_it() -> None:
    tenants = known(tenant("acme", Account("1", "Acme")))
    for account in ("Acme Ltd", {"id": "1", "name": "Acme Ltd"}):
        done = plan([entry("acme", account)], tenants)
        assert (pairs(done.renamed), done.begun[0].account_name, done.ended) == ({("acme", "1")}, "Acme Ltd", ["acme"])


def test_what_is_so_already_needs_no_answer_of_the_psa() -> None:
    tenants = known(tenant("acme", ACME), tenant("borg"))
    for account, is_settled in (
        ("Acme Ltd", True),
        ({"id": 1}, True),
        ({"id": 1, "name": "Acme"}, False),
        ("B", False),
    ):
        references = mapping_references({"mappings": [entry("acme", account)]}, NORTH)
        assert settled(references, tenants) is is_settled
    assert settled(mapping_references({"mappings": [entry("nobody", "Borg")]}, NORTH), tenants)
    assert not settled(mapping_references({"mappings": [entry("borg", "Borg")]}, NORTH), tenants)


def test_exact_ends_all_other_mappings_and_frees_their_accounts() -> None:
    tenants = known(tenant("acme"), tenant("borg", ACME), tenant("cyan", CYAN))
    done = plan([entry("acme", "Acme Ltd"), entry("cyan", "Cyan")], tenants, state="exact")
    assert (pairs(done.mapped), pairs(done.unmapped)) == ({("acme", "1")}, {("borg", "1")})


# Moving


def test_another_account_needs_the_name_of_the_first() -> None:
    tenants = known(tenant("acme", ACME))
    for move_from in (None, "Cyan", {"id": "3"}):
        assert refused([entry("acme", "Borg", move_from)], tenants) == {"mappings[0]": ErrorCode.TENANT_HELD}
    for move_from in ("Acme Ltd", {"id": 1}, {"id": "1", "name": "whatever it is called now"}):
        [moved] = plan([entry("acme", "Borg", move_from)], tenants).moved
        assert (moved.account, moved.move_from) == (BORG, ACME)
    assert pairs(plan([entry("acme", "Acme Ltd", "Cyan")], tenants).unchanged) == {("acme", "1")}


def test_two_tenants_can_exchange_their_accounts() -> None:
    tenants = known(tenant("acme", BORG), tenant("borg", ACME))
    done = plan([entry("acme", "Acme Ltd", "Borg"), entry("borg", "Borg", "Acme Ltd")], tenants)
    assert pairs(done.moved) == {("acme", "1"), ("borg", "2")}


# What is refused


def test_an_account_of_somebody_else_is_taken() -> None:
    tenants = known(tenant("acme", ACME), tenant("borg"))
    error = refusal([entry("borg", "Acme Ltd")], tenants)
    assert error.code is ErrorCode.ACCOUNT_TAKEN
    assert "'acme'" in error.message
    assert refused([entry("borg", "Cyan"), entry("acme", "Cyan", "Acme Ltd")], tenants) == {
        "mappings[1].account": ErrorCode.ACCOUNT_TAKEN
    }


@pytest.mark.parametrize(("holder", "told"), [("South", "moved to 'South'"), (None, "was unbound elsewhere")])
def test_an_account_that_is_kept_for_a_return_is_taken(holder: str | None, told: str) -> None:
    tenants = known(tenant("borg"), kept=[tenant("acme", ACME, holder)])
    error = refusal([entry("borg", "Acme Ltd")], tenants)
    assert error.code is ErrorCode.ACCOUNT_TAKEN
    assert told in error.message
    assert pairs(plan([entry("acme")], tenants, state="absent").unmapped) == {("acme", "1")}


def test_a_tenant_has_to_be_bound_here() -> None:
    strangers = [tenant("south", holder="South"), tenant("free", holder=None)]
    tenants = known(tenant("acme"), strangers=strangers)
    error = refusal([entry("south", "Borg"), entry("free", "Cyan"), entry("acne", "Acme Ltd")], tenants)
    assert [fault.code for fault in error.faults] == [
        ErrorCode.TENANT_HELD,
        ErrorCode.TENANT_UNKNOWN,
        ErrorCode.TENANT_UNKNOWN,
    ]
    held, free, mistyped = (fault.message for fault in error.faults)
    assert "'South'" in held
    assert "bind it to 'North' first" in free
    assert "did you mean 'acme'" in mistyped


def test_an_account_has_to_be_there_and_one() -> None:
    accounts = [*ACCOUNTS, Account("4", "Borg")]
    tenants = known(tenant("acme"), tenant("borg"), tenant("cyan"), tenant("dune"))
    wanted = ["Acme Ldt", "Borg", {"id": "9"}, {"id": "3", "name": "Sian"}]
    entries = [entry(name, account) for name, account in zip(("acme", "borg", "cyan", "dune"), wanted, strict=True)]
    error = refusal(entries, tenants, accounts=accounts)
    assert error.code is ErrorCode.ACCOUNT_UNKNOWN
    near, several, missing, other = (fault.message for fault in error.faults)
    assert "did you mean 'Acme Ltd'" in near
    assert "2, 4" in several
    assert "'9'" in missing
    assert "'Cyan', not 'Sian'" in other


def test_of_two_tenants_of_one_name_the_identifier_tells_which() -> None:
    tenants = known(tenant("acme", uid="1"), tenant("acme", uid="2"))
    error = refusal([entry("acme", "Borg")], tenants)
    assert error.code is ErrorCode.TENANT_UNKNOWN
    assert "1, 2" in error.message
    assert plan([entry({"id": "2"}, "Borg")], tenants).mapped[0].tenant.uid == "2"


# Unmapping


def test_a_mapping_ends_if_it_is_the_listed_one() -> None:
    tenants = known(tenant("acme", ACME), tenant("borg", BORG), tenant("cyan"))
    done = plan([entry("acme"), entry("borg", "Acme Ltd"), entry("cyan"), entry("bork")], tenants, state="absent")
    assert (pairs(done.unmapped), pairs(done.unchanged)) == ({("acme", "1")}, {("borg", "2")})
    [warning] = done.warnings
    assert "'borg'" in warning


# Matching


def test_matching_touches_nothing_that_is_mapped_or_kept() -> None:
    tenants = known(tenant("Acme Ltd", BORG), tenant("Borg"), kept=[tenant("gone", ACME, "South")])
    done = plan_matching(NORTH, tenants, AccountDirectory(ACCOUNTS))
    assert not done.changed
    assert pairs(done.unchanged) == {("Acme Ltd", "2")}
    assert [item.name for item in done.unmatched_tenants] == ["Borg"]
    assert done.unmatched_accounts == (CYAN,)


def test_matching_says_how_an_account_was_found() -> None:
    [found] = plan_matching(NORTH, known(tenant("Borg")), AccountDirectory(ACCOUNTS)).mapped
    assert (found.account, found.by) == (BORG, "name")


# Whatever is asked for

NAMES = st.sampled_from(["a", "b", "c", "d"])
IDS = st.sampled_from(["1", "2", "3"])
REFERENCES = st.builds(lambda key: {"id": key}, IDS)
ENTRIES = st.lists(
    st.builds(entry, NAMES, REFERENCES, st.none() | REFERENCES), max_size=4, unique_by=lambda item: str(item["tenant"])
)
STANDING = st.dictionaries(NAMES, IDS, max_size=3).filter(lambda found: len(set(found.values())) == len(found))


@given(standing=STANDING, entries=ENTRIES, state=st.sampled_from(["present", "exact", "absent"]), kept=st.none() | IDS)
def test_after_every_plan_a_mapping_is_one_to_one(
    standing: dict[str, str], entries: list[dict[str, Any]], state: str, kept: str | None
) -> None:
    accounts = {account.id: account for account in ACCOUNTS}
    held = [tenant(name, accounts.get(standing.get(name, ""))) for name in "abcd"]
    away = [tenant("away", accounts[kept], "South")] if kept and kept not in standing.values() else []
    try:
        done = plan(entries, known(*held, kept=away), state=state, allow_empty=True)
    except InvalidSettings:
        return
    after = dict(standing)
    for name in done.ended:
        del after[name]
    for item in done.begun:
        assert item.tenant_id not in after, "a row is replaced, never doubled"
        after[item.tenant_id] = item.account_id
    owners = [*after.values(), *(item.account_id for item in away)]
    assert len(set(owners)) == len(owners)
    wanted = {item["tenant"]: item["account"]["id"] for item in entries}
    if state == "absent":
        assert not any(after.get(name) == account for name, account in wanted.items())
    else:
        assert wanted.items() <= after.items()
        assert state != "exact" or after == wanted
    for name, account in standing.items():
        moved = {item["tenant"]: item.get("move_from", {}).get("id") for item in entries}
        lost = after.get(name) != account
        assert not lost or (state == "exact" and name not in wanted) or state == "absent" or moved.get(name) == account
