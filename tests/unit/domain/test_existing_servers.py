# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which virtual servers a task means when Security Center tells what there is, under which name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.binding_plan import BindingPlan, plan_binding
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, InvalidSettings
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.existing_servers import ExistingServers
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Directory,
    Integration,
    Solution,
    Tenant,
    TenantKind,
    VirtualServer,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_references import tenant_references
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_resolution import KnownTenants

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def integration(name: str) -> Integration:
    solution = Solution.SECURITY_CENTER
    return Integration(name, "default", name, "tigerpaw", solution, {}, {}, (), 1, MOMENT, MOMENT, MOMENT)


NORTH, SOUTH = integration("North"), integration("South")


def known_as(name: str, uid: str, holder: Integration | None = None, instance: str = "default") -> Tenant:
    held_by = (holder.id, holder.name, MOMENT) if holder else (None, None, None)
    return Tenant(f"id of {uid}", instance, TenantKind.VIRTUAL_SERVER, uid, name, *held_by)


def existing(**servers: str) -> list[VirtualServer]:
    """Make virtual servers; ``a="Acme"`` has the uid ``a`` and the name ``Acme``."""
    return [VirtualServer(uid, name) for uid, name in servers.items()]


def plan(
    entries: Sequence[Any],
    servers: Iterable[VirtualServer],
    known: Iterable[Tenant] = (),
    state: str = "present",
    move_from: Integration | None = None,
) -> BindingPlan:
    """Plan as the operation does, with every tenant known and held that there is."""
    options = {"virtual_servers": list(entries), "state": state, "allow_empty": True}
    found, ids = tuple(known), count()
    there = KnownTenants(
        found=found,
        held=tuple(tenant for tenant in found if tenant.integration_id == NORTH.id),
        names=tuple(tenant.name for tenant in found if tenant.instance == "default"),
    )
    return plan_binding(
        NORTH,
        tenant_references(options, NORTH),
        there,
        state=state,
        move_from=move_from,
        new_id=lambda: f"new-{next(ids)}",
        existing=ExistingServers(Directory(None, tuple(servers))),
    )


def applied(known: Iterable[Tenant], done: BindingPlan) -> list[Tenant]:
    """Return what the registry knows after a plan."""
    tenants = {tenant.id: tenant for tenant in known}
    tenants |= {tenant.id: tenant for tenant in done.added}
    tenants |= {new.id: new for _old, new in done.described}
    for tenant in (*done.bound, *done.moved):
        tenants[tenant.id] = replace(tenants[tenant.id], integration_id=NORTH.id, integration_name=NORTH.name)
    for tenant in done.unbound:
        tenants[tenant.id] = replace(tenants[tenant.id], integration_id=None, integration_name=None)
    return [replace(tenant, id=f"id of {tenant.uid}") for tenant in tenants.values()]


def refusal(*arguments: Any, **options: Any) -> InvalidSettings:
    with pytest.raises(InvalidSettings) as caught:
        plan(*arguments, **options)
    return caught.value


def pairs(tenants: Iterable[Tenant] | None) -> list[tuple[str | None, str]]:
    assert tenants is not None
    return sorted((tenant.uid, tenant.name) for tenant in tenants)


# By identifier


def test_a_uid_brings_the_name_that_security_center_has() -> None:
    done = plan([{"uid": "a"}], existing(a="Acme"))
    assert pairs(done.added) == pairs(done.bound) == [("a", "Acme")]
    assert done.warnings == ()


def test_a_wrong_name_beside_a_uid_is_corrected_with_a_warning() -> None:
    done = plan([{"uid": "a", "name": "Acne"}], existing(a="Acme"))
    assert pairs(done.bound) == [("a", "Acme")]
    assert done.warnings == (
        "Security Center has other names than the task: virtual_servers[0] 'Acne' is called 'Acme' (a).",
    )


@pytest.mark.parametrize("state", ["present", "exact"])
def test_a_uid_that_does_not_exist_is_refused(state: str) -> None:
    refused = refusal([{"uid": "x"}], existing(a="Acme"), state=state)
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert "or the account may not see it" in refused.message


@pytest.mark.parametrize("state", ["present", "absent", "exact"])
def test_the_uid_of_one_beside_the_name_of_another_is_refused(state: str) -> None:
    servers = existing(a="Acme", b="Borg")
    error = refusal([{"uid": "a", "name": "Borg"}], servers, [known_as("Acme", "a", NORTH)], state)
    assert error.code is ErrorCode.TENANT_UNKNOWN
    assert "has the uid of 'Acme', and the name of another one (b)" in error.message


