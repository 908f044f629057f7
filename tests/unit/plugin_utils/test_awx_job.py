# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of a playbook tell of a job of AWX."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.plugin_utils.awx_job import job_of

TOLD = {
    "job_id": 42,
    "job_template_name": "{{ 7 * 7 }}",
    "user_name": "ann",
    "schedule_name": "Nightly",
    "workflow_job_name": "Monthly",
}
JOB = {"id": "42", "template": "{{ 7 * 7 }}", "launched_by": "ann", "schedule": "Nightly", "workflow": "Monthly"}


@pytest.mark.parametrize("prefix", ["awx_", "tower_"])
def test_every_fact_is_taken_as_it_is(prefix: str) -> None:
    assert job_of({prefix + name: value for name, value in TOLD.items()}) == JOB


def test_the_schedule_of_the_workflow_counts() -> None:
    assert job_of({"awx_job_id": 1, "awx_parent_job_schedule_name": "Nightly"}) == {"id": "1", "schedule": "Nightly"}


@pytest.mark.parametrize("variables", [{}, {"awx_user_name": "ann"}, {"awx_job_id": ""}, {"awx_job_id": ["1"]}])
def test_there_is_no_job_without_a_number(variables: dict[str, Any]) -> None:
    assert job_of(variables) == {}


@pytest.mark.parametrize("odd", [None, True, 1.5, {"a": 1}, ["a"], " "])
def test_what_is_no_name_is_left_out(odd: Any) -> None:
    assert job_of({"awx_job_id": 1, "awx_user_name": odd}) == {"id": "1"}
