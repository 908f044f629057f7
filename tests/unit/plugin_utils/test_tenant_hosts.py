# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names from outside become parts of hosts and groups, and can mean nothing else there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.inventory.manager import PATTERN_WITH_SUBSCRIPT, split_host_pattern
from ansible.parsing.utils.addresses import parse_address
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.plugin_utils.tenant_hosts import (
    FIELDS,
    TenantHost,
    distinct,
    host_name,
    identifier,
    tenant_hosts,
)

HOST_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{12}")
GROUP_NAME = re.compile(r"kaspersky_\w+")
NAMES = st.text(min_size=1, max_size=255)
ALIKE = st.text("ab_ -!", min_size=1, max_size=4)


def tenant(**told: Any) -> dict[str, Any]:
    """Make a virtual server that nobody holds."""
    blank = {**dict.fromkeys(FIELDS), "kind": "virtual_server", "uid": "VSRV1", "name": "Acme", "bound": False}
    return blank | told


def held(by: str, called: str, **told: Any) -> dict[str, Any]:
    return tenant(bound=True, integration_id=by, integration=called, platform="tigerpaw", **told)


def host(**told: Any) -> TenantHost:
    [made] = tenant_hosts([tenant(**told)])
    return made


# Hosts


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Harbour Dental", "harbour-dental"),
        ("db01.example.com", "db01-example-com"),
        ("10.0.0.1", "10-0-0-1"),
        ("localhost", "localhost"),
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ("Straße", "strasse"),
        ("--Acme--", "acme"),
        ("all:!acme[0:5]", "all-acme-0-5"),
        ("{{ lookup('pipe', 'id') }}", "lookup-pipe-id"),
        ("株式会社", "tenant"),
        ("!!!", "tenant"),
        ("a" * 255, "a" * 47),
        ("a" * 46 + " b", "a" * 46),
    ],
)
def test_a_host_is_called_by_a_slug_and_a_short_identifier(name: str, slug: str) -> None:
    told = tenant(name=name)
    assert host_name(told) == f"{slug}-{identifier(told)[:12]}"


def test_the_name_of_a_host_is_the_same_in_every_version() -> None:
    assert host(name="Harbour Dental", uid="VSRV1").name == "harbour-dental-c48786fc0aa1"
    assert host(name="Harbour Dental", kind="company", id="1", uid="VSRV1").name == "harbour-dental-78f70c807c44"


@given(NAMES, NAMES)
def test_a_host_name_means_one_host_and_nothing_else(name: str, uid: str) -> None:
    made = host(name=name, uid=uid).name
    assert HOST_NAME.fullmatch(made)
    assert len(made) <= 60
    assert split_host_pattern(made) == [made]
    assert not PATTERN_WITH_SUBSCRIPT.match(made)
    assert parse_address(made) == (made, None)


@given(st.from_regex(r"[a-z0-9-]{1,30}(\.[a-z0-9-]{1,30}){0,3}", fullmatch=True), NAMES)
def test_a_tenant_never_takes_the_place_of_a_server_of_its_name(name: str, uid: str) -> None:
    assert host(name=name, uid=uid).name != name
    assert "." not in host(name=name, uid=uid).name


@given(NAMES, NAMES, st.booleans(), st.none() | st.text())
def test_one_virtual_server_is_one_host_whatever_the_source(name: str, uid: str, known: bool, key: str | None) -> None:
    only_here, everywhere = tenant(name=name, uid=uid), tenant(name=name, uid=uid, known=known, id=key, stale=not known)
    assert host_name(only_here) == host_name(everywhere)


@given(st.sets(st.tuples(st.sampled_from(["virtual_server", "company"]), NAMES), min_size=2))
def test_different_tenants_are_different_hosts(keys: set[tuple[str, str]]) -> None:
    tenants = [tenant(kind=kind, uid=key, id=key, name="株式会社") for kind, key in keys]
    assert len({made.name for made in tenant_hosts(tenants)}) == len(keys)


def test_companies_are_told_apart_by_their_id_because_uids_are_the_users_choice() -> None:
    companies = [tenant(kind="company", id=key, uid="1042") for key in ("1", "2")]
    assert len({made.name for made in tenant_hosts(companies)}) == 2


@given(st.dictionaries(st.integers(), st.sampled_from(["a", "a-1", "a-1-1", "a-2", "b"])))
def test_shared_names_become_distinct(names: dict[int, str]) -> None:
    found = distinct(names, str)
    assert len(set(found.values())) == len(names)
    alone = {key for key, name in names.items() if list(names.values()).count(name) == 1}
    assert all(found[key].startswith(names[key]) for key in names)
    assert len({"a", "b"} & {found[key] for key in alone}) == len({"a", "b"} & {names[key] for key in alone})


def test_hosts_have_what_is_told_of_tenants() -> None:
    variables = host(name="{{ 1 }}", uid="VSRV2", known=False).variables
    assert set(variables) == {f"kaspersky_tenant_{name}" for name in (*FIELDS, "solution")}
    assert variables["kaspersky_tenant_name"] == "{{ 1 }}"
    assert variables["kaspersky_tenant_solution"] == "security_center"


# Groups


@pytest.mark.parametrize(
    ("told", "groups"),
    [
        ({}, {"solution_security_center", "unbound"}),
        ({"kind": "company", "id": "1"}, {"solution_business_hub", "unbound"}),
        ({"bound": None}, {"solution_security_center"}),
        ({"known": True, "stale": False, "enabled": True}, {"solution_security_center", "unbound"}),
        ({"known": False}, {"solution_security_center", "unbound", "unknown"}),
        ({"stale": True}, {"solution_security_center", "unbound", "stale"}),
        ({"enabled": False}, {"solution_security_center", "unbound", "disabled"}),
        (
            held("1", "Integration with Tigerpaw"),
            {"solution_security_center", "bound", "platform_tigerpaw", "integration_Integration_with_Tigerpaw"},
        ),
    ],
)
def test_groups_tell_how_things_are(told: dict[str, Any], groups: set[str]) -> None:
    assert set(host(**told).groups) == {f"kaspersky_{group}" for group in groups}


@given(NAMES)
def test_the_name_of_a_group_is_valid_whatever_an_integration_is_called(name: str) -> None:
    assert all(GROUP_NAME.fullmatch(group) for group in host(**held("1", name)).groups)


@given(st.dictionaries(st.uuids().map(str), ALIKE, min_size=1, max_size=6))
def test_integrations_never_share_a_group(integrations: dict[str, str]) -> None:
    tenants = [held(key, name, uid=key) for key, name in integrations.items()]
    groups = [made.groups[-1] for made in tenant_hosts(tenants)]
    assert len(set(groups)) == len(integrations)


def test_integrations_that_are_spelled_alike_get_their_ids_as_suffixes() -> None:
    tenants = [held("7f-1", "Acme!", uid="1"), held("7f-2", "Acme?", uid="2"), held("7f-3", "Borg", uid="3")]
    assert [made.groups[-1].removeprefix("kaspersky_integration_") for made in tenant_hosts(tenants)] == [
        "Acme__7f_1",
        "Acme__7f_2",
        "Borg",
    ]


def test_an_integration_keeps_away_from_the_group_of_another_source() -> None:
    tenants = [held("7f-1", "Acme", uid="1"), held("7f-2", "Borg", uid="2")]
    made = tenant_hosts(tenants, lambda group, key: (group, key) == ("kaspersky_integration_Acme", "7f-1"))
    assert [item.groups[-1] for item in made] == ["kaspersky_integration_Acme_7f_1", "kaspersky_integration_Borg"]
