# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A description is compared with what there is: what is to be done, and what is wrong with it as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils.instance_plans import instance_plan

Item = dict[str, Any]


def described(name: str, companies: list[Any] | None = None, **more: Any) -> Item:
    """Make an integration of a description."""
    listed = {} if companies is None else {"companies": companies}
    return {"name": name, "platform": "tigerpaw", **listed, **more}


def there(name: str, *companies: str) -> Item:
    """Make an integration that there is, with what it holds."""
    return {"id": f"id of {name}", "name": name, "holds": companies}


def plan(items: list[Item], *found: Item, prune: bool = False, **confirmed: list[str]) -> Item:
    tenants = [
        {"name": name, "registered_name": name, "uid": None, "integration_id": item["id"], "integration": item["name"]}
        for item in found
        for name in item["holds"]
    ]
    description = {"name": "default", "solution": "business_hub", "integrations": items}
    return instance_plan(description, found, tenants, prune, confirmed)


def test_what_is_described_as_it_is_needs_nothing() -> None:
    made = plan([described("A", ["x"])], there("A", "x"), prune=True)
    assert (made["faults"], made["delete"], made["unbind"]) == ([], [], [])
    assert made["keep"][0]["exists"]
    assert made["bindings"] == [
        {"integration": "A", "integration_id": "id of A", "source_id": None, "tenants": ["x"]},
    ]


@pytest.mark.parametrize("names", [["A", "B"], ["B", "A"]])
def test_a_tenant_is_taken_over_in_whichever_order(names: list[str]) -> None:
    companies = {"A": ["x"], "B": ["y", {"name": "z"}]}
    made = plan([described(name, companies[name]) for name in names], there("A", "x", "y"), there("B", "z"))
    bindings = {(item["integration"], item["source_id"]): item["tenants"] for item in made["bindings"]}
    assert made["faults"] == []
    assert bindings == {("A", None): ["x"], ("B", "id of A"): ["y"], ("B", None): [{"name": "z"}]}
    assert (made["unbind"], made["left"]["tenants"]) == ([], [])


def test_what_is_left_out_is_left_alone() -> None:
    made = plan([described("A")], there("A", "x"), prune=True)
    assert (made["faults"], made["bindings"], made["unbind"]) == ([], [], [])
    assert (made["keep"][0]["reset"], made["keep"][0]["required_secrets"]) == ([], [])


def test_settings_that_are_given_are_all_there_are() -> None:
    settings = {"soap_user_name": "kaspersky", "soap_password": None, "url": "https://x.example", "ca_path": None}
    [kept] = plan([described("A", tigerpaw=settings)], there("A"))["keep"]
    assert kept["required_secrets"] == ["soap_password"], "an empty reference is one that has to be refused"
    assert kept["reset"] == ["soap_url", "soap_check_operation", "validate_certs", "ca_path"]


def test_what_is_not_described_stays_and_is_told() -> None:
    made = plan([described("A", ["x"])], there("A", "x", "w"), there("B", "y"))
    assert (made["faults"], made["delete"], made["unbind"]) == ([], [], [])
    assert made["left"] == {"integrations": ["B"], "tenants": ["w"]}


def test_what_goes_has_to_be_confirmed_exactly() -> None:
    items, found = [described("A", ["x", "z"])], [there("A", "x", "w"), there("B", "y", "z")]
    unconfirmed = plan(items, *found, prune=True)["faults"]
    assert unconfirmed == [
        "integrations_prune_confirm.integrations: 'B' would go and is not confirmed",
        "integrations_prune_confirm.tenants: 'w', 'y' would go and are not confirmed",
    ]
    assert len(plan(items, *found, prune=True, integrations=["b"], tenants=["w"])["faults"]) == 2
    [too_much] = plan(items, *found, prune=True, integrations=["A", "B"], tenants=["w", "y"])["faults"]
    assert too_much == "integrations_prune_confirm.integrations: 'A' would not go, but is confirmed"
    made = plan(items, *found, prune=True, integrations=["B", "gone"], tenants=["w", "y", "gone"])
    assert made["faults"] == []
    assert made["delete"] == [{"id": "id of B", "name": "B"}]
    assert made["unbind"] == [{"integration_id": "id of A", "tenants": [{"name": "w"}]}]
    assert [item["source_id"] for item in made["bindings"]] == [None, "id of B"], "'z' is taken over before 'B' goes"


