# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an unchanged task imports, through either door: a module compiles anew, with each call, all that it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils import door
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.options import INTEGRATION

from .databases import SqliteFile
from .tasks import TIGERPAW
from .workplace import registry_options

LIBRARIES = {"zeep", "requests", "urllib3", "keyring", "psycopg", "lxml", "tenacity", "yaml", "smtplib"}
OURS = "ansible_collections.msp.kaspersky.plugins.module_utils."

# Each prints what the process has imported when the task is done, behind a mark.
MODULE = """
import json, os, runpy, sys
from ansible.module_utils import basic

basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(sys.argv[1])}).encode()
basic._ANSIBLE_PROFILE = "legacy"
try:
    runpy.run_module("ansible_collections.msp.kaspersky.plugins.modules.integration", run_name="__main__")
except SystemExit as end:
    assert not end.code
print("imported:", *sys.modules)
"""
ACTION = """
import json, sys
from ansible_collections.msp.kaspersky.plugins.action.integration import ActionModule
from ansible_collections.msp.kaspersky.plugins.module_utils import door

loaded = set(sys.modules)
outcome = door.perform_unchecked(ActionModule.specification, json.loads(sys.argv[1]), False, ActionModule.work)
print(json.dumps({**outcome.result, "later": sorted(set(sys.modules) - loaded)}))
print("imported:", *sys.modules)
"""


@pytest.fixture
def unchanged(sqlite: SqliteFile, tmp_path: Path) -> dict[str, Any]:
    """Make an integration, and give the options of a task that leaves it as it is."""
    options = {
        "name": "Acme",
        "platform": "tigerpaw",
        "solution": "security_center",
        "tigerpaw": TIGERPAW,
        **registry_options(sqlite, "registry", tmp_path),
    }
    made = door.perform_unchecked(
        INTEGRATION, {**options, "verify": "never"}, False, IntegrationClient.keep_integration
    )
    assert not made.failed, made.result
    return options


def run(code: str, options: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """
    Run a task in a process of its own.

    :returns: its result, and what the process has imported.
    """
    ended = subprocess.run(
        [sys.executable, "-c", code, json.dumps(options)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    told, imported = ended.stdout.strip().split("imported:")
    result: dict[str, Any] = json.loads(told)
    assert result["changed"] is False
    return result, set(imported.split())


@pytest.mark.parametrize("code", [MODULE, ACTION], ids=["ordinary door", "in-process door"])
def test_an_unchanged_task_imports_no_library_that_it_does_not_use(code: str, unchanged: dict[str, Any]) -> None:
    _result, imported = run(code, unchanged)
    packages = {name.partition(".")[0] for name in imported}
    assert "sqlalchemy" in packages
    # The action is the way for all tasks of a play, and is loaded once: Ansible and our mail need some of these there.
    assert not packages & (LIBRARIES - ({"yaml", "smtplib"} if code == ACTION else set()))


def test_an_unchanged_module_imports_none_of_our_files_for_changes_and_for_outside_systems(
    unchanged: dict[str, Any],
) -> None:
    _result, imported = run(MODULE, unchanged)
    ours = {name.removeprefix(OURS) for name in imported if name.startswith(OURS)}
    assert {name for name in ours if name.startswith("_remote.")} == {"_remote.verification"}
    assert not ours & {"_storage.writer", "_storage.creation", "_storage.keyring_store", "_domain.encoded_forms"}
    assert not ours & {"_operations.delete", "_operations.bind", "_operations.inform", "_operations.channels"}
    assert "sqlalchemy.dialects.postgresql" not in imported


def test_an_action_imports_nothing_of_ours_after_it_was_loaded(unchanged: dict[str, Any]) -> None:
    result, _imported = run(ACTION, unchanged)
    assert [name for name in result["later"] if name.startswith(OURS)] == []