def test_a_uid_that_does_not_exist_is_refused_with_whom_the_name_may_mean() -> None:
    servers = existing(a="Acme", h="Harbour Dental")
    assert "'Acme' has a" in refusal([{"uid": "x", "name": "Acme"}], servers).message
    assert "did you mean 'Harbour Dental'" in refusal([{"uid": "x", "name": "Harbor Dental"}], servers).message


def test_a_held_one_that_was_renamed_gets_its_new_name() -> None:
    known = [known_as("Old", "a", NORTH)]
    done = plan([{"uid": "a"}], existing(a="New"), known)
    assert done.changed
    assert [(old.name, new.name) for old, new in done.described] == [("Old", "New")]
    assert pairs(done.unchanged) == [("a", "New")]


# By name


def test_a_name_is_looked_up() -> None:
    done = plan(["Acme", " Other "], existing(a="Acme", b="Other", c="Third"))
    assert pairs(done.added) == pairs(done.bound) == [("a", "Acme"), ("b", "Other")]


def test_a_name_of_several_is_refused_with_their_uids() -> None:
    refused = refusal(["Acme"], existing(a="Acme", b="Acme"), [known_as("Acme", "a", NORTH)])
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert "2 virtual servers" in refused.message
    assert "a, b" in refused.message


def test_of_very_many_of_one_name_not_all_are_told() -> None:
    message = refusal(["Acme"], [VirtualServer(f"uid-{number}", "Acme") for number in range(500)]).message
    assert "uid-9 and 490 more" in message
    assert "uid-10" not in message


def test_unknown_names_are_refused_together_with_near_ones() -> None:
    refused = refusal(["Harbor Dental", "Nothing Like It", "Acme Ltd"], existing(h="Harbour Dental", a="Acme Limited"))
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert [fault.option for fault in refused.faults] == [f"virtual_servers[{number}]" for number in range(3)]
    assert "'Harbour Dental'" in refused.faults[0].message
    assert "or the account may not see it" in refused.faults[1].message
    assert "'Acme Limited'" in refused.faults[2].message, "what is further off than one typing error is found as well"


def test_a_virtual_server_of_another_instance_is_refused() -> None:
    known = [known_as("Acme", "a", instance="other")]
    for entry in ("Acme", {"uid": "a"}):
        assert refusal([entry], existing(a="Acme"), known).code is ErrorCode.INSTANCE_MISMATCH


def test_two_entries_that_mean_one_are_refused() -> None:
    for known in ([], [known_as("Acme", "a")]):
        refused = refusal(["Acme", {"uid": "a"}], existing(a="Acme"), known)
        assert [fault.option for fault in refused.faults] == ["virtual_servers[1]"]
        assert "the same tenant as virtual_servers[0]" in refused.message


def test_a_held_one_is_refused_naming_its_holder() -> None:
    known = [known_as("Acme", "a", SOUTH)]
    assert refusal(["Acme"], existing(a="Acme"), known).code is ErrorCode.TENANT_HELD
    assert pairs(plan(["Acme"], existing(a="Acme"), known, move_from=SOUTH).moved) == [("a", "Acme")]


# Renamed ones


@pytest.mark.parametrize("state", ["present", "exact"])
def test_one_that_was_renamed_stays_bound_by_its_old_name(state: str) -> None:
    known = [known_as("Old", "a", NORTH)]
    done = plan(["Old"], existing(a="New"), known, state)
    assert not done.changed
    assert pairs(done.unchanged) == [("a", "Old")]
    assert "'Old' is called 'New' (a)" in done.warnings[0]


def test_one_that_was_renamed_can_be_bound_by_its_old_name() -> None:
    known = [known_as("Old", "a")]
    done = plan(["Old"], existing(a="New"), known)
    assert pairs(done.bound) == [("a", "Old")]
    assert done.described == ()
    assert not plan(["Old"], existing(a="New"), applied(known, done)).changed


@pytest.mark.parametrize("entry", ["New", {"uid": "a"}, {"uid": "a", "name": "New"}, {"uid": "a", "name": "Old"}])
def test_one_that_was_renamed_is_written_under_its_new_name(entry: Any) -> None:
    known = [known_as("Old", "a", NORTH)]
    done = plan([entry], existing(a="New"), known)
    assert [(old.name, new.name) for old, new in done.described] == [("Old", "New")]
    assert not plan([entry], existing(a="New"), applied(known, done)).changed


@pytest.mark.parametrize("state", ["present", "exact", "absent"])
def test_an_old_name_that_another_one_has_now_is_refused(state: str) -> None:
    known = [known_as("Acme", "a", NORTH)]
    refused = refusal(["Acme"], existing(a="Acme Holding", b="Acme"), known, state)
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert "b, a" in refused.message


