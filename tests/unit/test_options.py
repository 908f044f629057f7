# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module and plugin: what is stated of each, and that every relation between them holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.errors import AnsibleFallbackNotFound

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, Field, Platform
from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import argument_faults
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification

MODULES = Path(__file__).parents[2] / "plugins" / "modules"
SPECIFICATIONS = {
    name.lower(): value for name, value in vars(options).items() if isinstance(value, ModuleSpecification)
}
SOUNDS_SECRET = re.compile(r"pass|secret|token|key|cred")
SECRETS = {
    "old_registry_password",
    "proxy_password",
    "registry_password",
    "secret_key",
    "security_center.password",
    "security_center.proxy_password",
    "smtp_password",
    "webhook_secret",
    "webhook_url",
    *(f"{platform.name}.{item.name}" for platform in PLATFORMS.values() for item in platform.secret_fields),
}
FIELDS = [
    pytest.param(platform, item, id=f"{platform.name}.{item.name}")
    for platform in PLATFORMS.values()
    for item in platform.fields
]


def every_option(spec: options.Options, parent: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, option in spec.items():
        yield parent + name, option
        yield from every_option(option.get("options", {}), f"{parent}{name}.")


EVERY_OPTION = [
    pytest.param(name, option, id=f"{module}: {name}")
    for module, specification in SPECIFICATIONS.items()
    for name, option in every_option(specification.argument_spec)
]


def test_every_module_and_two_plugins_have_a_specification() -> None:
    modules = {path.stem for path in MODULES.glob("*.py")}
    assert SPECIFICATIONS.keys() == modules | {"tenants", "integration_settings"}


@pytest.mark.parametrize(("name", "option"), EVERY_OPTION)
def test_what_sounds_secret_states_whether_it_is(name: str, option: dict[str, Any]) -> None:
    if SOUNDS_SECRET.search(name.rpartition(".")[2]):
        assert isinstance(option.get("no_log"), bool)
    assert bool(option.get("no_log")) == (name in SECRETS)


@pytest.mark.parametrize(("platform", "item"), FIELDS)
def test_platform_settings_come_from_the_table_and_leave_the_rest_to_the_rules(platform: Platform, item: Field) -> None:
    option = options.INTEGRATION.argument_spec[platform.name]["options"][item.name]
    assert option["no_log"] is item.secret
    assert option["type"] == {"boolean": "bool", "path": "path"}.get(item.type, "str")
    assert option.keys() == {"type", "no_log"}, "no default, not required, and no environment variable"


@pytest.mark.parametrize("option_set", ["ALL", "VERIFICATION", "NOTIFICATIONS"])
def test_shared_options_have_an_environment_variable(option_set: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, option in getattr(options, option_set).items():
        variable = f"MSP_KASPERSKY_{name.upper()}"
        fallback, arguments = option["fallback"]
        monkeypatch.setenv(variable, "value")
        assert arguments == [variable]
        assert fallback(*arguments) == "value"


def test_security_center_comes_from_the_environment_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    fallback, arguments = options.SECURITY_CENTER["security_center"]["fallback"]
    with pytest.raises(AnsibleFallbackNotFound):
        fallback(*arguments)
    monkeypatch.setenv("MSP_KASPERSKY_SECURITY_CENTER_URL", "https://ksc.example.com")
    monkeypatch.setenv("MSP_KASPERSKY_SECURITY_CENTER_TIMEOUT", "60")
    monkeypatch.setenv("MSP_KASPERSKY_SECURITY_CENTER_PROXY", " ")
    assert fallback(*arguments) == {"url": "https://ksc.example.com", "timeout": "60"}
    assert argument_faults(options.TENANT_INFO, {}) == []


def test_a_given_security_center_is_not_filled_up_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_SECURITY_CENTER_TIMEOUT", "no number")
    assert argument_faults(options.TENANT_INFO, {"security_center": {"url": "https://ksc.example.com"}}) == []
    assert [fault.option for fault in argument_faults(options.TENANT_INFO, {})] == ["security_center.timeout"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_environment_variable_counts_as_unset(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_TIMEOUT", blank)
    assert argument_faults(options.INTEGRATION_INFO, {}) == []


def test_only_shared_options_have_an_environment_variable() -> None:
    shared = options.SHARED.keys()
    for specification in SPECIFICATIONS.values():
        with_variable = {name for name, option in every_option(specification.argument_spec) if "fallback" in option}
        assert with_variable <= shared


def test_the_secret_store_is_not_preset() -> None:
    assert "default" not in options.ALL["secret_store"]


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_relations_name_options_that_exist(specification: ModuleSpecification) -> None:
    named = {name for names in (*specification.mutually_exclusive, *specification.required_one_of) for name in names}
    for name, value, names in specification.required_if:
        assert value in specification.argument_spec[name]["choices"]
        named.update(names)
    assert named <= specification.argument_spec.keys()


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_every_number_has_a_least(specification: ModuleSpecification) -> None:
    numbers = {name for name, option in every_option(specification.argument_spec) if option["type"] == "int"}
    assert numbers == specification.least.keys()


def test_keywords_are_a_copy() -> None:
    options.INTEGRATION.keywords()["argument_spec"]["tigerpaw"]["options"].clear()
    assert options.INTEGRATION.argument_spec["tigerpaw"]["options"]
