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

from .doors import MODULE, Play, Task, run, task, vaulted
from .tasks import TIGERPAW as SETTINGS

PASSWORD, PRIVATE_KEY = "Soap-password-4711", "Private-key-0815"
TIGERPAW = SETTINGS | {"soap_password": PASSWORD, "rest_private_key": PRIVATE_KEY}
NEW: Task = {
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": [{"email": "ann@msp.example", "alias": "Ann"}],
    "verify": "never",
}
RENDERED_IF_TRUSTED = "{{ 7 * 7 }}"
WITHOUT = {"soap_password": None, "rest_private_key": None}
WHEN_VERIFIED = {"One": "never", "Two": "on_change", "Three": "never"}


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
    task("api_user", user_name="kaspersky", tigerpaw={"soap_password": f"new {PASSWORD}"}, keywords={"diff": True}),
    task("api_user", user_name="kasperski", tigerpaw={"soap_password": PASSWORD}),
    task("api_user", tigerpaw={"soap_pasword": PASSWORD}, verify="never"),
    task("administrator", email="ann@msp.example", alias="Annie", keywords={"diff": True}),
    task("administrator", email="ann@msp.example", state="absent"),
    task("administrator", integrations=None),
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
        "ansible.builtin.debug": {"msg": "{{ result19.bound[1].name }} and {{ result23.tenants | length }}"},
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
    {
        "name": "Environment of a block",
        "environment": {"MSP_KASPERSKY_INSTANCE": "nowhere"},
        "block": [task("integration_info", keywords={"environment": {"MSP_KASPERSKY_RETRIES": 1}})],
    },
    {
        "name": "Defaults of a block",
        "module_defaults": {MODULE + "integration_info": {"instance": "nowhere"}},
        "block": [task("integration_info")],
    },
    {
        "name": "Rescue",
        "block": [task("integration", name="One", tigerpaw=TIGERPAW | {"url": "https://other.example", **WITHOUT})],
        "rescue": [{"name": "Look", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.error }}"}}],
    },
    task("integration", name="One", state="absent", webhook_url_file="nowhere/a", webhook_secret_file="nowhere/b"),
    task("integration_info", proxy_password="x", proxy_password_file="nowhere/password"),
    task("tenant_info", keywords={"environment": {"MSP_KASPERSKY_SECURITY_CENTER_TIMEOUT": "soon"}}),
    task("tenant_info", keywords={"environment": {"MSP_KASPERSKY_SECURITY_CENTER_URL": "https://ksc.example"}}),
]
# An item that is refused by Ansible, one that cannot be decrypted, and one in which the collection itself fails.
CRASHES = [
    task(
        "integration",
        name="{{ item.name }}",
        **{**NEW, "tigerpaw": TIGERPAW | {"url": "https://127.0.0.1:9"}, "verify": "{{ item.verify }}"},
        keywords={"loop": [{"name": name, "verify": verify} for name, verify in WHEN_VERIFIED.items()]},
    ),
    task("integration_info"),
    task(
        "integration",
        name="{{ item }}",
        **{**NEW, "tigerpaw": TIGERPAW | {"soap_password": "{{ lookup('vars', 'password_of_' ~ item) }}"}},
        keywords={
            "loop": ["Four", "Five", "Six", "Seven"],
            "vars": {
                "password_of_Four": vaulted(PASSWORD),
                "password_of_Five": vaulted(PASSWORD, "another Vault-password"),
                "password_of_Seven": unsafe(RENDERED_IF_TRUSTED),
            },
        },
    ),
    task("integration", name="Four", tigerpaw={"soap_password": vaulted(PASSWORD)}),
    task("integration_info"),
]
HERE = {"delegate_to": "localhost"}
HOSTS = [
    task("integration", name="{{ inventory_hostname }}", **NEW, keywords={**HERE, "throttle": 1, "diff": True}),
    task(
        "integration",
        name="{{ inventory_hostname }}",
        tigerpaw={"soap_password": "{{ secret }}"},
        verify="never",
        keywords=HERE,
    ),
    task("integration_info", name="{{ inventory_hostname }}", keywords=HERE),
    task(
        "integration_info",
        keywords={**HERE, "environment": {"MSP_KASPERSKY_INSTANCE": "{{ inventory_hostname }}"}},
    ),
    task("notification_info", keywords={"ignore_unreachable": True}),
]
FREE = Play(
    HOSTS,
    {"strategy": "free", "environment": {"MSP_KASPERSKY_INSTANCE": "of the play"}},
    {
        "one": {"secret": "first-secret"},
        "two": {"secret": "second-secret"},
        "far": {"secret": "third-secret", "ansible_connection": "ssh", "ansible_port": 1},
    },
)
ROLLING = Play(
    [
        task("integration", name="{{ inventory_hostname }}", **NEW, keywords={"run_once": True}),
        task("integration", name="{{ ansible_facts.python.version.major }}", **NEW, keywords={"check_mode": True}),
        task("integration", name="one", state="absent", keywords={"when": "inventory_hostname == 'two'"}),
        task("integration_info"),
    ],
    {"serial": 1, "gather_facts": True},
    {"one": {}, "two": {}},
)
PLAYS = {
    "life": Play(LIFE),
    "keywords": Play(KEYWORDS),
    "crashes": Play(CRASHES, stand_in="crash"),
    "free": FREE,
    "rolling": ROLLING,
}


