# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What AWX and Automation Controller tell a playbook of its job, in variables.

Their names are those of the methods ``awx_meta_vars`` in AWX; before AWX had a name, they began with ``tower_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIXES = ("awx_", "tower_")
_VARIABLES = {
    "id": ("job_id",),
    "template": ("job_template_name",),
    "launched_by": ("user_name",),
    "schedule": ("schedule_name", "parent_job_schedule_name"),
    "workflow": ("workflow_job_name",),
}


def job_of(variables: Mapping[str, Any]) -> dict[str, str]:
    """
    Take from a task's variables what they tell of the job.

    :param variables: as they are; names of templates and users are data, and never rendered.
    :returns: the option ``job`` of every module; empty outside of a job.
    """
    found = {fact: _first(variables, names) for fact, names in _VARIABLES.items()}
    return {fact: value for fact, value in found.items() if value} if found["id"] else {}


def _first(variables: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first value that is a text or a number, and not blank."""
    for name in names:
        for prefix in _PREFIXES:
            value = variables.get(prefix + name)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return str(value)
    return ""
