# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The same tasks through both doors: by the modules, and inside of Ansible's own process.

What they return, what is on the screen and what is masked has to be the same. Each play is run twice, in the same
folder, by whole ``ansible-playbook`` processes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sandbox import Sandbox

from .doors import MODULE, Play, Task, run, task

PASSWORD, PRIVATE_KEY = "Soap-password-4711", "Private-key-0815"
TIGERPAW = {
    "soap_user_name": "kaspersky",
    "soap_password": PASSWORD,
    "rest_public_key": "public",
    "rest_private_key": PRIVATE_KEY,
    "url": "https://tigerpaw.example",
}
NEW: Task = {
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": [{"email": "ann@msp.example", "alias": "Ann"}],
    "verify": "never",
}
RENDERED_IF_TRUSTED = "{{ 7 * 7 }}"


def unsafe(text: str) -> str:
    """Write a text in a way that Ansible does not render."""
    return "{{ '" + text.replace("{{", "{' ~ '{").replace("}}", "}' ~ '}") + "' }}"


LIFE = [
    task("registry_info"),
    task("integration", name="Acme", **NEW, keywords={"check_mode": True, "diff": True}),
    task("integration", name="Acme", **NEW, keywords={"diff": True}),
    task("integration", name="Acme", **NEW),
    task("integration", name="Acme", tigerpaw={"soap_password": "short"}),
    task("integration", name="Acme", tigerpaw={"soap_password": PASSWORD, "url": "https://other.example"}),
    task("integration", name="Acne"),
    task("integration", nmae="Acme", tigerpaw={"soap_pasword": PASSWORD}, timeout=PASSWORD),
    task("integration", name="Acme", tigerpaw=PASSWORD),
    task("integration", name="{{ 'Acme' | upper }}", new_name="{{ omit }}", **NEW),
    task("integration", name="Acme", actor=None, administrators=[{"email": "a@b.example", "alias": 7}], retries="2"),
    task("integration_info", tenants=True, history=True, export=True),
    task("integration_info", instance="nowhere"),
    task("binding", integration="Acme", companies=["Harbour Dental", unsafe(RENDERED_IF_TRUSTED), f"x {PASSWORD} y"]),
    task("binding", integration="Acme", companies=["Harbour Dental"]),
    task("binding", integration="ACME", companies=["Harbour Dental"]),
    task("binding", integration="Acme", companies=[], state="exact"),
    task("tenant_info", bound=True),
    task("tenant_info", bound="perhaps"),
    task("registry", check_integrity=True, history_retention=7),
    task("registry", registry=f"postgresql://u:{PASSWORD}@db.example/x"),
    task("registry_info", registry="sqlite:////nowhere/registry.sqlite3"),
    task("registry_info", secret_key=PASSWORD),
    task("integration", name="Acme", state="absent", webhook_url=f"http://example.com/{PASSWORD}"),
    task("integration", name="Acme", state="absent"),
    task("integration", name="Acme", state="absent"),
    task("notification_info", limit=5),
    task("notification_info", limit=0),
    task("notification", state="discarded"),
    task("notification", notification_ids=["none"]),
]
# Texts from outside, seen through a template: they have to come back as they are.
LIFE.append(
    {
        "name": "Render once more",
        "ansible.builtin.debug": {"msg": "{{ result13.bound[1].name }} and {{ result17.tenants | length }}"},
    }
)
KEYWORDS = [
    task("integration", name="{{ item }}", **NEW, keywords={"loop": ["One", "", "Two"], "diff": True}),
    task("integration", name="{{ item }}", keywords={"loop": ["One", "Tow", "Two"], "no_log": True}),
    task("registry_info", keywords={"until": "false", "retries": 1, "delay": 0}),
    task("registry_info", keywords={"delegate_to": "localhost", "run_once": True}),
    task("registry_info", keywords={"delegate_to": "127.0.0.1", "vars": {"ansible_connection": "local"}}),
    task("registry_info", keywords={"changed_when": True, "failed_when": "'secret_store' not in result0"}),
    task("registry_info", registry=None, keywords={"environment": {"MSP_KASPERSKY_REGISTRY": "{{ 'sqlite:' }}"}}),
    task("integration_info", registry="{{ omit }}", keywords={"environment": {"MSP_KASPERSKY_INSTANCE": "nowhere"}}),
    task("integration_info", history=True, keywords={"environment": [{"MSP_KASPERSKY_INSTANCE": ""}]}),
    task("integration", name="One", secret_key_file="relative/key", keywords={"environment": {}}),
    task("integration", name="One", secret_key_file="nowhere/key"),
    task("integration_info", keywords={"module_defaults": {MODULE + "integration_info": {"instance": "nowhere"}}}),
    task("integration_info", instance=7, platform="{{ none }}"),
    {"name": "Local action", "local_action": {"module": MODULE + "registry_info"}},
]


