# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that jumps loses no message, sends none twice, and leaves nothing that has to be waited for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any, Self

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils.client import prepare_to_fork
from sandbox import Sandbox
from system.crew import Crew
from system.tasks import ADMINISTRATORS, Options
from system.workplace import Workplace

PLUGINS = "ansible_collections.msp.kaspersky.plugins."
JUMPS = [timedelta(hours=-1), timedelta(days=-400), timedelta(hours=1), timedelta(days=400)]
SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetClock]:
    """Set the clock of the collection ahead or back."""
    prepare_to_fork()  # so that all that looks at the clock is there

    def jump(by: timedelta) -> None:
        class WrongClock(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return super().now(tz) + by

        for name, module in list(sys.modules.items()):
            if name.startswith(PLUGINS) and hasattr(module, "datetime"):
                monkeypatch.setattr(module, "datetime", WrongClock)

    return jump


def told(sandbox: Sandbox) -> list[str]:
    return sorted(str(mail.message["Message-ID"]) for mail in sandbox.mails())


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_life_goes_on(workplace: Workplace, sandbox: Sandbox, set_clock: SetClock, jump: timedelta) -> None:
    sandbox.forget()
    mail = sandbox.smtp_settings("none")
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Mill"])
    set_clock(jump)
    workplace.run("integration", name="Acme", tigerpaw={"soap_password": "another password"}, verify="never")
    workplace.run("integration", name="Acme", state="absent")
    workplace.assert_nothing_stranded()
    set_clock(-jump)
    assert len(workplace.run("notification", **mail)["delivered"]) == 2
    assert len(set(told(sandbox))) == len(told(sandbox)) == len(ADMINISTRATORS)
    assert not workplace.run("notification", **mail)["changed"]
    history = workplace.run("integration_info", history=True)["history"]
    assert [entry["action"] for entry in history] == ["created", "bindings_changed", "changed", "deleted"]
    workplace.create()
    assert workplace.run("integration_info", credentials_older_than=0)["integrations"] is not None


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=400)], ids=str)
def test_a_lease_of_the_future_does_not_hold_a_message_back(
    workplace: Workplace, sandbox: Sandbox, jump: timedelta
) -> None:
    workplace.create()
    workplace.run("integration", name="Acme", state="absent")
    until = (datetime.now().astimezone() + jump).strftime("%Y-%m-%d %H:%M:%S")
    held = "UPDATE notification SET lease_holder = 'another host/1', lease_until = '{}'"
    workplace.database.query(held.format(until))
    assert len(workplace.run("notification", **sandbox.smtp_settings("none"))["delivered"]) == 2


def test_a_lease_of_another_host_holds_though_its_clock_is_a_little_ahead(
    workplace: Workplace, sandbox: Sandbox
) -> None:
    workplace.create()
    workplace.run("integration", name="Acme", state="absent")
    until = (datetime.now().astimezone() + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S")
    workplace.database.query(f"UPDATE notification SET lease_holder = 'another host/1', lease_until = '{until}'")  # noqa: S608
    assert workplace.run("notification", **sandbox.smtp_settings("none"))["delivered"] == []


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_what_was_begun_in_the_future_is_given_up(workplace: Workplace, crew: Crew) -> None:
    workplace.create()
    rotation: Options = {"name": "Acme", "tigerpaw": {"soap_password": "another password"}, "verify": "never"}
    outcome: Any = crew.run("integration", workplace.options(**rotation), workplace.keyring.folder, "keyring after set")
    assert outcome.killed
    workplace.database.query(
        "UPDATE secret SET writer = 'another host/1', created_at = '2999-01-01 00:00:00' WHERE state = 'writing'"
    )
    workplace.run("integration", **rotation)
    workplace.assert_nothing_stranded()
