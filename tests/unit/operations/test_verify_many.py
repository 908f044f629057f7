# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which integrations are asked together, and when no more is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Integration, Solution
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import verify_many

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REFUSED = {"code": "credentials_refused", "msg": "refused"}
UNREACHABLE = {
    "code": "api_unreachable",
    "msg": "rest is unreachable, soap refuses",
    "faults": [{"api": "rest", "code": "api_unreachable"}, {"api": "soap", "code": "credentials_refused"}],
}


def integration(name: str, soap_user: str, rest_key: str, url: str = "https://tigerpaw.example") -> Integration:
    return Integration(
        id=name,
        instance="default",
        name=name,
        platform="tigerpaw",
        solution=Solution.BUSINESS_HUB,
        settings={"soap_user_name": soap_user, "rest_public_key": rest_key, "url": url, "soap_url": None},
        fingerprints={},
        administrators=(),
        revision=1,
        created_at=NOW,
        updated_at=NOW,
        credentials_changed_at=NOW,
    )


def groups_of(*integrations: Integration) -> set[frozenset[str]]:
    return {frozenset(member.name for member in group) for group in verify_many._by_user(integrations)}


def test_a_shared_user_is_asked_about_in_one_place() -> None:
    found = groups_of(
        integration("a", "user 1", "key 1"),
        integration("b", "user 2", "key 2"),
        integration("c", "user 3", "key 3"),
        integration("d", "user 1", "key 2"),  # ties a and b together
        integration("e", "user 3", "key 4"),
    )
    assert found == {frozenset("abd"), frozenset("ce")}


def test_the_same_name_elsewhere_is_another_user() -> None:
    found = groups_of(integration("a", "user", "key"), integration("b", "user", "key", "https://other.example"))
    assert found == {frozenset("a"), frozenset("b")}


@pytest.mark.parametrize(
    ("error", "asked"),
    [(None, ["a", "b"]), (REFUSED, ["a"]), (UNREACHABLE, ["a"]), ({"code": "throttled"}, ["a", "b"])],
)
def test_nobody_is_asked_again_about_a_refused_user(
    monkeypatch: pytest.MonkeyPatch, error: dict[str, Any] | None, asked: list[str]
) -> None:
    seen: list[str] = []

    def verified(_context: Any, _record: Any, item: Integration, _secret: Any) -> dict[str, Any]:
        seen.append(item.name)
        return {"state": "failed" if error else "verified", "apis": {}, "error": error}

    monkeypatch.setattr(verify_many, "_verified", verified)
    group = [integration("a", "user", "key"), integration("b", "user", "key")]
    context: Any = None
    record: Any = None
    verdicts: dict[str, Any] = {}
    verify_many._verify_group(context, record, {"a": None, "b": None}, group, verdicts, Event())
    assert seen == asked
    assert set(verdicts) == {"a", "b"}
    if asked == ["a"]:
        assert verdicts["b"]["error"]["shared_with"] == "a"


def test_an_interrupted_task_asks_about_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    stopped = Event()

    def verified(_context: Any, _record: Any, item: Integration, _secret: Any) -> dict[str, Any]:
        seen.append(item.name)
        stopped.set()
        return {"state": "verified", "apis": {}, "error": None}

    monkeypatch.setattr(verify_many, "_verified", verified)
    group = [integration("a", "user", "key"), integration("b", "user", "key")]
    context: Any = None
    record: Any = None
    verify_many._verify_group(context, record, {"a": None, "b": None}, group, {}, stopped)
    assert seen == ["a"]
