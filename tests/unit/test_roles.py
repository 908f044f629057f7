# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles say that they take is what the modules take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Solution
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, Platform

COLLECTION = Path(__file__).resolve().parents[2]
ROLE = COLLECTION / "roles" / "integrations"
MODULE = options.INTEGRATION.argument_spec


def read(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


VARIABLES = read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
INSTANCE = VARIABLES["integrations_instance"]["options"]
INTEGRATION = INSTANCE["integrations"]["options"]


def shape(option: dict[str, Any]) -> dict[str, Any]:
    """Leave of an option what decides what is taken, and what is masked; Ansible must not judge what it repeats."""
    kept = {name: option[name] for name in ("type", "elements", "no_log") if option.get(name)}
    return {**kept, "type": "raw"} if kept["type"] == "bool" else kept


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=list(PLATFORMS))
def test_the_role_takes_the_settings_of_every_platform(platform: Platform) -> None:
    module = MODULE[platform.name]["options"]
    role = INTEGRATION[platform.name]["options"]
    assert {name: shape(option) for name, option in role.items()} == {
        name: shape(option) for name, option in module.items()
    }
    assert {name for name, option in role.items() if option.get("no_log")} == {
        field.name for field in platform.secret_fields
    }
    assert not any(option.get("required") or "default" in option for option in role.values()), "rules judge that"


def test_the_role_hands_every_platform_on() -> None:
    [keep] = read("tasks/keep.yml")
    handed = {"name", "new_name", "solution", "platform", "administrators", "reset", "required_secrets", *PLATFORMS}
    assert set(keep["msp.kaspersky.integration"]) == handed | {"instance", "update_secrets", "verify"}


def test_the_role_knows_the_same_choices() -> None:
    assert all(f"V({name})" in INTEGRATION["platform"]["description"] for name in PLATFORMS)
    assert all(f"V({name})" in INSTANCE["solution"]["description"] for name in Solution)
    for name in ("verify", "update_secrets"):
        assert VARIABLES[f"integrations_{name}"]["choices"] == MODULE[name]["choices"]
    assert INTEGRATION["administrators"]["options"].keys() == MODULE["administrators"]["options"].keys()
    for name in ("virtual_servers", "companies"):
        assert shape(INTEGRATION[name]) == shape(options.BINDING.argument_spec[name])


def test_ansible_repeats_nothing_of_the_description() -> None:
    for option in (*INSTANCE.values(), *INTEGRATION.values(), *(sub for item in PLATFORMS for sub in settings(item))):
        assert "choices" not in option
        assert option["type"] not in ("bool", "int", "float")


def settings(platform: str) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = INTEGRATION[platform]["options"]
    return list(found.values())


def test_defaults_are_documented() -> None:
    assert read("defaults/main.yml") == {
        name: option["default"] for name, option in VARIABLES.items() if "default" in option
    }


def test_no_task_has_an_option_that_hides_module_defaults() -> None:
    """An option that is omitted in a task hides what module_defaults says of it."""
    shared = set(options.SHARED) - {"instance"}
    for path in sorted(ROLE.glob("tasks/*.yml")):
        for task in read(f"tasks/{path.name}"):
            given = [set(value) for name, value in task.items() if name.startswith("msp.kaspersky.")]
            assert not shared.intersection(*given or [set()]), f"{path.name}: {task['name']}"


def test_no_secret_is_in_a_loop() -> None:
    """Ansible shows the items of a loop, and keeps facts."""
    for path in sorted(ROLE.glob("tasks/*.yml")):
        for task in read(f"tasks/{path.name}"):
            shown = [task.get("loop", ""), task.get("loop_control", {}).get("label", "")]
            assert not [text for text in shown if "integrations_instance" in text], f"{path.name}: {task['name']}"
