# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many are asked at once, but never more than the limits allow: in all, and at one origin."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from threading import Event, Lock

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._operations import bounded_pool
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.bounded_pool import BoundedPool, Job


class Watch:
    """Makes jobs, and watches how many of them run at the same time."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.began: list[str] = []

    def jobs(self, *origins: str, count: int = 1) -> list[Job]:
        return [Job(frozenset(origins), lambda: self._work([*origins, "all"])) for _each in range(count)]

    def _work(self, places: Sequence[str]) -> None:
        with self.lock:
            self.began.append(places[0])
            self.running.update(places)
            self.most |= self.running
        time.sleep(0.005)
        with self.lock:
            self.running.subtract(places)


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_pool, "AT_ONCE", 5)
    monkeypatch.setattr(bounded_pool, "AT_ONE_ORIGIN", 3)


def test_limit_of_one_origin() -> None:
    watch = Watch()
    BoundedPool(watch.jobs("a", count=20)).run(lambda: None)
    assert len(watch.began) == 20
    assert watch.most["a"] == 3


def test_limit_of_all() -> None:
    watch = Watch()
    BoundedPool([job for name in "abcdefgh" for job in watch.jobs(name, count=3)]).run(lambda: None)
    assert len(watch.began) == 24
    assert watch.most["all"] == 5


def test_one_that_asks_two_origins_counts_at_both() -> None:
    watch = Watch()
    BoundedPool([*watch.jobs("a", "b", count=6), *watch.jobs("b", count=6)]).run(lambda: None)
    assert len(watch.began) == 12
    assert watch.most["b"] == 3


def test_a_busy_origin_keeps_nobody_else_waiting() -> None:
    watch = Watch()
    BoundedPool([*watch.jobs("slow", count=9), *watch.jobs("other")]).run(lambda: None)
    assert "other" in watch.began[:5]


def test_it_is_told_whenever_something_has_ended() -> None:
    watch = Watch()
    told: list[int] = []
    BoundedPool(watch.jobs("a", count=7)).run(lambda: told.append(len(watch.began)))
    assert told == sorted(told)
    assert told[-1] == 7


def test_it_is_told_while_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_pool, "_LONGEST_WAIT", 0.01)
    told: list[bool] = []
    enough = Event()

    def count() -> None:
        told.append(enough.is_set())
        if len(told) == 3:
            enough.set()

    def wait() -> None:
        enough.wait(10)

    BoundedPool([Job(frozenset("a"), wait)]).run(count)
    assert told[:3] == [False, False, False]


def test_an_interruption_lets_nothing_else_begin() -> None:
    watch = Watch()
    pool = BoundedPool(watch.jobs("a", count=20))

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run(interrupt)
    assert pool.stopped.is_set()
    time.sleep(0.1)  # one may have been about to begin
    began = len(watch.began)
    time.sleep(0.05)
    assert len(watch.began) == began <= 3


def test_what_nobody_foresaw_comes_out() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        BoundedPool([Job(frozenset("a"), fail)]).run(lambda: None)


def test_nothing_to_do() -> None:
    BoundedPool([]).run(lambda: pytest.fail("there is nothing to tell"))