STEPS_ASIDE: dict[str, Task] = {
    "async": {"async": 60, "poll": 1},
    "become": {"become": True, "vars": {"ansible_become_exe": "/bin/false"}},
    "environment": {"environment": {"LANG": "C"}},
    "variable": {"vars": {"msp_kaspersky_in_process": "{{ 'no' }}"}},
    "interpreter": {"vars": {"ansible_python_interpreter": f"/usr/bin/env {sys.executable}"}},
    "connection": {"vars": {"ansible_connection": "ssh", "ansible_port": 1}, "ignore_unreachable": True},
}


@pytest.mark.parametrize("play", [Play(LIFE), Play(KEYWORDS)], ids=["life", "keywords"])
def test_both_doors_do_and_say_the_same(play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "place"
    by_module = run(play, folder, in_process=False)
    in_process = run(play, folder, in_process=True)
    assert in_process.results == by_module.results
    assert in_process.screen == by_module.screen
    told = json.dumps([in_process.results, in_process.screen])
    assert PRIVATE_KEY not in told
    assert in_process.modules == 0
    assert by_module.modules >= len(play.tasks) - 1  # one of them may render only
    rendered = in_process.results.get(f"here {len(LIFE) - 1} Render once more", {"msg": f"{RENDERED_IF_TRUSTED} and 3"})
    assert rendered["msg"] == f"{RENDERED_IF_TRUSTED} and 3"


def test_the_module_is_used_where_a_task_does_not_simply_run_on_the_controller(tmp_path: Path) -> None:
    tasks = [{**task("registry_info", keywords=keywords), "name": name} for name, keywords in STEPS_ASIDE.items()]
    seen = run(Play(tasks), tmp_path / "place", in_process=True)
    assert seen.modules == len(STEPS_ASIDE) - 1
    assert seen.results["here 05 connection"]["unreachable"]


@pytest.mark.parametrize("interpreter", ["auto", "auto_silent", "{{ ansible_playbook_python }}", ""])
def test_an_interpreter_that_ansible_would_look_for_is_no_reason_to_step_aside(
    interpreter: str, tmp_path: Path
) -> None:
    seen = run(Play([task("registry_info")]), tmp_path / "place", in_process="yes", interpreter=interpreter)
    assert seen.modules == 0


def test_a_variable_that_is_neither_true_nor_false_is_told(tmp_path: Path) -> None:
    seen = run(Play([task("registry_info")]), tmp_path / "place", in_process="perhaps")
    assert "msp_kaspersky_in_process must be true or false" in json.dumps(seen.results)


def test_an_interrupted_item_is_taken_back_and_the_others_are_done(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.misbehave("rest", "slow", times=1, seconds=30)
    proven = {**NEW, "tigerpaw": sandbox.tigerpaw_settings(), "verify": "on_change"}
    looped = {"loop": ["One", "Two", "Three"], "timeout": 3}
    tasks = [
        task("registry"),
        task("integration", name="{{ item }}", **proven, keywords=looped),
        task("integration_info"),
    ]
    seen = run(Play(tasks), tmp_path / "place", in_process=True)
    assert seen.modules == 0
    assert [item["failed"] for item in seen.results["here 01 integration"]["results"]] == [True, False, False]
    assert [item["name"] for item in seen.results["here 02 integration_info"]["integrations"]] == ["Three", "Two"]
