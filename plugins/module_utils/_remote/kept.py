# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what takes long to make and holds nothing of anybody, so that one process makes it once."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")

_all: list[Kept[Any]] = []


class Kept(Generic[Thing]):
    """
    Keeps things of one kind, whichever thread asks for them.

    :param most: how many are kept; the oldest make room.
    """

    def __init__(self, most: int) -> None:
        _all.append(self)
        self._most = most
        self._lock = Lock()
        self._made: dict[Hashable, Future[Thing]] = {}

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """
        Take what is kept, or make it; others who want it meanwhile wait.

        What cannot be made fails for those who wait for it as well. Whoever comes later tries again.

        :param key: all that the thing depends on, without any secret.
        """
        place = (os.getpid(), key)  # what was made before a fork is not ours
        with self._lock:
            known = self._made.get(place)
            if known is None:
                own = self._made[place] = Future()
                self._make_room()
        if known is not None:
            return known.result()
        try:
            own.set_result(make())
        except BaseException as error:  # noqa: BLE001 (whoever waits must not wait forever)
            self._drop(place)
            own.set_exception(error)
        return own.result()

    def forget(self) -> None:
        """Have everything made anew."""
        with self._lock:
            self._made.clear()

    def _make_room(self) -> None:
        while len(self._made) > self._most:
            del self._made[next(iter(self._made))]

    def _drop(self, place: tuple[int, Hashable]) -> None:
        with self._lock:
            self._made.pop(place, None)


def forget_what_is_kept() -> None:
    """Begin as a new process does."""
    for kept in _all:
        kept.forget()
