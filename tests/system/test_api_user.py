# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API user that integrations share gets new credentials in all of them at once, and is never locked out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain import progress
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import rotate
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.registry import Registry
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from sandbox import Sandbox
from sandbox.records import RecordedRequest

from .crew import Crew
from .workplace import Workplace

NEW_PASSWORD = "another Soap pass'w0rd <2>"
NAMES = ("North", "South", "West")


def with_own_key(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """Give settings with the shared SOAP user and a key pair of one integration alone."""
    key = sandbox.add_user("rest")
    return sandbox.tigerpaw_settings(rest_public_key=key.name, rest_private_key=key.secret, **changes)


def fill(sandbox: Sandbox, workplace: Workplace) -> None:
    """Keep three integrations with one SOAP user, in two instances, and one with another user."""
    for name, instance in zip(NAMES, ("default", "default", "Branch"), strict=True):
        workplace.create(name, tigerpaw=with_own_key(sandbox), instance=instance)
    stranger = sandbox.add_user("soap")
    settings = with_own_key(sandbox, soap_user_name=stranger.name, soap_password=stranger.secret)
    workplace.create("Stranger", tigerpaw=settings)


def user_name(sandbox: Sandbox) -> str:
    return str(sandbox.state.credentials.soap_user_name)


def change_password(sandbox: Sandbox, password: str = NEW_PASSWORD, **details: Any) -> None:
    """Change the password at the platform."""
    sandbox.add_user("soap", name=user_name(sandbox), secret=password, **details)
    sandbox.forget()


def attempts(sandbox: Sandbox) -> list[RecordedRequest]:
    """List the requests that carried a password."""
    return [request for request in sandbox.requests("soap") if "AuthHeader" in request.text]


def rotation(sandbox: Sandbox, **options: Any) -> dict[str, Any]:
    return {"user_name": user_name(sandbox), "tigerpaw": {"soap_password": NEW_PASSWORD}, **options}


def test_all_that_share_a_user_get_its_password_at_once(sandbox: Sandbox, workplace: Workplace) -> None:
    fill(sandbox, workplace)
    before = workplace.stored_secrets()
    change_password(sandbox)
    preview = workplace.run("api_user", check_mode=True, **rotation(sandbox))
    assert workplace.stored_secrets() == before
    sandbox.forget()
    done = workplace.run("api_user", **rotation(sandbox))
    assert done["changed"]
    assert preview == done
    assert [item["name"] for item in done["integrations"]] == ["West", "North", "South"]
    assert {item["instance"] for item in done["integrations"]} == {"default", "Branch"}
    assert done["secrets_changed"] == ["soap_password"]
    assert done["verification"] == {"soap": "verified"}
    assert NEW_PASSWORD not in json.dumps(done)
    assert len(attempts(sandbox)) == 1
    assert not sandbox.requests("rest")
    changed = {name: before[name] | {"soap_password": NEW_PASSWORD} for name in NAMES}
    assert workplace.stored_secrets() == before | changed
    workplace.assert_nothing_stranded()
    history = [row for row in workplace.database.rows("history") if row["action"] == "changed"]
    assert {(row["integration_name"], row["instance"]) for row in history} == {
        ("North", "default"),
        ("South", "default"),
        ("West", "Branch"),
    }
    sandbox.forget()
    for options in ({}, {"update_secrets": "on_change"}, {"instance": "Branch"}):
        again = workplace.run("api_user", **rotation(sandbox, **options))
        assert not again["changed"]
        assert again["verification"] == {}
    assert sandbox.requests() == []


def test_a_refused_password_is_tried_once_and_saved_nowhere(sandbox: Sandbox, workplace: Workplace) -> None:
    fill(sandbox, workplace)
    change_password(sandbox, "something else")
    before = workplace.everything()
    error = workplace.refusal("api_user", **rotation(sandbox))
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert set(error.details["integrations"]) == set(NAMES)
    assert "Nothing was saved in any of the 3 integrations" in error.message
    assert len(attempts(sandbox)) == 1
    assert workplace.everything() == before


@pytest.mark.parametrize("module", ["integration", "api_user"])
def test_a_new_user_becomes_active_within_the_patience_of_the_task(
    module: str, sandbox: Sandbox, sqlite_workplace: Workplace
) -> None:
    fill(sandbox, sqlite_workplace)
    new_user = sandbox.add_user("soap", new_for_seconds=0.8)
    credentials = {"soap_user_name": new_user.name, "soap_password": new_user.secret}
    which = {"name": "North"} if module == "integration" else {"user_name": user_name(sandbox)}
    before = sqlite_workplace.everything()
    error = sqlite_workplace.refusal(module, **which, tigerpaw=credentials, verify_retries=0)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert sqlite_workplace.everything() == before
    done = sqlite_workplace.run(module, **which, tigerpaw=credentials, verify_retries=3, verify_delay=1)
    assert done["verification"]["soap"] == "verified"
    assert sqlite_workplace.stored_secrets()["North"]["soap_password"] == new_user.secret


def test_a_new_name_is_found_again_and_joins_those_that_had_it(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    fill(sandbox, sqlite_workplace)
    new_user = sandbox.add_user("soap")
    credentials = {"soap_user_name": new_user.name, "soap_password": new_user.secret}
    stale = with_own_key(sandbox, soap_user_name=new_user.name, soap_password="stale")
    sqlite_workplace.create("Early", tigerpaw=stale)
    sandbox.forget()
    options = rotation(sandbox, tigerpaw=credentials)
    done = sqlite_workplace.run("api_user", **options)
    assert {item["name"] for item in done["integrations"]} == {*NAMES, "Early"}
    assert done["api_user"]["user_name"] == new_user.name
    assert len(attempts(sandbox)) == 1
    rows = {row["name"]: row for row in sqlite_workplace.database.rows("integration")}
    assert {json.loads(rows[name]["settings"])["soap_user_name"] for name in (*NAMES, "Early")} == {new_user.name}
    assert not sqlite_workplace.run("api_user", **options)["changed"]


def test_each_set_of_settings_is_proven_once(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    fill(sandbox, sqlite_workplace)
    sqlite_workplace.create("Unproven", tigerpaw=with_own_key(sandbox, soap_check_operation=None))
    change_password(sandbox)
    done = sqlite_workplace.run("api_user", **rotation(sandbox))
    assert len(attempts(sandbox)) == 1  # without an operation nothing can be tried
    assert done["verification"] == {"soap": "reachable"}
    assert any("soap_check_operation" in warning for warning in done["warnings"])
    verified = {row["name"]: row["verified_at"] for row in sqlite_workplace.database.rows("integration")}
    assert verified["Unproven"] is None
    error = sqlite_workplace.refusal(
        "api_user", **rotation(sandbox, update_secrets="always", require_verified=["soap"])
    )
    assert error.code is ErrorCode.VERIFICATION_UNAVAILABLE


def test_an_integration_that_is_bound_meanwhile_is_rotated_all_the_same(
    sandbox: Sandbox, sqlite_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the rotation does not write may change while it asks the platform, and is kept."""
    fill(sandbox, sqlite_workplace)
    change_password(sandbox)
    task = rotation(sandbox)
    client = IntegrationClient(sqlite_workplace.options(**task), SecretsInPlay(), check_mode=False)
    prepare = rotate.RotateCredentials.prepare
    attempted = []

    def prepare_while_others_work(*arguments: Any) -> None:
        attempted.append("once")
        sqlite_workplace.run("binding", integration="North", companies=["Harbour"])
        sqlite_workplace.run("administrator", email="ann@msp.example", new_email="ann@new.example")
        prepare(*arguments)

    monkeypatch.setattr(rotate.RotateCredentials, "prepare", prepare_while_others_work)
    assert client.rotate_credentials()["changed"]
    assert (attempted, len(attempts(sandbox))) == (["once"], 1)
    [north] = sqlite_workplace.run("integration_info", name="North")["integrations"]
    assert north["tenant_count"] == 1
    assert north["administrators"][0]["email"] == "ann@new.example"
    assert sqlite_workplace.stored_secrets()["North"]["soap_password"] == NEW_PASSWORD


def test_it_waits_for_all_instances(
    sandbox: Sandbox, sqlite_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sandbox, sqlite_workplace)
    locked: list[str | None] = []
    writing = Registry.writing

    def noted(registry: Registry, instance: str | None) -> Any:
        locked.append(instance)
        return writing(registry, instance)

    monkeypatch.setattr(Registry, "writing", noted)
    sqlite_workplace.run("api_user", **rotation(sandbox, verify="never"))
    assert locked.count(None) == 1
    locked.clear()
    sqlite_workplace.run("administrator", email="ann@msp.example", state="present", alias="Annie")
    assert locked == ["default"]


def test_only_what_is_given_is_new_and_the_rest_is_opened(sandbox: Sandbox, workplace: Workplace) -> None:
    """Autotask's user has two secrets, of which one stays."""
    for name in ("One", "Two"):
        workplace.create(name, platform="autotask", tigerpaw=None, autotask=sandbox.autotask_settings(), verify=None)
    verified = {row["verified_at"] for row in workplace.database.rows("integration")}
    settings = sandbox.autotask_settings()
    sandbox.add_user("autotask", name=settings["user_name"], secret=NEW_PASSWORD)
    sandbox.forget()
    task = {"user_name": settings["user_name"], "autotask": {"password": NEW_PASSWORD}}
    done = workplace.run("api_user", **task, require_verified=["rest"])
    assert done["verification"] == {"rest": "verified"}
    assert all(row["verified_at"] for row in workplace.database.rows("integration"))
    expected = {"password": NEW_PASSWORD, "api_integration_code": settings["api_integration_code"]}
    assert workplace.stored_secrets() == {"One": expected, "Two": expected}
    proven = {row["verified_at"] for row in workplace.database.rows("integration")}
    assert not proven & verified
    asked = len(sandbox.requests("autotask"))
    assert workplace.run("api_user", **task, verify="always")["verification"] == {"rest": "verified"}
    assert len(sandbox.requests("autotask")) == 2 * asked
    assert (
        workplace.refusal("api_user", **task | {"autotask": {"password": "wrong-s3cret"}}).code == "credentials_refused"
    )


def test_a_user_spelled_otherwise_is_warned_of(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    fill(sandbox, sqlite_workplace)
    other = with_own_key(sandbox, soap_user_name=user_name(sandbox).upper())
    sqlite_workplace.create("Shouting", tigerpaw=other)
    done = sqlite_workplace.run("api_user", **rotation(sandbox, verify="never"))
    assert [item["name"] for item in done["integrations"] if item["name"] == "Shouting"] == []
    assert any("'Shouting' kept what they have" in warning for warning in done["warnings"])


def test_long_work_tells_how_far_it_has_come(
    sandbox: Sandbox, sqlite_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sandbox, sqlite_workplace)
    change_password(sandbox)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)
    lines: list[str] = []
    options = sqlite_workplace.options(**rotation(sandbox))
    IntegrationClient(options, SecretsInPlay(), check_mode=False, tell=lines.append).rotate_credentials()
    assert [line.split(",")[0] for line in lines] == [
        *(f"proven for {number} of 3 integrations" for number in (1, 2, 3)),
        *(f"prepared {number} of 3 integrations" for number in (1, 2, 3)),
    ]


def test_a_rotation_beside_edits_leaves_one_password_everywhere(
    sandbox: Sandbox, workplace: Workplace, crew: Crew
) -> None:
    fill(sandbox, workplace)
    jobs = [
        ("api_user", workplace.options(**rotation(sandbox, verify="never"))),
        ("administrator", workplace.options(email="new@msp.example", alias="New", all_integrations=True)),
        ("binding", workplace.options(integration="South", companies=["Harbour"])),
        ("integration", workplace.options(name="North", new_name="Far North")),
    ]
    outcomes = crew.run_all(jobs, workplace.keyring.folder)
    assert all(outcome.result for outcome in outcomes), outcomes
    stored = workplace.stored_secrets()
    assert {stored[name]["soap_password"] for name in ("Far North", "South", "West")} == {NEW_PASSWORD}
    workplace.assert_nothing_stranded()
    administrators = [row["integration"] for row in workplace.database.rows("administrator") if row["alias"] == "New"]
    assert len(administrators) == 3


def test_users_are_shown_with_all_that_share_them_and_with_their_age(
    sandbox: Sandbox, sqlite_workplace: Workplace
) -> None:
    fill(sandbox, sqlite_workplace)
    connectwise = {"host": "na.example", "company_id": "msp", "client_id": "guid", "public_key": "key-1"}
    sqlite_workplace.create(
        "Wise", platform="connectwise_manage", tigerpaw=None, connectwise_manage=connectwise | {"private_key": "s3cret"}
    )
    autotask = {"user_name": "api@msp.example", "password": "s3cret", "api_integration_code": "code"}
    sqlite_workplace.create("Auto", platform="autotask", tigerpaw=None, autotask=autotask)
    days = "UPDATE integration SET credentials_changed_at = '2026-01-01 00:00:00.000000' WHERE name = 'West'"
    sqlite_workplace.database.query(days)
    rows = {row["name"]: row for row in sqlite_workplace.database.rows("integration")}
    own_key = json.loads(rows["North"]["settings"])["rest_public_key"]
    for user, names in {
        user_name(sandbox): ["North", "South"],
        "key-1": ["Wise"],
        "api@msp.example": ["Auto"],
        own_key: ["North"],
        "msp": [],
    }.items():
        found = sqlite_workplace.run("integration_info", user_name=user)["integrations"]
        assert [item["name"] for item in found] == names
    shown = sqlite_workplace.run("integration_info", api_users=True, user_name=user_name(sandbox))
    assert {item["credentials_age"] for item in shown["integrations"]} == {0}
    oldest = shown["api_users"][0]
    assert oldest["user_name"] == user_name(sandbox)
    assert oldest["setting"] == "soap_user_name"
    assert oldest["credentials_age"] > 300
    assert {item["name"] for item in oldest["integrations"]} == set(NAMES)
    assert len(shown["api_users"]) == 3  # and the keys of the two of this instance