STEPS_ASIDE: dict[str, Task] = {
    "async": {"async": 60, "poll": 1},
    "become": {"become": True, "vars": {"ansible_become_exe": "/bin/false"}},
    "environment": {"environment": {"LANG": "C"}},
    "variable": {"vars": {"msp_kaspersky_in_process": "{{ 'no' }}"}},
    "interpreter": {"vars": {"ansible_python_interpreter": f"/usr/bin/env {sys.executable}"}},
    "connection": {"vars": {"ansible_connection": "ssh", "ansible_port": 1}, "ignore_unreachable": True},
}


@pytest.mark.parametrize("name", PLAYS)
def test_both_doors_do_and_say_the_same(name: str, tmp_path: Path) -> None:
    play = PLAYS[name]
    folder = tmp_path / "place"
    by_module = run(play, folder, in_process=False)
    in_process = run(play, folder, in_process=True)
    assert in_process.results == by_module.results
    assert in_order(in_process.screen, play) == in_order(by_module.screen, play)
    told = json.dumps([in_process.results, in_process.screen])
    assert PRIVATE_KEY not in told
    assert in_process.modules == 0
    assert by_module.modules >= len(play.tasks) - 1  # one of them may render only
    SHOWN[name](in_process.results)


def in_order(screen: list[str], play: Play) -> list[str]:
    """Put lines in order of which each host brings its own at its own time."""
    return sorted(screen) if play.keywords.get("strategy") == "free" else screen


def show_life(results: Task) -> None:
    assert results[f"here {len(LIFE) - 1} Render once more"]["msg"] == f"{RENDERED_IF_TRUSTED} and 3"


def show_keywords(results: Task) -> None:
    assert [results[f"here {number} {name}"]["error"]["code"] for number, name in IN_BLOCKS] == ["instance_unknown"] * 2
    assert results["here 16 Rescue"]["msg"]["code"] == "secret_required"


def show_crashes(results: Task) -> None:
    items = results["here 00 integration"]["results"]
    assert [item.get("error", {}).get("code") for item in items] == [None, "internal_error", None]
    assert [item["name"] for item in results["here 01 integration_info"]["integrations"]] == ["One", "Three"]
    assert not results["here 03 integration"]["changed"]
    assert "Four" in [item["name"] for item in results["here 04 integration_info"]["integrations"]]


def show_free(results: Task) -> None:
    assert [results[f"{host} 01 integration"]["changed"] for host in FREE.hosts] == [True] * 3
    assert results["far 03 integration_info"]["error"]["code"] == "instance_unknown"
    assert results["far 04 notification_info"]["unreachable"]


def show_rolling(results: Task) -> None:
    assert results["two 01 integration"]["integration"]["name"] == "3"
    assert [item["name"] for item in results["two 03 integration_info"]["integrations"]] == ["two"]


IN_BLOCKS = ((14, "Environment of a block"), (15, "Defaults of a block"))
SHOWN = {
    "life": show_life,
    "keywords": show_keywords,
    "crashes": show_crashes,
    "free": show_free,
    "rolling": show_rolling,
}


def test_the_module_is_used_where_a_task_does_not_simply_run_on_the_controller(tmp_path: Path) -> None:
    tasks = [{**task("registry_info", keywords=keywords), "name": name} for name, keywords in STEPS_ASIDE.items()]
    seen = run(Play(tasks), tmp_path / "place", in_process=True)
    assert seen.results == run(Play(tasks), tmp_path / "place", in_process=False).results
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
    proven = {**NEW, "tigerpaw": sandbox.tigerpaw_settings(), "verify": "on_change"}
    looped = {"loop": ["One", "Two", "Three"], "timeout": 8}
    tasks = [
        task("registry"),
        task("integration", name="{{ item }}", **proven, keywords=looped),
        task("integration_info"),
    ]
    by_door = []
    for in_process in (False, True):
        sandbox.misbehave("rest", "slow", times=1, seconds=30)
        by_door.append(run(Play(tasks), tmp_path / "place", in_process=in_process))
    by_module, seen = by_door
    # A module works on after Ansible has given it up, so what comes of it in the end is not compared.
    assert seen.results["here 01 integration"] == by_module.results["here 01 integration"]
    assert seen.modules == 0
    assert [item["failed"] for item in seen.results["here 01 integration"]["results"]] == [True, False, False]
    assert [item["name"] for item in seen.results["here 02 integration_info"]["integrations"]] == ["Three", "Two"]