def test_an_old_name_of_one_that_is_not_bound_here_is_nobodys() -> None:
    for holder in (None, SOUTH):
        known = [known_as("Acme", "a", holder)]
        assert pairs(plan(["Acme"], existing(a="Acme Holding", b="Acme"), known).added) == [("b", "Acme")]


def test_an_old_name_of_several_is_refused() -> None:
    known = [known_as("Old", "a", NORTH), known_as("Old", "b")]
    refused = refusal(["Old"], existing(a="New", b="Newer"), known)
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert "a, b" in refused.message


def test_an_old_name_of_several_is_unbound_where_one_is_held() -> None:
    known = [known_as("Old", "a", NORTH), known_as("Old", "b"), known_as("Old", "c", SOUTH)]
    done = plan(["Old"], existing(a="New", b="Newer", c="Newest"), known, "absent")
    assert pairs(done.unbound) == [("a", "Old")]


def test_the_old_and_the_new_name_are_the_same_one() -> None:
    assert "means the same" in refusal(["Old", "New"], existing(a="New"), [known_as("Old", "a", NORTH)]).message


def test_of_very_many_renamed_ones_not_all_are_told() -> None:
    known = [known_as(f"Old {number}", f"uid-{number}", NORTH) for number in range(500)]
    servers = [VirtualServer(f"uid-{number}", f"New {number}") for number in range(500)]
    done = plan([tenant.name for tenant in known], servers, known)
    assert len(done.warnings) == 1
    assert "and 490 more" in done.warnings[0]


# Vanished ones


@pytest.mark.parametrize("state", ["present", "exact"])
@pytest.mark.parametrize("entry", ["Gone", {"uid": "x"}, {"uid": "x", "name": "Else"}])
def test_one_that_vanished_stays_bound_and_is_reported(entry: Any, state: str) -> None:
    done = plan([entry], existing(a="Acme"), [known_as("Gone", "x", NORTH)], state)
    assert not done.changed
    assert pairs(done.stale) == pairs(done.unchanged) == [("x", "Gone")]
    assert "'Gone' (x)" in done.warnings[0]
    assert "state: absent" in done.warnings[0]


def test_every_one_that_vanished_is_reported() -> None:
    known = [known_as("Gone", "x", NORTH), known_as("Free", "y"), known_as("Theirs", "z", SOUTH)]
    done = plan(["Acme"], existing(a="Acme"), known)
    assert pairs(done.stale) == [("x", "Gone")]
    assert pairs(plan(["Acme"], existing(a="Acme")).stale) == []


@pytest.mark.parametrize(("holder", "told"), [(None, "no longer exists"), (SOUTH, "'South' still holds it")])
def test_one_that_vanished_is_not_bound_anew(holder: Integration | None, told: str) -> None:
    for entry in ("Gone", {"uid": "x"}):
        refused = refusal([entry], existing(a="Acme"), [known_as("Gone", "x", holder)], move_from=SOUTH)
        assert refused.code is ErrorCode.TENANT_UNKNOWN
        assert told in refused.message


@pytest.mark.parametrize("entry", ["Gone", {"uid": "x"}, {"uid": "x", "name": "Else"}])
def test_one_that_vanished_can_be_unbound(entry: Any) -> None:
    done = plan([entry], existing(a="Acme"), [known_as("Gone", "x", NORTH)], "absent")
    assert pairs(done.unbound) == [("x", "Gone")]
    assert pairs(done.stale) == []
    assert done.warnings == ()


def test_exact_unbinds_what_is_not_listed_also_if_it_vanished() -> None:
    known = [known_as("Gone", "x", NORTH), known_as("Acme", "a", NORTH)]
    done = plan(["Acme"], existing(a="Acme"), known, "exact")
    assert pairs(done.unbound) == [("x", "Gone")]
    assert pairs(done.stale) == []


def test_one_that_was_replaced_by_another_of_its_name_gives_the_name_to_it() -> None:
    known = [known_as("Acme", "x", NORTH)]
    done = plan(["Acme"], existing(a="Acme"), known)
    assert pairs(done.added) == [("a", "Acme")]
    assert pairs(done.stale) == [("x", "Acme")]
    assert not plan(["Acme"], existing(a="Acme"), applied(known, done)).changed


