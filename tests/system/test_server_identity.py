# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance stands for the Administration Server that it was first used with, until it forgets that server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from sandbox import Sandbox

from .tasks import Options, Result
from .workplace import Workplace

ANOTHER = "another-server"


@pytest.fixture
def unused(sandbox: Sandbox, sqlite_workplace: Workplace) -> Options:
    """Let there be two virtual servers, and an integration whose server is not recorded yet; say how to ask."""
    sandbox.virtual_servers.replace({"name": name, "uid": f"VSRV-{name}"} for name in ("Acme", "Borg"))
    sqlite_workplace.create("North", solution="security_center")
    return {"integration": "North", "security_center": sandbox.security_center_settings(timeout=5, retries=0)}


@pytest.fixture
def binding(sqlite_workplace: Workplace, unused: Options) -> Options:
    """Bind a virtual server, so that the server is recorded; return what binds another one."""
    sqlite_workplace.run("binding", virtual_servers=["Acme"], **unused)
    return {**unused, "virtual_servers": ["Borg"]}


def recorded(workplace: Workplace) -> Any:
    [instance] = workplace.run("registry_info")["registry"]["instances"]
    return instance["server_identity"]


def history(workplace: Workplace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workplace.run("integration_info", history=True)["history"]
    return found


def identify(sandbox: Sandbox, identity: str | None) -> None:
    sandbox.change_settings(static_info={"KLADMSRV_SERVER_HOSTNAME": identity})


def forget(workplace: Workplace, check_mode: bool = False, **options: Any) -> Result:
    return workplace.run("registry", check_mode, forget_server=True, **options)


# Recording


def test_the_server_is_recorded_with_the_first_change(
    sandbox: Sandbox, sqlite_workplace: Workplace, unused: Options
) -> None:
    sqlite_workplace.run("binding", check_mode=True, virtual_servers=["Acme"], **unused)
    sqlite_workplace.run("tenant_info", security_center=unused["security_center"])
    sqlite_workplace.run("binding", virtual_servers=["Acme"], state="absent", **unused)
    assert recorded(sqlite_workplace) is None
    for name in ("Acme", "Borg"):
        sqlite_workplace.run("binding", virtual_servers=[name], **unused)
    assert recorded(sqlite_workplace) == sandbox.state.server_identity
    [noted] = [entry for entry in history(sqlite_workplace) if entry["action"] == "server_recorded"]
    assert noted["summary"] == {"server_identity": sandbox.state.server_identity}
    assert (noted["integration"], noted["actor"]) == ("", "tester")


@pytest.mark.parametrize("check_mode", [False, True])
def test_another_server_is_refused(
    sandbox: Sandbox, sqlite_workplace: Workplace, binding: Options, check_mode: bool
) -> None:
    identify(sandbox, ANOTHER)
    before = sqlite_workplace.everything()
    error = sqlite_workplace.refusal("binding", check_mode, **binding)
    assert error.code is ErrorCode.INSTANCE_MISMATCH
    for told in (sandbox.state.server_identity, ANOTHER, "Nothing was changed", "forget_server"):
        assert told in error.message
    center = binding["security_center"]
    assert sqlite_workplace.refusal("tenant_info", security_center=center).code is ErrorCode.INSTANCE_MISMATCH
    assert sqlite_workplace.everything() == before


def test_a_server_that_no_longer_tells_who_it_is_is_refused(
    sandbox: Sandbox, sqlite_workplace: Workplace, unused: Options
) -> None:
    identify(sandbox, None)
    sqlite_workplace.run("binding", virtual_servers=["Acme"], **unused)
    assert recorded(sqlite_workplace) is None
    identify(sandbox, "told-later")
    sqlite_workplace.run("binding", virtual_servers=["Borg"], **unused)
    identify(sandbox, None)
    refused = sqlite_workplace.refusal("binding", virtual_servers=["Acme"], **unused)
    assert refused.code is ErrorCode.INSTANCE_MISMATCH
    assert recorded(sqlite_workplace) == "told-later"


# Forgetting


@pytest.mark.usefixtures("binding")
def test_what_is_forgotten_is_told_before_and_after(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    identity = sandbox.state.server_identity
    assert recorded(sqlite_workplace) == identity
    before = sqlite_workplace.everything()
    foretold = forget(sqlite_workplace, check_mode=True)
    assert sqlite_workplace.everything() == before
    done = forget(sqlite_workplace)
    for result in (foretold, done):
        assert (result["changed"], result["forgotten_server"]) == (True, identity)
        assert result["diff"] == {"before": {"server_identity": identity}, "after": {"server_identity": None}}
    assert recorded(sqlite_workplace) is None
    assert [item["server_identity"] for item in done["registry"]["instances"]] == [None]
    noted = history(sqlite_workplace)[-1]
    assert (noted["action"], noted["summary"]) == ("server_forgotten", {"server_identity": identity})


@pytest.mark.usefixtures("binding")
def test_there_is_nothing_to_forget_twice(sqlite_workplace: Workplace) -> None:
    forget(sqlite_workplace)
    before = sqlite_workplace.everything()
    for check_mode in (True, False):
        again = forget(sqlite_workplace, check_mode)
        assert (again["changed"], again["forgotten_server"]) == (False, None)
        assert again["diff"]["before"] == again["diff"]["after"]
        assert sqlite_workplace.everything() == before


@pytest.mark.usefixtures("binding")
def test_nothing_is_forgotten_unless_asked(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    for options in ({}, {"forget_server": False}):
        done = sqlite_workplace.run("registry", **options)
        assert not done["changed"]
        assert "forgotten_server" not in done
    assert recorded(sqlite_workplace) == sandbox.state.server_identity


def test_another_server_is_recorded_after_that(sandbox: Sandbox, sqlite_workplace: Workplace, binding: Options) -> None:
    identify(sandbox, ANOTHER)
    assert sqlite_workplace.refusal("binding", **binding).code is ErrorCode.INSTANCE_MISMATCH
    forget(sqlite_workplace)
    assert sqlite_workplace.run("binding", **binding)["changed"]
    assert recorded(sqlite_workplace) == ANOTHER


@pytest.mark.usefixtures("binding")
def test_only_the_instance_of_the_task_forgets(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    assert sqlite_workplace.refusal("registry", forget_server=True, instance="defalt").code == "instance_unknown"
    sqlite_workplace.create("Hub", instance="hub")
    assert not forget(sqlite_workplace, instance="hub")["changed"]
    told = sqlite_workplace.run("registry_info")["registry"]["instances"]
    assert {item["name"]: item["server_identity"] for item in told} == {
        "default": sandbox.state.server_identity,
        "hub": None,
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_new_instance_has_nothing_to_forget(sqlite_workplace: Workplace, check_mode: bool) -> None:
    for _time in range(2):
        done = forget(sqlite_workplace, check_mode, solution="security_center")
        assert done["forgotten_server"] is None
