# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each question has a key of its own, and no secret is part of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils.options import TENANTS
from ansible_collections.msp.kaspersky.plugins.plugin_utils.cache_keys import question_key

CENTER = {"url": "https://ksc.example", "username": "ann", "password": "first"}
ASKED = {"registry": "sqlite:////a", "registry_password": "first", "security_center": CENTER}


def key(**options: Any) -> str:
    return question_key(TENANTS, {**ASKED, **options}, ["name"])


@pytest.mark.parametrize(
    "options",
    [
        {"registry_password": "second"},
        {"security_center": {**CENTER, "password": "second"}},
        {"security_center": dict(reversed(CENTER.items()))},
    ],
)
def test_secrets_and_order_do_not_matter(options: dict[str, Any]) -> None:
    assert key(**options) == key()


@pytest.mark.parametrize(
    "options",
    [
        {"registry": "sqlite:////b"},
        {"instance": "Head office"},
        {"bound": True},
        {"sources": ["registry"]},
        {"security_center": {**CENTER, "url": "https://other.example"}},
        {"security_center": {**CENTER, "username": "bob"}},
        {"security_center": "a text"},
        {"bond": True},
        {1: True},
    ],
)
def test_whatever_else_is_asked_matters(options: dict[Any, Any]) -> None:
    assert question_key(TENANTS, {**ASKED, **options}, ["name"]) != key()


def test_what_is_told_matters() -> None:
    assert question_key(TENANTS, ASKED, ["name", "uid"]) != key()
