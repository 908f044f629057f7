# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is moved with which account, who is left over, and that nobody is moved to where nobody gets his tickets."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils.migration_plans import migration_plan

Item = dict[str, Any]
NAMES = ["Acme", "Borg", "Cyan", "Dune"]


class Loader(yaml.SafeLoader):
    """Reads the tag ``!unsafe``, as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def tenant(name: str, account: str | None = None, uid: str | None = None) -> Item:
    mapped = {"id": account, "name": f"account {account}"} if account else None
    return {"id": f"id of {name}{uid or ''}", "kind": "company", "uid": uid, "name": name, "account": mapped}


def side(name: str, platform: str, *tenants: Item, solution: str = "business_hub") -> Item:
    return {"name": name, "platform": platform, "solution": solution, "tenants": list(tenants)}


def account(number: str, name: str, **more: Any) -> Item:
    return {"id": number, "name": name, "identifiers": [], "active": True, "tenant": None, "kept_for": None, **more}


def plan(
    old: list[Item], new: list[Item], accounts: list[Item], mappings: list[Any] | None = None, **more: Any
) -> Item:
    sides = side("Old", "tigerpaw", *old), side("New", "autotask", *new)
    return migration_plan(*sides, accounts, mappings=mappings or [], **more)


def kept(name: str, number: str, uid: str | None = None) -> Item:
    return {"tenant": {"kind": "company", "uid": uid, "name": name}, "account": {"id": number, "name": f"was {number}"}}


def names(items: list[Item]) -> list[str]:
    return [item.get("tenant", item)["name"] for item in items]


def test_who_has_an_account_is_moved_and_who_has_none_stays() -> None:
    made = plan([tenant("Acme"), tenant("Borg")], [], [account("1", "ACME Ltd"), account("2", "Cyan")])
    assert made["move"] == [{"name": "Acme"}]
    assert [(item["tenant"]["name"], item["account"]["id"]) for item in made["map"]] == [("Acme", "1")]
    assert [(item["tenant"]["name"], item["reason"], item["moved"]) for item in made["left_over"]] == [
        ("Borg", "no_account", False)
    ]
    assert (names(made["free_accounts"]), made["faults"]) == (["Cyan"], [])


def test_all_are_moved_if_that_is_wanted() -> None:
    made = plan([tenant("Acme"), tenant("Borg")], [], [account("1", "Acme")], move_all=True)
    assert (names(made["move"]), names(made["left_over"])) == (["Acme", "Borg"], ["Borg"])


def test_a_stopped_run_is_taken_up() -> None:
    accounts = [account("1", "Acme", tenant={"uid": None, "name": "Acme"}), account("2", "Borg"), account("3", "Cyan")]
    made = plan([tenant("Cyan")], [tenant("Acme", "1"), tenant("Borg"), tenant("Dune")], accounts)
    assert (names(made["done"]), names(made["move"])) == (["Acme"], ["Cyan"])
    assert sorted(names(made["map"])) == ["Borg", "Cyan"]
    assert [(item["tenant"]["name"], item["moved"]) for item in made["left_over"]] == [("Dune", True)]


def test_who_returns_has_the_account_that_was_kept() -> None:
    waiting = account("1", "whatever it is called now", kept_for={"uid": "7", "name": "Acme"})
    old = [tenant("Acme", uid="7"), tenant("Borg")]
    made = plan(old, [], [waiting, account("2", "Acme")], kept=[kept("Acme", "1", "7")])
    assert (names(made["back"]), names(made["map"]), made["move"]) == (["Acme"], [], [{"uid": "7", "name": "Acme"}])


def test_the_list_comes_first_and_open_questions_are_no_answers() -> None:
    mappings = [{"tenant": {"name": "Acme"}, "account": "Borg"}, {"tenant": "Cyan", "account": None}]
    made = plan([tenant(name) for name in NAMES[:3]], [], [account("1", "Acme"), account("2", "Borg")], mappings)
    [found] = made["map"]
    assert (found["tenant"]["name"], found["account"]["id"], found["by"]) == ("Acme", "2", "list")
    assert names(made["left_over"]) == ["Borg", "Cyan"]
    assert plan([tenant("Acme")], [], [account("1", "Acme")], automatic=False)["map"] == []


def test_what_is_done_already_may_stay_in_the_list() -> None:
    taken = account("1", "Acme", tenant={"uid": None, "name": "Acme"})
    made = plan([tenant("Borg")], [tenant("Acme", "1")], [taken], [{"tenant": "Acme", "account": {"id": 1}}])
    assert made["faults"] == []


def test_who_has_lost_the_account_is_left_to_people() -> None:
    """Mapped on the new side to what is gone: kept for a return, or standing."""
    old, new = [tenant("Acme")], [tenant("Borg", "8")]
    accounts, lost = [account("1", "Acme"), account("2", "Borg")], [kept("Acme", "9")]
    made = plan(old, new, accounts, kept=lost)
    told = [(item["tenant"]["name"], item["reason"], item["moved"]) for item in made["left_over"]]
    assert told == [("Acme", "account_gone", False), ("Borg", "account_gone", True)]
    assert [item["candidates"][0]["id"] for item in made["left_over"]] == ["1", "2"]
    assert (made["map"], made["move"], made["done"], made["served"]) == ([], [], [], [])
    mappings = [{"tenant": "Acme", "account": "Acme"}, {"tenant": "Borg", "account": "Borg"}]
    answered = plan(old, new, accounts, mappings, kept=lost)
    assert [item["move_from"]["id"] for item in answered["map"]] == ["9", "8"]
    assert (names(answered["move"]), answered["left_over"]) == (["Acme"], [])


def test_another_account_for_who_is_done_is_no_answer() -> None:
    taken = account("1", "Acme", tenant={"uid": None, "name": "Acme"})
    mappings = [{"tenant": "Acme", "account": {"id": "2"}}]
    [fault] = plan([], [tenant("Acme", "1")], [taken, account("2", "Borg")], mappings)["faults"]
    assert "is mapped to 'account 1' (1) on the new side already" in fault


def test_another_account_for_who_returns_is_no_answer() -> None:
    waiting = account("1", "Acme", kept_for={"uid": None, "name": "Acme"})
    mappings = [{"tenant": "Acme", "account": {"id": "2"}}]
    [fault] = plan([tenant("Acme")], [], [waiting, account("2", "Borg")], mappings, kept=[kept("Acme", "1")])["faults"]
    assert "(1) is kept for its return" in fault
    assert "state: absent" in fault


def test_answers_stay_in_the_file_until_they_are_carried_out() -> None:
    old, accounts = [tenant("Acme"), tenant("Borg")], [account("1", "One {{ 1 }}")]
    text = plan(old, [], accounts, [{"tenant": "Acme", "account": {"id": 1}}])["open_questions"]
    again = yaml.load(text, Loader)["psa_migration_mappings"]  # noqa: S506 (a safe loader with one more tag)
    assert [(entry["tenant"]["name"], entry["account"]) for entry in again] == [
        ("Borg", None),
        ("Acme", {"id": "1", "name": "One {{ 1 }}"}),
    ]
    assert names(plan(old, [], accounts, again)["map"]) == ["Acme"]


@pytest.mark.parametrize(
    ("mappings", "told"),
    [
        ([{"tenant": "Nobody", "account": "Acme"}], "is no client of either integration"),
        ([{"tenant": "Acme", "account": "Nothing"}], "no account is called so"),
        ([{"tenant": "Acme", "account": "Cyan"}], "is for another client already"),
        ([{"tenant": "Acme", "account": "Acme"}, {"tenant": "Borg", "account": "Acme"}], "is for 'Acme' as well"),
        ([{"tenant": "Twin", "account": "Acme"}], "is the name of 2 clients"),
        ([{"tenant": "Acme", "acount": "Acme", "account": "Acme"}], "did you mean account"),
        ([{"tenant": "Acme", "acount": "Acme"}], "did you mean account"),
    ],
)
def test_conflicts_are_faults(mappings: list[Any], told: str) -> None:
    taken = account("3", "Cyan", kept_for={"uid": None, "name": "somebody who moved on"})
    old = [tenant("Acme"), tenant("Borg"), tenant("Twin", uid="1"), tenant("Twin", uid="2")]
    faults = plan(old, [], [account("1", "Acme"), taken], mappings)["faults"]
    assert any(told in fault for fault in faults)


def test_two_sides_of_one_platform_or_of_two_solutions_are_no_migration() -> None:
    same = migration_plan(side("Old", "tigerpaw"), side("New", "tigerpaw", solution="security_center"), [])
    assert len(same["faults"]) == 2
    assert "move_from" in same["faults"][0]


def test_faults_in_form_and_in_meaning_are_told_at_once_with_their_places() -> None:
    mappings = [
        {"tenant": "Borg", "account": None},
        {"tenant": "Acme", "acount": "Acme", "account": "Acme"},
        {"tenant": "Nobody", "account": "Acme"},
    ]
    faults = plan([tenant("Acme"), tenant("Borg")], [], [account("1", "Acme")], mappings)["faults"]
    assert [fault.split(": ")[1].split()[0] for fault in faults] == ["mappings[1].acount", "mappings[2].tenant"]


def test_one_client_named_in_two_ways_is_a_fault() -> None:
    mappings = [{"tenant": {"uid": "7"}, "account": {"id": 1}}, {"tenant": "Acme", "account": {"id": 2}}]
    accounts = [account("1", "Acme"), account("2", "Borg")]
    [fault] = plan([tenant("Acme", uid="7")], [], accounts, mappings)["faults"]
    assert "mappings[1]" in fault
    assert "has an entry before this one" in fault


def test_who_is_no_longer_in_security_center_stays_and_holds_up_nobody() -> None:
    accounts, mappings = [account("1", "Acme"), account("2", "Borg")], [{"tenant": "Acme", "account": "Acme"}]
    made = plan([tenant("Acme"), tenant("Borg")], [], accounts, mappings, move_all=True, stale=["id of Acme"])
    assert (made["faults"], names(made["move"]), names(made["map"])) == ([], ["Borg"], ["Borg"])
    [left] = made["left_over"]
    assert (left["tenant"]["name"], left["reason"], left["moved"]) == ("Acme", "not_in_security_center", False)
    assert made["waiting"] == ["id of Acme"]
    assert "Acme" not in made["open_questions"], "it needs no account"


def test_whose_account_is_inactive_is_told_and_not_held_up() -> None:
    accounts = [
        account("1", "One", active=False, kept_for={"uid": None, "name": "Acme"}),
        account("2", "Two", active=False),
        account("3", "Three", active=False, tenant={"uid": None, "name": "Cyan"}),
        account("4", "Dune"),
    ]
    old, mappings = [tenant(name) for name in ("Acme", "Borg", "Dune")], [{"tenant": "Borg", "account": "Two"}]
    made = plan(old, [tenant("Cyan", "3")], accounts, mappings, kept=[kept("Acme", "1")])
    assert sorted(names(made["inactive"])) == ["Acme", "Borg", "Cyan"]
    assert names(made["move"]) == ["Acme", "Borg", "Dune"]


def test_open_questions_can_be_edited_and_fed_back() -> None:
    nasty = ["{{ 7 * 7 }}", "yes", "a: b # c", "!x", "\u2028".join("ab"), "1e3", "'\"\\"]
    accounts = [account("1", "Borg GmbH"), account("2", "Borg AG")]
    made = plan([tenant(name, uid=name) for name in nasty] + [tenant("Borg Ltd")], [], accounts)
    text = made["open_questions"]
    read = yaml.load(text, Loader)["psa_migration_mappings"]  # noqa: S506 (a safe loader with one more tag)
    assert [(entry["tenant"]["name"], entry["account"]) for entry in read] == [
        (name, None) for name in sorted([*nasty, "Borg Ltd"])
    ]
    assert '!unsafe "{{ 7 * 7 }}"' in text
    assert '{id: "2", name: "Borg AG"}' in text
    assert plan([tenant("Borg")], [], [account("1", "Borg")])["open_questions"].endswith("psa_migration_mappings: []\n")


@given(
    there=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["old", "new"]), min_size=1),
    known=st.sets(st.sampled_from(NAMES)),
    listed=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    move_all=st.booleans(),
)
def test_every_client_is_in_one_place(there: Item, known: set[str], listed: Item, move_all: bool) -> None:
    old, new = ([tenant(name) for name, place in there.items() if place == side_of] for side_of in ("old", "new"))
    mappings = [{"tenant": name, "account": wanted} for name, wanted in listed.items()]
    made = plan(old, new, [account(name, name) for name in known], mappings, move_all=move_all)
    if made["faults"]:
        return
    places = [*names(made["map"]), *names(made["back"]), *names(made["done"]), *names(made["left_over"])]
    assert sorted(places) == sorted(there)
    given_to = [item["account"]["id"] for item in made["map"]]
    assert len(set(given_to)) == len(given_to)
    moved = set(names(made["move"]))
    assert moved <= {name for name, place in there.items() if place == "old"}
    assert move_all or moved == set(names(made["map"])) & set(names(old))
