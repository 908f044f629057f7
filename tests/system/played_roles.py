# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays a role of the collection as users do, with all that Ansible can show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .leaks import found_in

SECONDS = 180


@dataclass(frozen=True)
class Played:
    """
    What came of a run of a role.

    :param code: of the process: 0 if all went well, negative if a signal ended it.
    :param output: all that was shown.
    :param changed: how many tasks changed something; -1 if it ended before it was counted.
    :param result: the fact that the role sums up in; empty if it did not get so far.
    """

    code: int
    output: str
    changed: int
    result: dict[str, Any] = field(default_factory=dict)


def play_role(
    role: str,
    folder: Path,
    variables: Mapping[str, Any],
    options: Mapping[str, Any],
    secrets: dict[str, str],
    *arguments: str,
    environment: Mapping[str, str] | None = None,
) -> Played:
    """
    Play a role on localhost.

    :param folder: where the playbook is put, and Ansible is at home.
    :param options: those that every module gets.
    :param secrets: by a name for each; none of them may be shown.
    :param arguments: more of ``ansible-playbook``.
    :param environment: more variables of the environment.
    """
    told = folder / "result.json"
    told.unlink(missing_ok=True)
    file = folder / "play.yml"
    file.write_text(json.dumps([_play(role, variables, options, told)]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-vvvv", *arguments, str(file)],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "ANSIBLE_NOCOLOR": "true", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    assert found_in(output.encode(), secrets) == set()
    changed = re.search(r"changed=(\d+)", done.stdout)
    result = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    return Played(done.returncode, output, int(changed[1]) if changed else -1, result)


def _play(role: str, variables: Mapping[str, Any], options: Mapping[str, Any], told: Path) -> dict[str, Any]:
    """Write a play that carries out a role and keeps its result, in check mode and with tags as well."""
    summary = {
        "ansible.builtin.copy": {"content": f"{{{{ {role}_result | default({{}}) | to_json }}}}", "dest": str(told)},
        "check_mode": False,
        "changed_when": False,
        "tags": "always",
    }
    return {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": dict(variables),
        "module_defaults": {"group/msp.kaspersky.all": dict(options)},
        "tasks": [{"ansible.builtin.import_role": {"name": f"msp.kaspersky.{role}"}}, summary],
    }
