# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.msp.kaspersky.tests.benchmarks.report import BEGIN, END, failures, replaced, report, table
from ansible_collections.msp.kaspersky.tests.benchmarks.samples import Measurement, Sample, Section, medians, ratio
from ansible_collections.msp.kaspersky.tests.benchmarks.targets import Limit, Target, targets

START_UP = Sample(1.0, 0.5, 50.0)


def measured(key: str, *seconds: float, parts: float = 1, section: Section = Section.LOOPS) -> Measurement:
    """Return a measurement whose start-up always took a second."""

    def ready(_stage: object) -> None:
        raise AssertionError("nothing is played here")

    samples = [(START_UP, Sample(whole, whole / 2, 60.0)) for whole in seconds]
    return Measurement(key, key.title(), section, 10, parts, ready, samples)  # type: ignore[arg-type]


def test_medians_take_the_start_up_off_and_are_not_moved_by_one_bad_round() -> None:
    figures = medians(measured("loop", 3.0, 5.0, 99.0).samples, parts=2)
    assert (figures.seconds, figures.cpu_seconds) == (2.0, 1.0)
    assert (figures.whole_seconds, figures.mebibytes) == (5.0, 60.0)


@pytest.mark.parametrize(("one", "other", "expected"), [(3.0, 2.0, 1.5), (3.0, 0.0, None), (-1.0, 2.0, None)])
def test_a_ratio_to_noise_is_none(one: float, other: float, expected: float | None) -> None:
    assert ratio(one, other) == expected


def test_no_figures_without_samples_or_after_a_failure() -> None:
    assert measured("loop").figures is None
    failed = measured("loop", 3.0)
    failed.failure = "broken"
    assert failed.figures is None


def test_one_that_fails_is_noted_and_not_tried_again() -> None:
    tried = measured("loop")
    tried.take(None)  # type: ignore[arg-type]
    assert tried.failure == "nothing is played here"
    tried.failure = "the first reason"
    tried.take(None)  # type: ignore[arg-type]
    assert tried.failure == "the first reason"


@pytest.mark.parametrize(
    ("limit", "side", "met"),
    [
        (2.0, Limit.AT_MOST, True),
        (1.9, Limit.AT_MOST, False),
        (2.0, Limit.AT_LEAST, True),
        (2.1, Limit.AT_LEAST, False),
    ],
)
def test_a_target_is_met_on_its_side_of_the_limit(limit: float, side: Limit, met: bool) -> None:
    target = Target("what", ("one", "other"), limit, side)
    found = {"one": measured("one", 5.0), "other": measured("other", 3.0)}
    assert target.figure(found) == 2.0
    assert target.is_met(2.0) is met


def test_a_single_figure_is_not_compared_and_noise_meets_no_target() -> None:
    target = Target("what", ("one",), 3.0, unit="s")
    assert target.figure({"one": measured("one", 5.0)}) == 4.0
    assert target.figure({"one": measured("one", 0.9)}) is None
    assert target.figure({}) is None
    assert target.cpu_figure({"one": measured("one", 5.0)}) is None


def test_the_report_tells_what_is_not_measured() -> None:
    broken = measured("loop floor")
    broken.failure = "no such | thing"
    told = report({"cores": "2"}, targets(), [broken, measured("loop in-process SQLite", 3.0)])
    assert "| cores | 2 |" in told
    assert "| item, in-process door, to the floor, SQLite | not measured |  | at most 1.5 times |  |" in told
    assert "| Loop In-Process Sqlite | 10 | 2000.0 | 1000.0 |  |  | 1.00 |" in told
    assert told.endswith("\n".join(failures([broken])[1:]))


def test_large_tasks_are_told_with_their_memory() -> None:
    told = report({}, [], [measured("bound many SQLite", 3.0, section=Section.LARGE)])
    assert "| Bound Many Sqlite | 2.00 | 1.00 | 3.00 | 60 |" in told


def test_a_bar_does_not_end_a_cell() -> None:
    assert table(["a"], [["b|c"]]) == "| a |\n| --- |\n| b\\|c |"


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\n## By hand\n"
    once = replaced(page, "new")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\n## By hand\n"
    assert replaced(once, "new") == once


@pytest.mark.parametrize("page", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_page_without_both_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="there must be one"):
        replaced(page, "new")
