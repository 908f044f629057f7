# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which shared users a description gives new secrets, and which have to be left to the single integrations."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils.rotation_plans import shared_rotation_plan

SETTINGS = {"host": "na.example.com", "company_id": "msp", "public_key": "shared"}
ADDRESS = "https://na.example.com:443"


def plan(*described: dict[str, Any], users: tuple[str, ...] = ("a", "b")) -> list[dict[str, Any]]:
    results = [
        {
            "integration": {"platform": "connectwise_manage", "id": item["id"], "settings": item.get("to", SETTINGS)},
            "secrets_changed": item.get("changed", ["private_key"]),
        }
        for item in described
    ]
    stored = [{"id": name, "settings": SETTINGS} for name in users]
    shared = {"platform": "connectwise_manage", "setting": "public_key", "user_name": "shared", "address": ADDRESS}
    known = [{**shared, "integrations": [{"id": name} for name in users]}] if users else []
    return shared_rotation_plan(results, [{"required_secrets": ["private_key"]}] * len(results), stored, known)


def test_a_shared_user_is_rotated_once() -> None:
    expected = {
        "number": 0,
        "platform": "connectwise_manage",
        "user_name": "shared",
        "address": ADDRESS,
        "secrets": ("private_key",),
    }
    assert plan({"id": "a"}, {"id": "b"}) == [expected]
    assert plan({"id": "a"}) == [expected], "the other one is not described"
    assert plan({"id": "a"}, {"id": None}, users=("a",)) == [expected], "the other one is created"


@pytest.mark.parametrize(
    ("described", "users"),
    [
        ([{"id": "a", "changed": []}, {"id": "b", "changed": []}], ("a", "b")),
        ([{"id": "a"}], ("a",)),
        ([{"id": None}, {"id": None}], ()),
        ([{"id": "a"}, {"id": "b", "to": {**SETTINGS, "company_id": "other"}}], ("a", "b")),
        ([{"id": "a", "to": {**SETTINGS, "public_key": "another"}}], ("a", "b")),
        ([{"id": "a", "to": {**SETTINGS, "host": "eu.example.com"}}], ("a", "b")),
    ],
    ids=["nothing new", "not shared", "nobody has it", "more is new", "another user", "another address"],
)
def test_the_others_are_left_to_the_integrations(described: list[dict[str, Any]], users: tuple[str, ...]) -> None:
    assert plan(*described, users=users) == []
