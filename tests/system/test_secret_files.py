# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every secret of a task can come from a file; what is wrong with files is told at once, before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from system.tasks import Options
from system.workplace import Workplace

SECRETS = ("webhook_url", "webhook_secret", "proxy_password", "smtp_password")

IntoFiles = Callable[[Options], Options]


@pytest.fixture
def into_files(tmp_path: Path) -> IntoFiles:
    """Give what moves the secrets among options into files, as an editor writes them."""

    def moved(options: Options) -> Options:
        given = dict(options)
        for name in options.keys() & {*SECRETS, "password"}:
            file = tmp_path / name
            file.write_text(f"{given.pop(name)}\n", encoding="utf-8")
            given[f"{name}_file"] = str(file)
        return given

    return moved


@pytest.fixture
def guarded(sandbox: Sandbox) -> Sandbox:
    """Let the proxy ask for a login."""
    sandbox.change_settings(proxy_login_required=True)
    return sandbox


def test_a_webhook_behind_a_proxy(sqlite_workplace: Workplace, guarded: Sandbox, into_files: IntoFiles) -> None:
    sqlite_workplace.create()
    options = into_files({**guarded.webhook_settings(), **guarded.proxy_settings()})
    deleted = sqlite_workplace.run("integration", name="Acme", state="absent", notify_through=["webhook"], **options)
    assert deleted["notified"] == [{"channel": "webhook", "recipient": None}]
    [request] = guarded.requests("webhook")
    assert request.headers["webhook-signature"].startswith("v1,")
    assert len(guarded.requests("proxy")) == 1


def test_a_webhook_in_a_file_is_told_without_being_named(
    sqlite_workplace: Workplace, sandbox: Sandbox, into_files: IntoFiles
) -> None:
    sqlite_workplace.create()
    options = into_files({**sandbox.smtp_settings("none"), **sandbox.webhook_settings()})
    deleted = sqlite_workplace.run("integration", name="Acme", state="absent", **options)
    assert [item["channel"] for item in deleted["notified"]] == ["smtp", "smtp", "webhook"]


def test_a_platform_behind_a_proxy(sqlite_workplace: Workplace, guarded: Sandbox, into_files: IntoFiles) -> None:
    options = into_files(guarded.proxy_settings())
    made = sqlite_workplace.create(tigerpaw=guarded.tigerpaw_settings(), verify="always", **options)
    assert set(made["verification"].values()) == {"verified"}
    assert sqlite_workplace.run("integration_info", verify=True, **options)["integrations"][0]["verification"]["apis"]
    Path(options["proxy_password_file"]).unlink()
    refused = sqlite_workplace.refusal("integration_info", verify=True, **options)
    assert refused.message.startswith("proxy_password_file: cannot be read")


def test_security_center_behind_a_proxy(sqlite_workplace: Workplace, guarded: Sandbox, into_files: IntoFiles) -> None:
    sqlite_workplace.create(solution="security_center")
    account = into_files(guarded.security_center_settings(**guarded.proxy_settings()))
    assert account.keys() >= {"password_file", "proxy_password_file"}
    assert sqlite_workplace.run("tenant_info", security_center=account)["tenants"]


def test_files_that_cannot_be_read_are_told_at_once(sqlite_workplace: Workplace, sandbox: Sandbox) -> None:
    sqlite_workplace.create()
    before = sqlite_workplace.everything()
    mail = {name: value for name, value in sandbox.smtp_settings("starttls").items() if name != "smtp_password"}
    missing = {f"{name}_file": "/nowhere/secret" for name in SECRETS}
    account = {"url": "https://ksc.example", "username": "a", "password_file": "/nowhere", "proxy_password_file": "/"}
    channels: dict[str, Any] = {"notify_through": ["smtp", "webhook", "security_center"], "security_center": account}
    refused = sqlite_workplace.refusal("integration", name="Acme", state="absent", **mail, **missing, **channels)
    assert sorted(fault["option"] for fault in refused.details["faults"]) == sorted(
        [*missing, "security_center.password_file", "security_center.proxy_password_file"]
    )
    assert sqlite_workplace.everything() == before


def test_a_password_for_the_proxy_is_given_once(sqlite_workplace: Workplace, sandbox: Sandbox) -> None:
    account = sandbox.security_center_settings(proxy_password="a-password", proxy_password_file="/nowhere")
    sqlite_workplace.create(solution="security_center")
    refused = sqlite_workplace.refusal("tenant_info", security_center=account)
    assert refused.message.startswith("security_center.proxy_password: excludes proxy_password_file")
