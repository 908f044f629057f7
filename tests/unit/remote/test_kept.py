# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes long to make is made once, also when many threads want it; failures are not kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.kept import Kept


def maker(made: list[str], name: str = "thing") -> Callable[[], str]:
    def make() -> str:
        time.sleep(0.02)
        made.append(name)
        return name

    return make


def test_made_once_for_many_threads() -> None:
    made: list[str] = []
    kept: Kept[str] = Kept(most=4)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _each: kept.get("key", maker(made)), range(8)))
    assert got == ["thing"] * 8
    assert made == ["thing"]


def test_another_key_is_another_thing() -> None:
    kept: Kept[str] = Kept(most=4)
    assert [kept.get(key, maker([], key)) for key in ("a", "b", "a")] == ["a", "b", "a"]


def test_a_failure_is_told_and_not_kept() -> None:
    kept: Kept[str] = Kept(most=4)

    def fail() -> str:
        raise LookupError("once")

    with pytest.raises(LookupError, match="once"):
        kept.get("key", fail)
    assert kept.get("key", maker([])) == "thing"


def test_the_oldest_makes_room() -> None:
    made: list[str] = []
    kept: Kept[str] = Kept(most=2)
    for key in ("a", "b", "c", "c", "b", "a"):
        kept.get(key, maker(made, key))
    assert made == ["a", "b", "c", "a"]


def test_forgotten() -> None:
    made: list[str] = []
    kept: Kept[str] = Kept(most=2)
    kept.get("key", maker(made))
    kept.forget()
    kept.get("key", maker(made))
    assert len(made) == 2


def test_a_forked_process_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    kept: Kept[str] = Kept(most=2)
    kept.get("key", maker(made))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    kept.get("key", maker(made))
    assert len(made) == 2
