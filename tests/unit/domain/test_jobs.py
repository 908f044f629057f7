# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a job of AWX, and how it is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.jobs import (
    JOB_FACTS,
    job_title,
    known_job,
    who_launched,
)


@pytest.mark.parametrize("facts", [{}, {"id": None}, {"id": " ", "template": ""}, {"other": "x"}])
def test_nothing_known_is_no_job(facts: dict[str, Any]) -> None:
    assert known_job(facts) is None


@given(st.dictionaries(st.sampled_from(JOB_FACTS), st.one_of(st.none(), st.text(), st.integers())))
def test_whatever_is_told_becomes_short_lines(facts: dict[str, Any]) -> None:
    for name, text in (known_job(facts) or {}).items():
        assert name in JOB_FACTS
        assert text.strip()
        assert len(text.splitlines()) == 1
        assert len(text) <= 255


@pytest.mark.parametrize(
    ("job", "title", "who"),
    [
        ({"id": "42"}, "AWX job 42", "AWX job 42"),
        ({"id": "42", "template": "Delete"}, "AWX job 42 (Delete)", "AWX job 42 (Delete)"),
        ({"id": "42", "template": "Delete", "launched_by": "ann"}, "AWX job 42 (Delete)", "ann"),
        ({"template": "Delete"}, "AWX job (Delete)", "AWX job (Delete)"),
    ],
)
def test_a_job_and_who_launched_it_are_named(job: dict[str, str], title: str, who: str) -> None:
    assert job_title(job) == title
    assert who_launched(job) == who
