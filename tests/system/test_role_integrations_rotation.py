# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``integrations`` gives a shared API user its new secret everywhere at once, and locks nobody out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from system.databases import Database

from .test_role_integrations import Description, Stage, instance, integration, tigerpaw

NEW_PASSWORD = "an0ther soap-p4ss'w0rd"
NAMES = ("One", "Two", "Three")

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shared(database: Database, sandbox: Sandbox, tmp_path: Path) -> Stage:
    """Keep three integrations with one SOAP user, and a fourth in another instance; change its password at the PSA."""
    stage = Stage(tmp_path, database, sandbox)
    for name in NAMES:
        keep(stage, name)
    keep(stage, "Elsewhere", instance="branch")
    user = stage.sandbox.state.credentials.soap_user_name
    stage.sandbox.add_user("soap", name=user, secret=NEW_PASSWORD)
    stage.sandbox.forget()
    return stage


def keep(stage: Stage, name: str, **options: Any) -> None:
    administrators = [{"email": "ann@msp.example", "alias": "Ann"}]
    given = {"name": name, "platform": "tigerpaw", "solution": "business_hub", "administrators": administrators}
    stage.ask("integration", **given, tigerpaw=stage.sandbox.tigerpaw_settings(), **options)


def described(sandbox: Sandbox, **changes: Any) -> Description:
    return instance(*(integration(sandbox, name, tigerpaw=tigerpaw(sandbox, **changes)) for name in NAMES))


def secrets(sandbox: Sandbox, password: str = NEW_PASSWORD) -> dict[str, str]:
    return {"rest_private_key": sandbox.tigerpaw_settings()["rest_private_key"], "soap_password": password}


def refusals(sandbox: Sandbox) -> int:
    """Count the wrong passwords that the PSA was sent since the last right one."""
    return sum(user.refusals for user in sandbox.state.users.all())


def changed_at(database: Database) -> dict[str, Any]:
    return {row["name"]: row["credentials_changed_at"] for row in database.rows("integration")}


def test_a_shared_secret_is_new_everywhere_in_one_moment(shared: Stage) -> None:
    box, before = shared.sandbox, changed_at(shared.database)
    foretold = shared.play(described(box), "--check", secrets=secrets(box))
    assert (foretold.code, changed_at(shared.database)) == (0, before), foretold.output
    done = shared.play(described(box), secrets=secrets(box))
    assert done.code == 0, done.output
    assert foretold.result == done.result
    assert done.result["changed"] == list(NAMES)
    assert [user["setting"] for user in done.result["rotated"]] == ["soap_user_name"]
    after = changed_at(shared.database)
    assert len(set(after.values())) == 1, "all have changed in one transaction"
    assert after.keys() == {*NAMES, "Elsewhere"}
    assert set(after.values()).isdisjoint(before.values())
    assert refusals(box) == 0
    assert NEW_PASSWORD not in foretold.output + done.output
    box.forget()
    again = shared.play(described(box), secrets=secrets(box))
    assert (again.code, again.changed, again.result["rotated"], box.requests()) == (0, 0, [], [])


def test_a_mistyped_secret_is_tried_once_and_saved_nowhere(shared: Stage) -> None:
    before = changed_at(shared.database)
    refused = shared.play(described(shared.sandbox), secrets=secrets(shared.sandbox, "mistyped"))
    assert refused.code
    assert refusals(shared.sandbox) == 1
    assert changed_at(shared.database) == before
