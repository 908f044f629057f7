# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What is written into the history beside who did it.
    DOCUMENTATION = r"""
options:
  job:
    description:
      - Job of AWX or Automation Controller in which the task runs, for the history. This is stated, not proven.
      - Nobody has to give it. If omitted, it is taken from the variables that AWX gives to a playbook, such as
        C(awx_job_id), C(awx_job_template_name) and C(awx_user_name).
    type: dict
    suboptions:
      id:
        description:
          - Number of the job.
        type: str
      template:
        description:
          - Name of the job template.
        type: str
      launched_by:
        description:
          - Name of the user who launched it.
        type: str
      schedule:
        description:
          - Name of the schedule that launched it, or its workflow.
        type: str
      workflow:
        description:
          - Name of the workflow that it is part of.
        type: str
"""
