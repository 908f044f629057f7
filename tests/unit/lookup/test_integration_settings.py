# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup hands on what it is given: by name, by variable, and without repeating a value."""

from __future__ import annotations

import traceback
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleLookupError

from ansible_collections.msp.kaspersky.plugins.lookup import integration_settings
from ansible_collections.msp.kaspersky.plugins.lookup.integration_settings import DOCUMENTATION, LookupModule
from ansible_collections.msp.kaspersky.plugins.module_utils.environment import environment_variable
from ansible_collections.msp.kaspersky.plugins.module_utils.options import ALL
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import PluginError

SECRET = "s3cret/Value & more"


class Templar:
    """Renders what the variables of a test hold."""

    def template(self, value: Any) -> Any:
        return f"rendered {value}"


@pytest.fixture
def lookup() -> LookupModule:
    return LookupModule(loader=None, templar=Templar())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Collect what is asked of the client."""
    seen: dict[str, Any] = {}

    def ask(_specification: Any, arguments: dict[str, Any], _work: Any) -> dict[str, Any]:
        seen.update(arguments)
        return {"integrations": ["found"]}

    monkeypatch.setattr(integration_settings, "ask", ask)
    return seen


def test_variables_and_the_environment_are_documented() -> None:
    documented = yaml.safe_load(DOCUMENTATION)["options"]
    for name in ALL:
        assert documented[name]["env"] == [{"name": environment_variable(name)}]
        assert documented[name]["vars"] == [{"name": f"msp_kaspersky_{name}"}]


def test_names_and_options_are_handed_on(lookup: LookupModule, asked: dict[str, Any]) -> None:
    assert lookup.run(["a", ["b", "c"]], {}, instance="x", registrie=1) == ["found"]
    assert asked == {"_terms": ["a", "b", "c"], "instance": "x", "registrie": 1}


def test_no_names_are_none(lookup: LookupModule, asked: dict[str, Any]) -> None:
    lookup.run([[]], None, integration_id="1")
    assert asked == {"_terms": None, "integration_id": "1"}


def test_an_option_goes_before_a_variable(lookup: LookupModule, asked: dict[str, Any]) -> None:
    variables = {
        "msp_kaspersky_registry": "r",
        "msp_kaspersky_instance": "v",
        "msp_kaspersky_actor": "a",
        "registry": 1,
    }
    lookup.run(["a"], variables, instance="x", actor=None)
    assert asked == {"_terms": ["a"], "registry": "rendered r", "instance": "x", "actor": "rendered a"}


def test_no_list_of_names_is_a_fault(lookup: LookupModule) -> None:
    with pytest.raises(AnsibleLookupError, match="one of _terms, integration_id is required"):
        lookup.run([], {})


def test_a_failure_refers_to_nothing_but_its_message(lookup: LookupModule) -> None:
    with pytest.raises(AnsibleLookupError, match="invalid_settings") as caught:
        lookup.run(["a"], {}, secret_key=[SECRET], registry_password={"x": SECRET}, instance=5.5)
    assert SECRET not in "".join(traceback.format_exception(caught.value)).replace("[SECRET]", "")
    assert caught.value.__suppress_context__
    assert isinstance(caught.value.__context__, PluginError)
    assert SECRET not in repr(vars(caught.value)) + repr(vars(caught.value.__context__))


def test_the_client_is_asked_for_saved_settings(lookup: LookupModule, monkeypatch: pytest.MonkeyPatch) -> None:
    client = SimpleNamespace(saved_settings=lambda: {"integrations": []})
    monkeypatch.setattr(
        integration_settings, "ask", lambda specification, _arguments, work: work(client) if specification else {}
    )
    monkeypatch.setattr(integration_settings.IntegrationClient, "saved_settings", lambda made: made.saved_settings())
    assert lookup.run(["a"], {}) == []
