# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that has ended is told from one that is slow, and from one of which nothing is known."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._storage import process
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.process import (
    begin_anew,
    is_gone,
    this_process,
    this_user,
)


@pytest.fixture(autouse=True)
def never_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the interruptions of other tests in this process."""
    monkeypatch.setattr(process, "_interruptions", 0)


def test_this_process_is_there() -> None:
    assert this_process() == f"{socket.gethostname()}/{os.getpid()}"
    assert not is_gone(this_process())


def test_what_was_interrupted_is_gone_though_its_process_goes_on() -> None:
    before = this_process()
    begin_anew()
    assert is_gone(before)
    assert not is_gone(this_process())
    assert this_process() == f"{before}.1"


def test_a_process_that_has_ended_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    assert is_gone(f"{socket.gethostname()}/{ended.pid}")
    assert is_gone(f"{socket.gethostname()}/{ended.pid}.1")


def test_another_users_process_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_process: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    assert not is_gone(f"{socket.gethostname()}/1")


@pytest.mark.parametrize("name", ["another.example/1", "another.example/x", "nonsense", "", "/", "/1"])
def test_of_a_process_elsewhere_nothing_is_known(name: str) -> None:
    assert not is_gone(name)


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "99999999999999999999"])
def test_a_damaged_number_is_no_process(number: str) -> None:
    assert not is_gone(f"{socket.gethostname()}/{number}")


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(process, "getuser", nameless)
    assert this_user() == f"user {os.getuid()}"
