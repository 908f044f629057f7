# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which account is which tenant: what is matched, what is left to people and why, and that no order plays a part."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.account_matching import (
    MOST_CANDIDATES,
    Doubt,
    MatchedBy,
    Matches,
    match_accounts,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Account, Tenant, TenantKind

WORDS = st.sampled_from(["Acme", "ACME", "Acme Ltd", "acme limited", "Acme LLC", "Müller", "Mueller", "Muller", "Acne"])
UIDS = st.sampled_from([None, "X-1", "x-1", "Y-2", "1", "2", "3"])
TENANTS = st.lists(st.tuples(WORDS, UIDS), max_size=6)
ACCOUNTS = st.lists(st.tuples(WORDS, UIDS, st.sampled_from([None, True, False])), max_size=6)


def tenant(name: str, uid: str | None = None, tenant_id: str = "") -> Tenant:
    return Tenant(tenant_id or f"tenant {name} {uid}", "default", TenantKind.COMPANY, uid, name)


def account(name: str, *identifiers: str, account_id: str = "", active: bool | None = None) -> Account:
    return Account(account_id or f"id of {name}", name, identifiers, active)


def pairs(matches: Matches) -> list[tuple[str, str, MatchedBy]]:
    return [(match.tenant.name, match.account.name, match.by) for match in matches.matched]


def doubts(matches: Matches) -> list[tuple[str, list[str], Doubt]]:
    return [(item.tenant.name, [one.name for one in item.candidates], item.reason) for item in matches.ambiguous]


def test_nothing_comes_of_nothing() -> None:
    assert match_accounts([], []) == Matches((), (), (), ())


def test_the_rest_is_told() -> None:
    left, free = tenant("Harbour Dental"), account("Northwind Logistics")
    assert match_accounts([left], [free]) == Matches((), (), (left,), (free,))


# Identifiers


def test_an_identifier_goes_before_names() -> None:
    matches = match_accounts([tenant("Bellweather", "BELWETHER")], [account("Belwether Analytics", " Belwether ")])
    assert pairs(matches) == [("Bellweather", "Belwether Analytics", MatchedBy.IDENTIFIER)]


def test_homonyms_are_told_apart_by_identifiers() -> None:
    tenants = [tenant("Praxis Schmidt", "north"), tenant("Praxis Schmidt", "south")]
    accounts = [account("Praxis Schmidt", word, account_id=word) for word in ("south", "north")]
    found = {(match.tenant.uid, match.account.id) for match in match_accounts(tenants, accounts).matched}
    assert found == {("north", "north"), ("south", "south")}


def test_case_of_identifiers_counts_only_where_it_has_to() -> None:
    matches = match_accounts([tenant("One", "abc")], [account("Two", "ABC"), account("Three", "abc")])
    assert pairs(matches) == [("One", "Three", MatchedBy.IDENTIFIER)]
    matches = match_accounts([tenant("One", "Abc")], [account("Two", "ABC"), account("Three", "abc")])
    assert doubts(matches) == [("One", ["Three", "Two"], Doubt.SEVERAL_ACCOUNTS)]


@pytest.mark.parametrize(
    "told", [account("Harbour Dental Ltd", "1042"), account("Harbour Dental Ltd", account_id="1042")]
)
def test_a_number_counts_if_the_names_agree(told: Account) -> None:
    matches = match_accounts([tenant("Harbour Dental", "1042")], [told])
    assert pairs(matches) == [("Harbour Dental", "Harbour Dental Ltd", MatchedBy.IDENTIFIER)]


@pytest.mark.parametrize(
    "told",
    [
        account("Northwind", "1042"),
        account("Northwind", account_id="1042"),
        account("Northwind", account_id="NORTH"),
        account("Northwind", "A1"),
    ],
)
def test_a_number_may_be_chance(told: Account) -> None:
    number = told.identifiers[0] if told.identifiers else told.id
    matches = match_accounts([tenant("Harbour Dental", number)], [told])
    assert doubts(matches) == [("Harbour Dental", ["Northwind"], Doubt.CONTRADICTION)]


def test_an_account_called_by_number_is_not_confused_with_one_that_has_it_as_its_id() -> None:
    accounts = [account("Harbour Dental Practice", "1042"), account("Northwind", account_id="1042")]
    matches = match_accounts([tenant("Harbour Dental", "1042")], accounts)
    assert pairs(matches) == [("Harbour Dental", "Harbour Dental Practice", MatchedBy.IDENTIFIER)]


@pytest.mark.parametrize("identifier", ["HARBOUR", "1042"])
def test_identifier_and_name_of_two_accounts_contradict_each_other(identifier: str) -> None:
    accounts = [account("Harbour Dental"), account("Northwind", identifier)]
    matches = match_accounts([tenant("Harbour Dental", identifier)], accounts)
    assert doubts(matches) == [("Harbour Dental", ["Harbour Dental", "Northwind"], Doubt.CONTRADICTION)]