def test_one_that_was_replaced_by_another_of_its_name_can_be_unbound_by_it() -> None:
    gone, replacement = known_as("Acme", "x", NORTH), known_as("Acme", "a")
    for known in ([gone], [gone, replacement]):
        assert pairs(plan(["Acme"], existing(a="Acme"), known, "absent").unbound) == [("x", "Acme")]
    both = [gone, replace(replacement, integration_id=NORTH.id)]
    assert "a, x" in refusal(["Acme"], existing(a="Acme"), both, "absent").message


def test_exact_does_not_put_a_namesake_in_the_place_of_one_that_is_gone() -> None:
    known = [known_as("Acme", "x", NORTH), known_as("Borg", "y", NORTH)]
    elsewhere = existing(a="Acme", b="Borg")  # as on another server, which has clients of the same names
    error = refusal(["Acme", "Borg"], elsewhere, known, "exact")
    assert error.code is ErrorCode.TENANT_UNKNOWN
    assert "a, x" in error.message
    assert "b, y" in error.message
    identified = plan([{"uid": "a"}, {"uid": "b"}], elsewhere, known, "exact")
    assert pairs(identified.unbound) == [("x", "Acme"), ("y", "Borg")]


# Unbinding


def test_absent_frees_by_any_name_and_adds_nothing() -> None:
    known = [known_as("Old", "a", NORTH), known_as("Theirs", "b", SOUTH)]
    servers = existing(a="New", b="Theirs", c="Unregistered")
    for entry in ("Old", "New", {"uid": "a"}):
        done = plan([entry, "Theirs", "Unregistered"], servers, known, "absent")
        assert pairs(done.unbound) == [("a", "Old")]
        assert pairs(done.unchanged) == [("b", "Theirs")]
        assert (done.added, done.described) == ((), ())


def test_absent_warns_of_a_nearly_known_name() -> None:
    known = [known_as("Harbour Dental", "a", NORTH)]
    done = plan(["Harbor Dental"], existing(a="Harbour Dental"), known, "absent")
    assert not done.changed
    assert "'Harbour Dental'" in done.warnings[0]


# For every registry and every Security Center that there is

NAMES, UIDS = ["Acme", "Acmee", "Borg", "Cyan"], ["a", "b", "c", "d"]


@st.composite
def registries(draw: st.DrawFn) -> list[Tenant]:
    uids = draw(st.lists(st.sampled_from(UIDS), unique=True))
    names, holders = st.sampled_from(NAMES), st.sampled_from([None, NORTH, SOUTH])
    return [known_as(draw(names), uid, draw(holders)) for uid in uids]


centers = st.dictionaries(st.sampled_from(UIDS), st.sampled_from(NAMES)).map(lambda found: existing(**found))
wanted = st.lists(
    st.one_of(
        st.sampled_from([*NAMES, "Delta", " Acme"]),
        st.fixed_dictionaries({"uid": st.sampled_from(UIDS)}, optional={"name": st.sampled_from(NAMES)}),
    ),
    max_size=4,
)
states = st.sampled_from(["present", "absent", "exact"])
givers = st.sampled_from([None, SOUTH])


@given(registries(), centers, wanted, states, givers)
def test_a_plan_is_refused_or_right(
    known: list[Tenant], servers: list[VirtualServer], entries: list[Any], state: str, move_from: Integration | None
) -> None:
    try:
        done = plan(entries, servers, known, state, move_from)
    except InvalidSettings:
        return
    before, after = {item.uid: item for item in known}, {item.uid: item for item in applied(known, done)}
    there = {server.uid for server in servers}
    assert len(after) == len(known) + len(done.added), "no virtual server is known twice"
    for uid, tenant in after.items():
        was = before[uid].integration_id if uid in before else None
        assert was == tenant.integration_id or SOUTH.id != was or move_from is SOUTH, "nobody else loses anything"
        if tenant.integration_id == NORTH.id and was != NORTH.id:
            assert uid in there, "only what exists is bound"
        if was == NORTH.id and uid not in there and state == "present":
            assert tenant.integration_id == NORTH.id, "what vanished is not unbound by itself"
    held = {uid for uid, tenant in after.items() if tenant.integration_id == NORTH.id}
    assert {tenant.uid for tenant in done.stale} == held - there
    assert state != "exact" or len(held) == len(entries)


@given(registries(), centers, wanted, states, givers)
def test_the_same_task_again_changes_nothing(
    known: list[Tenant], servers: list[VirtualServer], entries: list[Any], state: str, move_from: Integration | None
) -> None:
    try:
        done = plan(entries, servers, known, state, move_from)
    except InvalidSettings:
        return
    again = plan(entries, servers, applied(known, done), state, move_from)
    assert not again.changed
    assert again.added == ()
