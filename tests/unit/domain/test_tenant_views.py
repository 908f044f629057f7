# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the registry and Security Center know is put together, each tenant once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Directory,
    Tenant,
    TenantKind,
    VirtualServer,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_views import TenantFilter, view_tenants


def known(uid: str, name: str, holder: str | None = None, kind: TenantKind = TenantKind.VIRTUAL_SERVER) -> Tenant:
    return Tenant(f"id of {uid}", "default", kind, uid, name, holder, holder)


REGISTERED = [known("a", "Acme", "north"), known("x", "Gone", "north"), known("b", "Borg")]
DIRECTORY = Directory(
    None, (VirtualServer("c", "Acme"), VirtualServer("b", "Borg"), VirtualServer("a", "Zenith", False))
)


def test_each_source_tells_what_it_knows() -> None:
    views = view_tenants(REGISTERED, DIRECTORY)
    assert [(view.uid, view.name, view.known, view.stale, view.enabled, view.bound) for view in views] == [
        ("c", "Acme", False, False, True, False),
        ("b", "Borg", True, False, True, False),
        ("x", "Gone", True, True, None, True),
        ("a", "Zenith", True, False, False, True),
    ]


def test_what_was_not_asked_is_not_told() -> None:
    assert {(view.known, view.stale, view.enabled) for view in view_tenants(REGISTERED, None)} == {(True, None, None)}
    assert {(view.known, view.stale, view.bound) for view in view_tenants(None, DIRECTORY)} == {(None, False, None)}


def test_a_company_is_never_a_virtual_server() -> None:
    company = known("a", "Acme", kind=TenantKind.COMPANY)
    assert [(view.kind, view.stale) for view in view_tenants([company], DIRECTORY) if view.registered] == [
        (TenantKind.COMPANY, None)
    ]


@pytest.mark.parametrize(
    ("wanted", "uids"),
    [
        ({}, "cbxa"),
        ({"name": "Acme"}, "ca"),
        ({"name": "Zenith"}, "a"),
        ({"uid": "b"}, "b"),
        ({"bound": True}, "xa"),
        ({"bound": False}, "cb"),
        ({"stale": True}, "x"),
        ({"stale": False}, "cba"),
        ({"known": True}, "bxa"),
        ({"known": False}, "c"),
        ({"integration_id": "north"}, "xa"),
        ({"integration_id": "north", "stale": False}, "a"),
    ],
)
def test_filters(wanted: dict[str, Any], uids: str) -> None:
    shown = [view for view in view_tenants(REGISTERED, DIRECTORY) if TenantFilter(**wanted).shows(view)]
    assert "".join(view.uid or "" for view in shown) == uids


UIDS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(UIDS, UIDS)
def test_each_is_there_once(registered: list[str], existing: list[str]) -> None:
    directory = Directory(None, tuple(VirtualServer(uid, f"now {uid}") for uid in existing))
    views = view_tenants([known(uid, f"then {uid}") for uid in registered], directory)
    assert sorted(view.uid or "" for view in views) == sorted({*registered, *existing})
    assert [view.name for view in views] == sorted(view.name for view in views)