def test_two_of_a_name_have_to_be_confirmed_twice() -> None:
    found = {**there("A", "x", "x")}
    assert plan([described("A", [])], found, prune=True, tenants=["x"])["faults"]
    assert not plan([described("A", [])], found, prune=True, tenants=["x", "x"])["faults"]


def test_a_description_of_nothing_never_makes_anything_go() -> None:
    [fault] = plan([], there("A", "x"), prune=True, integrations=["A"], tenants=["x"])["faults"]
    assert "nothing is described" in fault


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([described("A"), described(" A ")], ["integrations[0] ('A'): the name 'A' stands for two", "integrations[1]"]),
        ([described("A", ["x"]), described("C", [{"name": "x"}])], ["integrations[1] ('C'): 'x' is listed for 'A' as"]),
        ([described("A", ["x", "x"])], ["integrations[0] ('A'): 'x' is listed twice"]),
        ([described("A", ["y"])], ["'y' is held by 'B', which is not described"]),
        ([described("A", virtual_servers=["x"])], ["the solution of the instance has companies only"]),
        ([described("C", old_name="D")], ["there is no 'D' to rename"]),
        ([described("A", old_name="B")], ["there is a 'B' and a 'A', so nothing can be renamed"]),
        ([described("A"), described("C", old_name="A")], ["the name 'A' stands for two"]),
    ],
)
def test_faults_that_no_module_sees(items: list[Item], says: list[str]) -> None:
    faults = plan(items, there("A", "x"), there("B", "y"))["faults"]
    assert len(faults) == len(says), faults
    assert all(said in fault for said, fault in zip(says, faults, strict=True)), faults


def test_a_tenant_of_two_is_found_out_by_uid_as_well() -> None:
    found = {"id": "1", "name": "x", "registered_name": "old", "uid": "u", "integration_id": None}
    items = [described("A", [{"id": "u"}]), described("B", ["old"])]
    description = {"name": "default", "solution": "business_hub", "integrations": items}
    [fault] = instance_plan(description, [], [found])["faults"]
    assert "'old' is listed for 'A' as well" in fault


@pytest.mark.parametrize("names", [["new", "B"], ["B", "new"]])
def test_a_renamed_integration_is_no_new_one(names: list[str]) -> None:
    items = {"new": described("new", ["x"], old_name="A"), "B": described("B", ["y"])}
    made = plan([items[name] for name in names], there("A", "x", "y"), there("B"))
    kept = {item["name"]: item for item in made["keep"]}
    assert (made["faults"], made["left"]) == ([], {"integrations": [], "tenants": []})
    assert (kept["new"]["known_as"], kept["new"]["new_name"]) == ("A", "new")
    assert "new_name" not in kept["B"]
    assert [item["source_id"] for item in made["bindings"] if item["integration"] == "B"] == ["id of A"]


def test_a_renamed_virtual_server_is_found_by_both_names() -> None:
    found = {"name": "new", "registered_name": "old", "uid": "u", "integration_id": "id of A"}
    for entry in ("new", "old", {"uid": "u"}):
        items = [{"name": "A", "platform": "tigerpaw", "virtual_servers": [entry]}]
        description = {"name": "default", "solution": "security_center", "integrations": items}
        made = instance_plan(description, [there("A")], [found], True)
        assert (made["option"], made["faults"], made["unbind"]) == ("virtual_servers", [], [])


def test_a_name_that_two_have_is_left_to_the_module() -> None:
    made = plan([described("A", ["x"])], there("A", "x"), there("B", "x"))
    assert [item["source_id"] for item in made["bindings"]] == [None]
    assert made["left"] == {"integrations": ["B"], "tenants": []}


@pytest.mark.parametrize("description", [{}, {"integrations": "x"}, {"solution": [], "integrations": ["x", None]}])
def test_what_is_no_description_breaks_nothing(description: Item) -> None:
    assert instance_plan(description, [], [])["delete"] == []
