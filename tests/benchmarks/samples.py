# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured, and what was: pure, so that it can be tested."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .players import Play
    from .stage import Stage

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
DATABASES = (SQLITE, POSTGRESQL)


class Section(Enum):
    """Under which heading a measurement is shown."""

    LOOPS = "In a loop"
    HOSTS = "Tenants as hosts"
    LARGE = "Large tasks"


@dataclass(frozen=True)
class Sample:
    """
    What one play took.

    :param cpu_seconds: of all its processes together.
    :param mebibytes: of the largest of its processes, at its peak.
    """

    seconds: float
    cpu_seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Figures:
    """
    The medians of several samples.

    :param seconds: of one part, the start-up of the playbook taken off.
    :param cpu_seconds: the same, of the processor.
    :param whole_seconds: of the whole process.
    :param mebibytes: of the largest process.
    """

    seconds: float
    cpu_seconds: float
    whole_seconds: float
    mebibytes: float


@dataclass
class Measurement:
    """
    One way to do something many times.

    :param key: names it for the targets.
    :param count: how many items, hosts, integrations or companies.
    :param parts: by how much the time is divided.
    :param ready: gets ready for a sample, and returns the play that only starts up, and the whole one.
    """

    key: str
    title: str
    section: Section
    count: int
    parts: float
    ready: Callable[[Stage], tuple[Play, Play]]
    samples: list[tuple[Sample, Sample]] = field(default_factory=list)
    failure: str = ""

    def take(self, stage: Stage) -> None:
        """Take a sample; one that fails is noted, and not tried again."""
        if self.failure:
            return
        try:
            start_up, whole = self.ready(stage)
            self.samples.append((stage.player.play(start_up), stage.player.play(whole)))
        except Exception as error:  # noqa: BLE001 - the others are measured whatever fails
            self.failure = " ".join(str(error).split()) or type(error).__name__

    @property
    def figures(self) -> Figures | None:
        """The medians; nothing where a sample failed, or none was taken."""
        return None if self.failure or not self.samples else medians(self.samples, self.parts)


def medians(samples: list[tuple[Sample, Sample]], parts: float) -> Figures:
    """
    Sum samples up.

    :param samples: of the start-up and of the whole, taken one after the other.
    :param parts: by how much the difference of the two is divided.
    """
    return Figures(
        seconds=statistics.median((whole.seconds - start.seconds) / parts for start, whole in samples),
        cpu_seconds=statistics.median((whole.cpu_seconds - start.cpu_seconds) / parts for start, whole in samples),
        whole_seconds=statistics.median(whole.seconds for _start, whole in samples),
        mebibytes=statistics.median(whole.mebibytes for _start, whole in samples),
    )


def ratio(one: float, other: float) -> float | None:
    """Tell how many times as much one is as the other; nothing where the other is too small to be measured."""
    return one / other if one > 0 and other > 0 else None
