# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter shows no secret, and Ansible takes nothing that it returns for a template."""

from __future__ import annotations

import inspect
import traceback

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.msp.kaspersky.plugins.filter.instance_plan import DOCUMENTATION, FilterModule
from ansible_collections.msp.kaspersky.plugins.module_utils import instance_plans

SECRET = "Soap<&>pass'w0rd"
DESCRIPTION = {
    "name": "default",
    "solution": "business_hub",
    "integrations": [{"name": "{{ 6 * 7 }}", "platform": "tigerpaw", "tigerpaw": {"soap_password": SECRET}}],
}
instance_plan = FilterModule().filters()["instance_plan"]


def test_what_it_takes_is_documented() -> None:
    documented = yaml.safe_load(DOCUMENTATION)
    _description, *positional = inspect.signature(instance_plan).parameters
    assert documented["positional"].split(", ") == positional
    assert list(documented["options"]) == ["_input", *positional]


def test_a_name_stays_a_name() -> None:
    plan = instance_plan(DESCRIPTION, [], [])
    [kept] = Templar(loader=DataLoader(), variables={"plan": plan}).template(plan["keep"])
    assert kept["name"] == "{{ 6 * 7 }}"


def test_no_secret_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SECRET not in str(instance_plan(DESCRIPTION, [], []))

    def fail(*_given: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(instance_plans, "instance_plan", fail)
    with pytest.raises(AnsibleFilterError) as caught:
        instance_plan(DESCRIPTION, [], [])
    assert SECRET not in "".join(traceback.format_exception(caught.value))
