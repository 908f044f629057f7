# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how far long work has come, told while it runs in our own words and in numbers: no name, no secret."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS_BETWEEN = 5.0
"""Between two lines, and before the first one: what is done sooner needs none."""

Tell = Callable[[str], None]


def tell_nobody(line: str) -> None:
    """Be where lines go that nobody can see."""
    del line


class Progress:
    """
    One stretch of long work.

    :param done: what is done with each thing, for example ``verified``.
    :param things: for example ``integrations``.
    :param total: how many there are, if that is known.
    :param tell: where lines go.
    :param now: seconds of a clock that is never set.
    """

    def __init__(
        self, done: str, things: str, total: int | None, tell: Tell, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._done = done
        self._things = things
        self._total = total
        self._tell = tell
        self._now = now
        self._began = self._told = now()

    def reached(self, count: int) -> None:
        """
        Tell how far the work has come, unless that was told a moment ago.

        :param count: how many things are done; may be said as often as one likes.
        """
        now = self._now()
        if now - self._told < SECONDS_BETWEEN:
            return
        self._told = now
        rate = _readable(count / (now - self._began))
        total = "" if self._total is None else f" of {self._total:,}"
        self._tell(f"{self._done} {count:,}{total} {self._things}, {rate} a second")


def _readable(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