def test_a_nearer_name_contradicts_a_near_one() -> None:
    accounts = [account("Harbour Dental"), account("Harbour Dental Ltd", "HARBOUR")]
    matches = match_accounts([tenant("Harbour Dental", "HARBOUR")], accounts)
    assert doubts(matches) == [("Harbour Dental", ["Harbour Dental", "Harbour Dental Ltd"], Doubt.CONTRADICTION)]


def test_a_candidate_is_nobody_elses() -> None:
    tenants = [tenant("Acme", "north"), tenant("Acme", "south")]
    accounts = [account("Acme", "north", account_id="1"), account("ACME", "south"), account("Acme", account_id="3")]
    matches = match_accounts(tenants, accounts)
    assert pairs(matches) == [("Acme", "Acme", MatchedBy.IDENTIFIER)]
    assert doubts(matches) == [("Acme", ["ACME", "Acme"], Doubt.CONTRADICTION)]


def test_two_tenants_claim_one_account_by_identifier_and_by_name() -> None:
    matches = match_accounts([tenant("Harbour", "NORTH"), tenant("Northwind")], [account("Northwind", "NORTH")])
    assert doubts(matches) == [
        ("Harbour", ["Northwind"], Doubt.SEVERAL_TENANTS),
        ("Northwind", ["Northwind"], Doubt.SEVERAL_TENANTS),
    ]


def test_two_of_one_identifier_on_both_sides() -> None:
    tenants = [tenant("One", "X-1"), tenant("Two", "X-1")]
    matches = match_accounts(tenants, [account("Three", "X-1"), account("Four", "X-1")])
    assert [names for _tenant, names, _reason in doubts(matches)] == [["Four", "Three"]] * 2


def test_an_empty_identifier_is_none() -> None:
    assert doubts(match_accounts([tenant("One", " ")], [account("Two", "", " ")])) == []


# Names


def test_exact_names_go_before_others() -> None:
    accounts = [account("Harbour Dental"), account("HARBOUR DENTAL"), account("Harbour Dental Ltd")]
    matches = match_accounts([tenant(" Harbour Dental")], accounts)
    assert pairs(matches) == [(" Harbour Dental", "Harbour Dental", MatchedBy.NAME)]


def test_the_same_legal_form_goes_before_none() -> None:
    tenants = [tenant("Müller GmbH"), tenant("Müller")]
    accounts = [account("MUELLER GMBH"), account("MUELLER")]
    assert pairs(match_accounts(tenants, accounts)) == [
        ("Müller", "MUELLER", MatchedBy.NORMALISED_NAME),
        ("Müller GmbH", "MUELLER GMBH", MatchedBy.NORMALISED_NAME),
    ]


def test_a_missing_legal_form_may_be_either() -> None:
    matches = match_accounts([tenant("Harbour Dental")], [account("Harbour Dental Ltd"), account("Harbour Dental LLP")])
    assert doubts(matches) == [("Harbour Dental", ["Harbour Dental LLP", "Harbour Dental Ltd"], Doubt.SEVERAL_ACCOUNTS)]
    matches = match_accounts([tenant("HARBOUR DENTAL"), tenant("Harbour Dental LLP")], [account("Harbour Dental")])
    assert doubts(matches) == [
        ("HARBOUR DENTAL", ["Harbour Dental"], Doubt.SEVERAL_TENANTS),
        ("Harbour Dental LLP", ["Harbour Dental"], Doubt.SEVERAL_TENANTS),
    ]


def test_two_legal_forms_are_two_companies() -> None:
    matches = match_accounts([tenant("Müller GmbH")], [account("Mueller AG")])
    assert doubts(matches) == [("Müller GmbH", ["Mueller AG"], Doubt.LEGAL_FORM)]


def test_an_umlaut_written_in_two_ways_is_not_chosen_from() -> None:
    matches = match_accounts([tenant("Müller")], [account("Mueller"), account("Muller")])
    assert doubts(matches) == [("Müller", ["Mueller", "Muller"], Doubt.SEVERAL_ACCOUNTS)]
    matches = match_accounts([tenant("Müller"), tenant("Muller Ltd")], [account("Mueller")])
    assert pairs(matches) == [("Müller", "Mueller", MatchedBy.NORMALISED_NAME)]


def test_homonyms_are_left_alone() -> None:
    matches = match_accounts([tenant("Crown Cars")], [account("Crown Cars", account_id=str(at)) for at in (1, 2)])
    assert doubts(matches) == [("Crown Cars", ["Crown Cars"] * 2, Doubt.SEVERAL_ACCOUNTS)]
    tenants = [tenant("Crown Cars", tenant_id=str(at)) for at in (1, 2)]
    matches = match_accounts(tenants, [account("Crown Cars")])
    assert doubts(matches) == [("Crown Cars", ["Crown Cars"], Doubt.SEVERAL_TENANTS)] * 2


