# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the job of AWX or Automation Controller in which a task runs.

What is told of it is stated, not proven. It is harmless text: an odd name of a template must not keep a job from its
work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import LONGEST_NAME, one_line

JOB_FACTS = ("id", "template", "launched_by", "schedule", "workflow")
"""What may be known of a job: its number, and the names of what it was made from and of who or what launched it."""


def known_job(facts: Mapping[str, Any]) -> dict[str, str] | None:
    """
    Keep what is known of a job.

    :param facts: by the names of :data:`JOB_FACTS`; ``None`` and blank ones are not known.
    :returns: texts of one line, at most 255 characters long; nothing if nothing is known.
    """
    texts = {name: one_line(str(facts[name])).strip() for name in JOB_FACTS if facts.get(name) is not None}
    return {name: text[:LONGEST_NAME] for name, text in texts.items() if text} or None


def who_launched(job: Mapping[str, str]) -> str:
    """Name who acts where a task does not say: the user who launched the job, else the job."""
    return job.get("launched_by") or job_title(job)


def job_title(job: Mapping[str, str]) -> str:
    """Name a job for people, for example ``AWX job 42 (Delete an integration)``."""
    title = f"AWX job {job['id']}" if "id" in job else "AWX job"
    return f"{title} ({job['template']})" if "template" in job else title
