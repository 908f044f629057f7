# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what each task of the demonstration did and when, for the summary at its end."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: story
type: aggregate
short_description: Write down what each task did
description:
  - Writes one line of JSON for each task to the file that the environment variable E(DEMO_STORY) names.
"""


class CallbackModule(CallbackBase):
    """One line of JSON for each task: its name, how it ended, what it said, and the time it took."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "story"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._started = datetime.now(UTC)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note(result, failed=False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._note(result, failed=True)

    def _note(self, result: Any, failed: bool) -> None:
        told = result._result
        line = {
            "task": result._task.get_name(),
            "failed": failed,
            "message": str(told.get("msg", "")),
            "code": (told.get("error") or {}).get("code") if failed else None,
            "started": self._started.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
        }
        with Path(os.environ["DEMO_STORY"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
