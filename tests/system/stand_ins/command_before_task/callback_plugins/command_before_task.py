# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a command before the task that the environment names: something that happens meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "command_before_task"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if task.get_name().endswith(os.environ["COMMAND_BEFORE_TASK"]):
            done = subprocess.run(json.loads(os.environ["COMMAND"]), capture_output=True, text=True, check=False)
            if done.returncode:
                self._display.display(done.stdout + done.stderr)
                # Ansible would only warn of a callback that fails.
                os.abort()