def test_a_doubt_of_an_earlier_step_is_not_forgotten_in_a_later_one() -> None:
    tenants = [tenant("Crown Cars", tenant_id=str(at)) for at in (1, 2)]
    matches = match_accounts([*tenants, tenant("CROWN CARS")], [account("Crown Cars"), account("Crown Cars Ltd")])
    assert pairs(matches) == []
    assert len(matches.ambiguous) == 3


@pytest.mark.parametrize("name", ["Harbour Dental", "Harbour Dental Ltd", "HARBOUR"])
def test_what_is_not_active_is_left_to_people(name: str) -> None:
    matches = match_accounts([tenant("Harbour Dental", "HARBOUR")], [account(name, "HARBOUR", active=False)])
    assert doubts(matches) == [("Harbour Dental", [name], Doubt.INACTIVE)]


def test_what_is_not_active_competes() -> None:
    accounts = [account("Harbour Dental", account_id="1"), account("Harbour Dental", account_id="2", active=False)]
    assert pairs(match_accounts([tenant("Harbour Dental")], accounts)) == []


def test_a_typing_error_is_left_to_people() -> None:
    matches = match_accounts([tenant("Harbour Dental")], [account("Harbuor Dental"), account("Northwind")])
    assert doubts(matches) == [("Harbour Dental", ["Harbuor Dental"], Doubt.SIMILAR_NAME)]


@pytest.mark.parametrize("name", ["", " ", "Ltd", "A", "---"])
def test_a_name_that_tells_nothing_is_matched_by_letters_alone(name: str) -> None:
    assert pairs(match_accounts([tenant(name)], [account(f"{name}.")])) == []


def test_candidates_are_few_enough_to_read() -> None:
    accounts = [account("Acme", account_id=f"{at:03}") for at in range(MOST_CANDIDATES + 5)]
    candidates = match_accounts([tenant("Acme")], accounts).ambiguous[0].candidates
    assert list(candidates) == accounts[:MOST_CANDIDATES]


# Properties


def made(tenants: Iterable[tuple[str, str | None]]) -> list[Tenant]:
    return [tenant(name, uid, f"{at:02}") for at, (name, uid) in enumerate(tenants)]


def listed(accounts: Iterable[tuple[str, str | None, bool | None]]) -> list[Account]:
    return [
        account(name, *([uid] if uid else []), account_id=f"{at}", active=active)
        for at, (name, uid, active) in enumerate(accounts)
    ]


@given(TENANTS, ACCOUNTS, st.randoms(use_true_random=False))
def test_order_plays_no_part(
    tenants: list[tuple[str, str | None]], accounts: list[tuple[str, str | None, bool | None]], chance: random.Random
) -> None:
    ours, theirs = made(tenants), listed(accounts)
    expected = match_accounts(ours, theirs)
    chance.shuffle(ours)
    chance.shuffle(theirs)
    assert match_accounts(ours, theirs) == expected


@given(TENANTS, ACCOUNTS)
def test_one_to_one_and_nothing_is_lost(
    tenants: list[tuple[str, str | None]], accounts: list[tuple[str, str | None, bool | None]]
) -> None:
    ours, theirs = made(tenants), listed(accounts)
    matches = match_accounts(ours, theirs)
    told = [match.tenant.id for match in matches.matched]
    told += [item.tenant.id for item in matches.ambiguous] + [item.id for item in matches.unmatched_tenants]
    assert sorted(told) == [item.id for item in ours]
    matched = [match.account.id for match in matches.matched]
    assert sorted(matched + [item.id for item in matches.unmatched_accounts], key=int) == [item.id for item in theirs]
    assert all(item.candidates and item.reason for item in matches.ambiguous)
    assert all(match.account.active is not False for match in matches.matched)
    assert not {one.id for item in matches.ambiguous for one in item.candidates}.intersection(matched)


@given(TENANTS, ACCOUNTS)
def test_a_twin_prevents_a_match(
    tenants: list[tuple[str, str | None]], accounts: list[tuple[str, str | None, bool | None]]
) -> None:
    ours, theirs = made(tenants), listed(accounts)
    for match in match_accounts(ours, theirs).matched:
        twin = Account("twin", match.account.name, match.account.identifiers)
        again = {item.tenant.id: item.by for item in match_accounts(ours, [*theirs, twin]).matched}
        # A twin lacks the id, which alone may tell which of the two it is.
        if match.account.id != match.tenant.uid:
            assert match.tenant.id not in again


@pytest.mark.parametrize(
    ("name", "uid"),
    [("Acme {}", None), ("Acme", None), ("Acme & Co {} Ltd", None), ("Acme {}", "north"), ("Acme", "1")],
)
def test_the_time_grows_with_the_number(name: str, uid: str | None) -> None:
    def seconds(count: int) -> float:
        tenants = [tenant(name.format(at), uid, str(at)) for at in range(count)]
        accounts = [
            account(name.format(at).upper(), *([uid] if uid else []), account_id=str(at)) for at in range(count)
        ]
        begun = time.process_time()
        match_accounts(tenants, accounts)
        return time.process_time() - begun

    seconds(100)
    assert seconds(2000) < 40 * max(seconds(200), 0.01)
