# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten times the clients are at most ten times the work: lines of our code and statements are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils import client
from sandbox import Sandbox
from sandbox.accounts import Account

from .workplace import Workplace

FEW, MANY = 50, 500
OURS = client.__file__.removesuffix("client.py")


@dataclass
class Work:
    """
    What a task did.

    :param lines: of our code that ran, each as often as it ran, and so each round of a loop.
    """

    lines: int = 0
    statements: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the work of this thread."""
    work = Work()

    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        work.lines += event == "line"
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(OURS) else None

    def statement(*_about: Any) -> None:
        work.statements += 1

    before = sys.gettrace()
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", statement)
    sys.settrace(call)
    try:
        yield work
    finally:
        sys.settrace(before)
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", statement)


def clients(number: int) -> list[str]:
    return [f"Client {position:03}" for position in range(number)]


def listed(number: int, following: int = 0) -> list[dict[str, Any]]:
    """Map each client to its account, or to the one that follows, taken from its own."""
    names = clients(number)
    following_names = names[following:] + names[:following]
    moved = [{"move_from": name} if following else {} for name in names]
    pairs = zip(names, following_names, moved, strict=True)
    return [{"tenant": name, "account": account, **more} for name, account, more in pairs]


STEPS: dict[str, list[Any]] = {
    "present": [lambda number: {"mappings": listed(number)}],
    "again": [lambda number: {"mappings": listed(number)}] * 2,
    "move": [lambda number: {"mappings": listed(number)}, lambda number: {"mappings": listed(number, following=1)}],
    "exact": [lambda number: {"mappings": listed(number), "state": "exact"}],
    "exact, fewer": [
        lambda number: {"mappings": listed(number)},
        lambda number: {"mappings": listed(number)[::2], "state": "exact"},
    ],
    "absent": [
        lambda number: {"mappings": listed(number)},
        lambda number: {"mappings": [{"tenant": name} for name in clients(number)], "state": "absent"},
    ],
    "automatic": [lambda _number: {"match": "automatic"}],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_work_grows_no_faster_than_the_clients(sandbox: Sandbox, sqlite_workplace: Workplace, steps: list[Any]) -> None:
    few, many = (last_work(sandbox, sqlite_workplace, steps, number) for number in (FEW, MANY))
    assert few.lines > FEW
    assert many.lines <= MANY / FEW * few.lines
    assert many.statements <= MANY / FEW * few.statements


def last_work(sandbox: Sandbox, workplace: Workplace, steps: list[Any], number: int) -> Work:
    """Carry out all steps for so many clients, and count what the last one does."""
    sandbox.state.accounts = [Account(position, name) for position, name in enumerate(clients(number), start=1)]
    there = {"instance": f"With {number}"}
    workplace.create("North", tigerpaw=sandbox.tigerpaw_settings(), **there)
    workplace.run("binding", integration="North", companies=clients(number), **there)
    for step in steps:
        with counted() as work:
            done = workplace.run("mapping", integration="North", **there, **step(number))
    assert sum(len(done[what]) for what in ("mapped", "moved", "unmapped", "unchanged")) == number
    return work
