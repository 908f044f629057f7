# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: asks many outside systems at once, and none of them too many things at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event

AT_ONCE = 32
"""Jobs at the same time in all."""

AT_ONE_ORIGIN = 12
"""Jobs at the same time that ask the same origin."""

_LONGEST_WAIT = 1.0
"""Seconds until it is told that nothing has come to an end."""


@dataclass(frozen=True)
class Job:
    """
    Something that takes its time because others have to answer.

    :param origins: whom it asks, one after the other.
    :param work: is called in a thread.
    """

    origins: frozenset[str]
    work: Callable[[], None]


class BoundedPool:
    """
    Carries jobs out in threads, with one limit for all and one for each origin.

    Whatever ends it, also an interruption, no further job begins.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        # Jobs for the same origins wait in one queue, so that a long one is not searched again and again.
        self._waiting: dict[frozenset[str], deque[Job]] = {}
        for job in jobs:
            self._waiting.setdefault(job.origins, deque()).append(job)
        self._running: dict[Future[None], Job] = {}
        self._asked: Counter[str] = Counter()
        self.stopped = Event()
        """Set when nothing new should begin: what has several steps looks at it before each."""

    def run(self, told: Callable[[], None]) -> None:
        """
        Carry all jobs out.

        :param told: is called whenever something has come to an end, and every second.
        """
        pool = ThreadPoolExecutor(max_workers=AT_ONCE)
        try:
            self._start(pool)
            while self._running:
                self._collect()
                told()
                self._start(pool)
        finally:
            self.stopped.set()
            pool.shutdown(wait=False)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        for origins in list(self._waiting):
            queue = self._waiting[origins]
            while queue and self._may_ask(origins):
                job = queue.popleft()
                self._asked.update(origins)
                self._running[pool.submit(job.work)] = job
            if not queue:
                del self._waiting[origins]
            if len(self._running) >= AT_ONCE:
                return

    def _may_ask(self, origins: frozenset[str]) -> bool:
        return len(self._running) < AT_ONCE and all(self._asked[origin] < AT_ONE_ORIGIN for origin in origins)

    def _collect(self) -> None:
        done, _others = wait(self._running, timeout=_LONGEST_WAIT, return_when=FIRST_COMPLETED)
        for future in done:
            self._asked.subtract(self._running.pop(future).origins)
            future.result()
