# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of what several sources tell of a tenant, nothing is lost and nothing contradicts itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.plugin_utils.merged_tenants import (
    OF_REGISTRY,
    OF_SECURITY_CENTER,
    merged,
)
from ansible_collections.msp.kaspersky.plugins.plugin_utils.tenant_hosts import FIELDS, tenant_hosts

Told = dict[str, Any]


def told(instance: str, **more: Any) -> Told:
    blank = {**dict.fromkeys(FIELDS), "kind": "virtual_server", "uid": "VSRV1", "name": "Acme", "instance": instance}
    return blank | more


EXISTS: Told = {"stale": False, "enabled": True, "name": "Zenith"}
ONLY_THERE = told("blind", **EXISTS)
UNKNOWN = told("new", **EXISTS, known=False, bound=False)
FREE = told("free", known=True, bound=False, registered_name="Acme", id="1")
HELD = told("held", known=True, bound=True, registered_name="Acme", id="2", integration="North", integration_id="n")
HELD |= {"platform": "tigerpaw", "bound_at": "2026"}
GONE = HELD | {"stale": True}
# What was told with the most knowledge of the registry is last.
BY_KNOWLEDGE = (ONLY_THERE, UNKNOWN, FREE, HELD)


def test_every_field_is_of_one_of_the_two() -> None:
    assert sorted((*OF_REGISTRY, *OF_SECURITY_CENTER, "kind", "uid")) == sorted(FIELDS)


@pytest.mark.parametrize(("less", "more"), list(pairwise(BY_KNOWLEDGE)), ids=["asked", "known", "held"])
def test_the_one_that_knows_more_is_believed(less: Told, more: Told) -> None:
    for both in (merged(less, more), merged(more, less)):
        assert {field: both[field] for field in OF_REGISTRY} == {field: more[field] for field in OF_REGISTRY}


@pytest.mark.parametrize("other", [FREE, HELD, GONE], ids=["free", "held", "gone"])
def test_what_exists_according_to_one_is_not_gone(other: Told) -> None:
    for both in (merged(ONLY_THERE, other), merged(other, ONLY_THERE)):
        assert {field: both[field] for field in OF_SECURITY_CENTER} == EXISTS


def test_the_first_is_believed_where_both_know_as_much() -> None:
    other = HELD | {"integration": "South", "integration_id": "s", "instance": "other"}
    assert merged(HELD, other) == HELD
    assert merged(other, HELD) == other


@given(st.lists(st.sampled_from([*BY_KNOWLEDGE, GONE]), min_size=1))
def test_groups_never_contradict_each_other(sources: list[Told]) -> None:
    both = sources[0]
    for source in sources[1:]:
        both = merged(both, source)
    groups = set(tenant_hosts([both])[0].groups)
    assert not {"kaspersky_bound", "kaspersky_unbound"} <= groups
    assert not {"kaspersky_bound", "kaspersky_unknown"} <= groups
    assert ("kaspersky_bound" in groups) == any(source["bound"] for source in sources)
