# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tenants a task means, and that no plan ever gives one tenant to two integrations."""

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
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Integration,
    Solution,
    Tenant,
    TenantKind,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_references import (
    tenant_kind,
    tenant_references,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_resolution import KnownTenants

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def integration(name: str, solution: Solution = Solution.BUSINESS_HUB) -> Integration:
    return Integration(name, "default", name, "tigerpaw", solution, {}, {}, (), 1, MOMENT, MOMENT, MOMENT)


NORTH, SOUTH = integration("North"), integration("South")
SERVERS = integration("Servers", Solution.SECURITY_CENTER)
HOLDERS = {holder.id: holder for holder in (NORTH, SOUTH, SERVERS)}


def company(name: str, uid: str | None = None, holder: Integration | None = None) -> Tenant:
    return _tenant(TenantKind.COMPANY, name, uid, holder)


def server(name: str, uid: str, holder: Integration | None = None, instance: str = "default") -> Tenant:
    return replace(_tenant(TenantKind.VIRTUAL_SERVER, name, uid, holder), instance=instance)


def _tenant(kind: TenantKind, name: str, uid: str | None, holder: Integration | None) -> Tenant:
    held_by = (holder.id, holder.name, MOMENT) if holder else (None, None, None)
    return Tenant(f"{name}/{uid}", "default", kind, uid, name, *held_by)


def plan(
    entries: Sequence[Any],
    known: Iterable[Tenant] = (),
    state: str = "present",
    target: Integration = NORTH,
    move_from: Integration | None = None,
    **options: Any,
) -> BindingPlan:
    """Plan as the operation does: with every tenant known and held that there is."""
    option = "virtual_servers" if target.solution is Solution.SECURITY_CENTER else "companies"
    references = tenant_references({option: list(entries), "state": state, **options}, target)
    found = tuple(known)
    there = KnownTenants(
        found=found,
        held=tuple(tenant for tenant in found if tenant.integration_id == target.id) if state == "exact" else (),
        names=tuple(tenant.name for tenant in found if tenant.instance == target.instance),
    )
    ids = count()
    return plan_binding(target, references, there, state=state, move_from=move_from, new_id=lambda: f"new-{next(ids)}")


def applied(known: Iterable[Tenant], done: BindingPlan) -> list[Tenant]:
    """Return what the registry knows after a plan."""
    tenants = {tenant.id: tenant for tenant in known}
    tenants |= {tenant.id: tenant for tenant in done.added}
    tenants |= {new.id: new for _old, new in done.described}
    holder = done.integration
    for tenant in (*done.bound, *done.moved):
        tenants[tenant.id] = replace(tenants[tenant.id], integration_id=holder.id, integration_name=holder.name)
    for tenant in done.unbound:
        tenants[tenant.id] = replace(tenants[tenant.id], integration_id=None, integration_name=None)
    return list(tenants.values())


def names(tenants: Iterable[Tenant]) -> list[str]:
    return sorted(tenant.name for tenant in tenants)


def faults(entries: Sequence[Any], *arguments: Any, **options: Any) -> dict[str, ErrorCode]:
    return {fault.option: fault.code for fault in refusal(entries, *arguments, **options).faults}


def refusal(entries: Sequence[Any], *arguments: Any, **options: Any) -> InvalidSettings:
    with pytest.raises(InvalidSettings) as caught:
        plan(entries, *arguments, **options)
    return caught.value


# What a task names


def test_a_task_names_either_servers_or_companies() -> None:
    assert tenant_kind({"virtual_servers": []}) is TenantKind.VIRTUAL_SERVER
    assert tenant_kind({"companies": [], "virtual_servers": None}) is TenantKind.COMPANY
    for options in ({}, {"companies": [], "virtual_servers": []}):
        with pytest.raises(InvalidSettings):
            tenant_kind(options)


def test_the_kind_of_tenant_has_to_fit_the_solution() -> None:
    with pytest.raises(InvalidSettings) as caught:
        tenant_references({"companies": ["Acme"]}, SERVERS)
    assert caught.value.code is ErrorCode.INSTANCE_MISMATCH
    assert "virtual_servers" in caught.value.message


@pytest.mark.parametrize(
    ("entry", "option"),
    [
        (7, "companies[0]"),
        (None, "companies[0]"),
        (["Acme"], "companies[0]"),
        ({}, "companies[0]"),
        ({"new": True}, "companies[0]"),
        ("", "companies[0].name"),
        (" ", "companies[0].name"),
        ("a\nb", "companies[0].name"),
        ({"name": "x" * 256}, "companies[0].name"),
        ({"id": 7}, "companies[0].id"),
        ({"id": "x" * 256}, "companies[0].id"),
        ({"id": "********", "name": "Acme"}, "companies[0].id"),
        ({"id": "1", "uid": "2", "name": "Acme"}, "companies[0].id"),
        ({"nam": "Acme"}, "companies[0].nam"),
        ({"name": "Acme", "new": "yes"}, "companies[0].new"),
    ],
)
def test_an_entry_that_is_no_tenant_is_refused(entry: Any, option: str) -> None:
    assert list(faults([entry])) == [option]


def test_an_entry_without_a_name_and_an_identifier_is_no_unknown_tenant() -> None:
    assert faults([{}, {"new": True}]) == dict.fromkeys(["companies[0]", "companies[1]"], ErrorCode.INVALID_SETTINGS)


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    assert "did you mean name" in refusal([{"nam": "Acme"}]).message
    with pytest.raises(InvalidSettings, match="did you mean uid"):
        plan([{"uidd": "1", "name": "vs"}], target=SERVERS)
    with pytest.raises(InvalidSettings, match="new: is unknown"):
        plan([{"uid": "1", "name": "vs", "new": True}], target=SERVERS)


def test_the_identifier_of_a_company_has_two_names() -> None:
    assert plan([{"id": "1", "name": "Acme"}]).bound[0].uid == "1"
    assert plan([{"uid": "1", "name": "Acme"}]).bound[0].uid == "1"


def test_all_faulty_entries_are_reported_together() -> None:
    assert set(faults(["Acme", "", 7, {"name": "\n", "id": " "}, "Acme"])) == {
        "companies[1].name",
        "companies[2]",
        "companies[3].name",
        "companies[3].id",
        "companies[4]",
    }


def test_an_entry_is_named_once() -> None:
    assert list(faults(["Acme", " Acme "])) == ["companies[1]"]
    assert list(faults([{"id": "1", "name": "Acme"}, {"id": "1", "name": "Other"}])) == ["companies[1]"]


@pytest.mark.parametrize("known", [[], [company("Acme", "1")], [company("Acme", "9")], [company("Acme")]])
def test_a_name_alone_beside_the_same_name_with_an_identifier_is_refused(known: list[Tenant]) -> None:
    """Accepted at first, it could not be told afterwards which of the two it means."""
    assert list(faults(["Acme", {"id": "1", "name": "Acme"}], known)) == ["companies[0]"]


def test_two_entries_that_mean_one_tenant_are_refused() -> None:
    known = [company("Acme", "1")]
    assert list(faults(["Acme", {"id": "1"}], known)) == ["companies[1]"]
    assert list(faults(["Acme", {"id": "1", "name": "Renamed"}], known)) == ["companies[1]"]


def test_exact_with_an_empty_list_has_to_be_meant() -> None:
    known = [company("Acme", holder=NORTH)]
    assert list(faults([], known, state="exact")) == ["companies"]
    assert names(plan([], known, state="exact", allow_empty=True).unbound) == ["Acme"]
    assert not plan([], known).changed


# Binding


def test_a_new_company_is_added_and_bound() -> None:
    done = plan(["Acme", {"id": "1", "name": "Other"}])
    assert names(done.bound) == names(done.added) == ["Acme", "Other"]
    assert all(tenant.kind is TenantKind.COMPANY and tenant.integration_id is None for tenant in done.added)
    assert done.touched_integrations == [NORTH.id]


def test_a_new_virtual_server_needs_uid_and_name() -> None:
    assert faults(["vs"], target=SERVERS) == {"virtual_servers[0]": ErrorCode.TENANT_UNKNOWN}
    assert faults([{"uid": "1"}], target=SERVERS) == {"virtual_servers[0]": ErrorCode.TENANT_UNKNOWN}
    assert names(plan([{"uid": "1", "name": "vs"}], target=SERVERS).added) == ["vs"]


def test_an_unknown_virtual_server_is_refused_with_near_names() -> None:
    known = [server("Harbour Dental", "1")]
    assert "did you mean 'Harbour Dental'" in refusal(["Harbor Dental"], known, target=SERVERS).message


def test_a_known_tenant_is_found_by_name_and_by_identifier() -> None:
    known = [server("vs", "1")]
    for entry in ("vs", {"uid": "1"}, {"uid": "1", "name": "vs"}, {"name": "vs"}):
        done = plan([entry], known, target=SERVERS)
        assert (done.bound, done.added, done.described) == (tuple(known), (), ())


def test_a_tenant_that_is_held_already_is_unchanged() -> None:
    known = [company("Acme", holder=NORTH)]
    done = plan(["Acme"], known)
    assert not done.changed
    assert done.unchanged == tuple(known)


def test_a_new_name_for_a_known_identifier_is_written() -> None:
    known = [server("Old", "1", SERVERS)]
    done = plan([{"uid": "1", "name": "New"}], known, target=SERVERS)
    assert done.changed
    assert [(old.name, new.name) for old, new in done.described] == [("Old", "New")]
    assert (names(done.renamed), done.identified) == (["New"], [])
    assert names(done.unchanged) == ["New"]


def test_a_company_declared_by_name_gets_its_identifier_later() -> None:
    done = plan([{"id": "1", "name": "Acme"}], [company("Acme", holder=NORTH)])
    assert [(old.uid, new.uid) for old, new in done.described] == [(None, "1")]
    assert (done.renamed, names(done.identified)) == ([], ["Acme"])
    assert done.added == ()


def test_another_identifier_makes_another_company_of_the_same_name() -> None:
    known = [company("Acme", "1", NORTH)]
    done = plan([{"id": "2", "name": "Acme"}], known)
    assert [tenant.uid for tenant in done.added] == ["2"]


def test_a_name_that_several_tenants_have_is_refused_with_their_identifiers() -> None:
    known = [company("Acme", "1"), company("Acme", "2")]
    refused = refusal(["Acme"], known)
    assert refused.code is ErrorCode.TENANT_UNKNOWN
    assert "1, 2" in refused.message
    assert names(plan([{"id": "1"}], known).bound) == ["Acme"]


def test_a_nearly_known_company_has_to_be_meant() -> None:
    known = [company("Harbour Dental")]
    assert faults(["Harbor Dental"], known) == {"companies[0]": ErrorCode.TENANT_UNKNOWN}
    assert names(plan([{"name": "Harbor Dental", "new": True}], known).added) == ["Harbor Dental"]
    assert names(plan([{"name": "Harbor Dental", "id": "1"}], known).added) == ["Harbor Dental"]


def test_a_virtual_server_of_another_instance_is_refused() -> None:
    known = [server("vs", "1", instance="other")]
    assert faults([{"uid": "1", "name": "vs"}], known, target=SERVERS) == {
        "virtual_servers[0]": ErrorCode.INSTANCE_MISMATCH
    }


# Held tenants


def test_a_held_tenant_is_refused_naming_its_holder() -> None:
    refused = refusal(["Acme", "Other"], [company("Acme", holder=SOUTH)])
    assert refused.code is ErrorCode.TENANT_HELD
    assert "held by the integration 'South'" in refused.message


def test_all_held_tenants_are_named_at_once() -> None:
    known = [company("One", holder=SOUTH), company("Two", holder=SOUTH), company("Three")]
    assert list(faults(["One", "Two", "Three"], known)) == ["companies[0]", "companies[1]"]


def test_every_fault_names_the_entry_that_it_is_about() -> None:
    known = [company("Twin", uid="1"), company("Twin", uid="2"), company("Harbour Dental")]
    entries = ["Twin", "Harbor Dental", {"id": "3"}, "Repeated"]
    assert [fault.entry for fault in refusal(entries, known).faults] == ["Twin", "Harbor Dental", "3"]
    assert [fault.entry for fault in refusal([{"uid": "held"}], [company("Held", "held", SOUTH)]).faults] == ["Held"]
    refused = refusal([*entries, "Repeated"], known)
    assert [fault.entry for fault in refused.faults] == ["Repeated"]
    assert "companies[4] ('Repeated'): " in refused.message


def test_move_from_takes_over_from_that_integration_only() -> None:
    other = integration("Other")
    known = [company("Acme", holder=SOUTH), company("Free"), company("Mine", holder=NORTH)]
    done = plan(["Acme", "Free", "Mine"], known, move_from=SOUTH)
    assert (names(done.moved), names(done.bound), names(done.unchanged)) == (["Acme"], ["Free"], ["Mine"])
    assert done.touched_integrations == [NORTH.id, SOUTH.id]
    assert faults(["Acme"], known, move_from=other) == {"companies[0]": ErrorCode.TENANT_HELD}


@pytest.mark.parametrize("state", ["present", "exact"])
def test_a_refused_tenant_is_refused_in_every_state_that_binds(state: str) -> None:
    assert faults(["Acme"], [company("Acme", holder=SOUTH)], state=state) == {"companies[0]": ErrorCode.TENANT_HELD}


# Unbinding


def test_absent_frees_what_the_integration_holds_and_nothing_else() -> None:
    known = [company("Mine", holder=NORTH), company("Theirs", holder=SOUTH), company("Free")]
    done = plan(["Mine", "Theirs", "Free", "Unheard-of"], known, state="absent")
    assert names(done.unbound) == ["Mine"]
    assert names(done.unchanged) == ["Free", "Theirs"]
    assert (done.added, done.bound, done.moved, done.described) == ((), (), (), ())


def test_absent_refuses_what_could_mean_several_tenants() -> None:
    known = [company("Acme", "1", NORTH), company("Acme", "2", NORTH)]
    assert faults(["Acme"], known, state="absent") == {"companies[0]": ErrorCode.TENANT_UNKNOWN}


def test_absent_writes_no_new_name() -> None:
    done = plan([{"id": "1", "name": "New"}], [company("Old", "1", NORTH)], state="absent")
    assert done.described == ()
    assert len(done.unbound) == 1


def test_absent_warns_of_a_nearly_known_name() -> None:
    done = plan(["Harbor Dental"], [company("Harbour Dental", holder=NORTH)], state="absent")
    assert not done.changed
    assert "'Harbour Dental'" in done.warnings[0]


def test_exact_frees_what_is_not_listed() -> None:
    known = [company("Keep", holder=NORTH), company("Drop", holder=NORTH), company("Theirs", holder=SOUTH)]
    done = plan(["Keep", "Fresh"], known, state="exact")
    assert (names(done.bound), names(done.unbound), names(done.unchanged)) == (["Fresh"], ["Drop"], ["Keep"])


# For every state of a registry there is


@st.composite
def registries(draw: st.DrawFn) -> list[Tenant]:
    """Draw companies of which no two have the same identifier, nor the same name without one."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(["Acme", "Acmee", "Borg", "Cyan"]), st.sampled_from([None, "1", "2", "3"])),
            unique_by=(lambda key: key[1] or key[0]),
            max_size=5,
        )
    )
    holders = st.sampled_from([None, NORTH, SOUTH])
    return [company(name, uid, draw(holders)) for name, uid in keys]


entries = st.lists(
    st.one_of(
        st.sampled_from(["Acme", "Acmee", "Borg", "Delta", " Acme", ""]),
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["1", "2", "9"]),
                "name": st.sampled_from(["Acme", "Borg", "Echo"]),
                "new": st.booleans(),
            },
        ),
    ),
    max_size=4,
)
states = st.sampled_from(["present", "absent", "exact"])


@given(registries(), entries, states, st.sampled_from([None, SOUTH]))
def test_a_plan_is_refused_or_right(
    known: list[Tenant], wanted: list[Any], state: str, move_from: Integration | None
) -> None:
    try:
        done = plan(wanted, known, state, move_from=move_from, allow_empty=True)
    except InvalidSettings:
        return
    before = {tenant.id: tenant for tenant in known}
    after = {tenant.id: tenant for tenant in applied(known, done)}
    decided = [tenant.id for tenant in (*done.bound, *done.moved, *done.unbound, *done.unchanged)]
    assert len(set(decided)) == len(decided), "every tenant is decided on once"
    for tenant_id, tenant in after.items():
        was = before[tenant_id].integration_id if tenant_id in before else None
        if was == SOUTH.id and tenant.integration_id != SOUTH.id:
            assert move_from is SOUTH, "nobody loses a tenant that was not to be taken over"
        if state == "absent":
            assert tenant.integration_id == was or (was, tenant.integration_id) == (NORTH.id, None)
    if state != "absent":
        held = [tenant for tenant in after.values() if tenant.integration_id == NORTH.id]
        assert len(held) >= len(wanted)
        assert state == "present" or len(held) == len(wanted)


@given(registries(), entries, states, st.sampled_from([None, SOUTH]))
def test_the_same_task_again_changes_nothing(
    known: list[Tenant], wanted: list[Any], state: str, move_from: Integration | None
) -> None:
    try:
        done = plan(wanted, known, state, move_from=move_from, allow_empty=True)
    except InvalidSettings:
        return
    again = plan(wanted, applied(known, done), state, move_from=move_from, allow_empty=True)
    assert not again.changed
    assert again.added == ()


@given(registries(), entries)
def test_what_was_unbound_can_be_bound_again(known: list[Tenant], wanted: list[Any]) -> None:
    try:
        done = plan(wanted, known, "absent")
    except InvalidSettings:
        return
    given_back = [{"uid": item.uid, "name": item.name} if item.uid else item.name for item in done.unbound]
    freed = applied(known, done)
    namesakes = [item.name for item in freed]
    if all(item.uid or namesakes.count(item.name) == 1 for item in done.unbound):
        assert sorted(tenant.id for tenant in plan(given_back, freed).bound) == sorted(
            tenant.id for tenant in done.unbound
        )
