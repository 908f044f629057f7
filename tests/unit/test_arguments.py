# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arguments are judged all at once, and no message repeats a value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils import environment, options
from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import argument_faults, secrets_of
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification

VALUE = "s3cret-Value"
UNKNOWN = "is not an option"
SPECIFICATIONS = [value for value in vars(options).values() if isinstance(value, ModuleSpecification)]


def integration_faults(**arguments: Any) -> dict[str, str]:
    return {fault.option: fault.message for fault in argument_faults(options.INTEGRATION, {"name": "a", **arguments})}


def test_good_arguments_have_no_fault() -> None:
    assert not integration_faults(
        tigerpaw={"soap_password": VALUE, "url": "", "validate_certs": "no"},
        administrators=[{"email": "a@msp.example", "alias": "A"}],
        required_secrets=["soap_password"],
        timeout="60",
        retries=0,
        smtp_validate_certs=False,
        _ansible_check_mode=True,
    )


@pytest.mark.parametrize(
    ("arguments", "option", "message"),
    [
        ({"plattform": VALUE}, "plattform", f"{UNKNOWN}; did you mean platform?"),
        ({"tigerpaw": {"soap_pasword": VALUE}}, "tigerpaw.soap_pasword", f"{UNKNOWN}; did you mean soap_password?"),
        ({"administrators": [{}, {"mail": VALUE}]}, "administrators[1].mail", f"{UNKNOWN}; did you mean email?"),
        ({"administrators": [{"xyz": VALUE}]}, "administrators[0].xyz", f"{UNKNOWN}; known are alias, email"),
        ({"state": VALUE}, "state", "must be one of present, absent"),
        ({"state": True}, "state", "must be one of present, absent"),
        ({"require_verified": [VALUE]}, "require_verified", "must be a list with entries from rest, soap"),
        ({"timeout": VALUE}, "timeout", "must be a whole number"),
        ({"timeout": "1.5"}, "timeout", "must be a whole number"),
        ({"timeout": "0"}, "timeout", "must be at least 1"),
        ({"retries": -1}, "retries", "must be at least 0"),
        ({"timeout": 86401}, "timeout", "must be at most 86400"),
        ({"security_center": {"timeout": 0}}, "security_center.timeout", "must be at least 1"),
        ({"security_center": {"timeout": 86401}}, "security_center.timeout", "must be at most 86400"),
        ({"security_center": {"pasword": VALUE}}, "security_center.pasword", f"{UNKNOWN}; did you mean password?"),
        ({"verify_delay": 10**14}, "verify_delay", "must be at most 86400"),
        ({"smtp_port": "65536"}, "smtp_port", "must be at most 65535"),
        ({"smtp_validate_certs": VALUE}, "smtp_validate_certs", "must be true or false"),
        ({"tigerpaw": {"validate_certs": ""}}, "tigerpaw.validate_certs", "must be true or false"),
        ({"tigerpaw": VALUE}, "tigerpaw", "must be a dictionary"),
        ({"tigerpaw": True}, "tigerpaw", "must be a dictionary"),
        ({"tigerpaw": [VALUE]}, "tigerpaw", "must be a dictionary"),
        ({"tigerpaw": 5}, "tigerpaw", "must be a dictionary"),
        ({"administrators": VALUE}, "administrators", "must be a list of dictionaries"),
        ({"administrators": [5]}, "administrators", "must be a list of dictionaries"),
        ({"administrators": {"email": VALUE}}, "administrators", "must be a list of dictionaries"),
        ({"tigerpaw": {"soap_password": 12345678}}, "tigerpaw.soap_password", "must be text; put it in quotes"),
        ({"tigerpaw": {"soap_password": True}}, "tigerpaw.soap_password", "must be text; put it in quotes"),
        ({"tigerpaw": {"soap_password": [VALUE]}}, "tigerpaw.soap_password", "must be text; put it in quotes"),
        ({"new_name": True}, "new_name", "must be text; if it is, put it in quotes"),
        ({"new_name": 1.10}, "new_name", "must be text; if it is, put it in quotes"),
        ({"new_name": {"a": VALUE}}, "new_name", "must be text; if it is, put it in quotes"),
        ({"smtp_ca_path": False}, "smtp_ca_path", "must be text; if it is, put it in quotes"),
    ],
)
def test_one_fault(arguments: dict[str, Any], option: str, message: str) -> None:
    assert integration_faults(**arguments) == {option: message}


@pytest.mark.parametrize("option", ["registry", "instance", "secret_key_file", "smtp_host", "webhook_url", "proxy"])
@pytest.mark.parametrize("blank", ["", " \t\n"])
def test_an_empty_lookup_does_not_mean_the_default(option: str, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "must not be blank; if it may be, leave it out then, with default(omit, true)"
    assert integration_faults(**{option: blank}) == {option: told}
    monkeypatch.setenv(environment.environment_variable(option), blank)
    assert integration_faults() == {}


def test_a_misspelt_variable_of_a_dictionary_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "MSP_KASPERSKY_SECURITY_CENTER_"
    monkeypatch.setenv(f"{prefix}URL", "https://ksc.example.com")
    monkeypatch.setenv(f"{prefix}BLANK", " ")
    assert integration_faults() == {}
    monkeypatch.setenv(f"{prefix}CA_PAHT", VALUE)
    monkeypatch.setenv(f"{prefix}XYZ", VALUE)
    assert integration_faults() == {
        f"{prefix}CA_PAHT": f"stands for no part of security_center; did you mean {prefix}CA_PATH?",
        f"{prefix}XYZ": "stands for no part of security_center",
    }
    assert integration_faults(security_center={}) == {}


@pytest.mark.parametrize("option", ["url", "password", "ca_path"])
def test_an_empty_lookup_does_not_mean_no_security_center(option: str) -> None:
    told = "must not be blank; if it may be, leave it out then, with default(omit, true)"
    assert integration_faults(security_center={option: " "}) == {f"security_center.{option}": told}


def test_a_number_is_fine_as_a_name() -> None:
    assert integration_faults(new_name=2026) == {}


def test_a_missing_blank_after_a_colon_does_not_print_the_secret() -> None:
    faults = integration_faults(tigerpaw={f"soap_password:{VALUE}": None}, **{f"proxy_password:{VALUE}": None})
    told = "contains something that is no name of an option; is there a blank after each colon?"
    assert faults == {"tigerpaw": told, "options": told}


@pytest.mark.parametrize("option", ["virtual_servers", "companies"])
def test_a_comma_does_not_split_a_company_in_two(option: str) -> None:
    faults = argument_faults(options.BINDING, {"integration": "a", option: "Smith, Jones & Co"})
    assert [fault.option for fault in faults] == [option]
    assert not argument_faults(options.BINDING, {"integration": "a", option: ["Smith, Jones & Co"]})
    assert not argument_faults(options.BINDING, {"integration": "a", option: "Smith"})


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_exclusion_holds(specification: ModuleSpecification) -> None:
    for first, *others in specification.mutually_exclusive:
        arguments = dict.fromkeys((first, *others), "x")
        faults = {fault.option: fault.message for fault in argument_faults(specification, arguments)}
        assert faults[first] == f"excludes {' and '.join(others)} (environment variables count as well)"


def test_an_environment_variable_excludes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_SECRET_KEY_FILE", "/run/key")
    assert "secret_key" in integration_faults(secret_key=VALUE)


@pytest.mark.parametrize(
    ("specification", "arguments", "told"),
    [
        (options.INTEGRATION, {}, ["name: one of name, integration_id, platform is required"]),
        (options.INTEGRATION, {"platform": "tigerpaw"}, []),
        (
            options.INTEGRATION,
            {"platform": "tigerpaw", "state": "absent"},
            ["name: one of name, integration_id is required with state: absent"],
        ),
        (options.INTEGRATION, {"integration_id": "x", "state": "absent"}, []),
        (
            options.BINDING,
            {},
            [
                "integration: one of integration, integration_id is required",
                "virtual_servers: one of virtual_servers, companies is required",
            ],
        ),
        (options.INTEGRATION_INFO, {}, []),
        (options.TENANT_INFO, {}, []),
        (options.NOTIFICATION_INFO, {}, []),
        (options.NOTIFICATION, {}, []),
        (options.REGISTRY, {}, []),
        (options.REGISTRY_INFO, {}, []),
    ],
)
def test_what_is_required(specification: ModuleSpecification, arguments: dict[str, Any], told: list[str]) -> None:
    faults = argument_faults(specification, arguments)
    assert [f"{fault.option}: {fault.message}" for fault in faults] == told


def test_null_counts_as_omitted_but_not_for_a_mistyped_option() -> None:
    assert list(integration_faults(name=None, instance=None, companies=None)) == ["companies", "name"]


def test_null_does_not_mean_all_notifications() -> None:
    faults = argument_faults(options.NOTIFICATION, {"state": "discarded", "notification_ids": None})
    assert [fault.option for fault in faults] == ["notification_ids"]
    for arguments in ({}, {"notification_ids": []}):
        assert argument_faults(options.NOTIFICATION, {"state": "discarded", **arguments}) == []


TWO_WAYS = ("registry_password", "secret_key", "proxy_password", "smtp_password", "webhook_url", "webhook_secret")


def test_every_secret_has_a_file() -> None:
    for name, specification in (("shared", options.SHARED), ("account", options.SECURITY_CENTER["security_center"])):
        spec = specification.get("options", specification)
        secret = {option for option, item in spec.items() if item.get("no_log")}
        assert secret, name
        assert {f"{option}_file" for option in secret} <= spec.keys()


def test_all_faults_come_together() -> None:
    faults = integration_faults(
        name=None,
        timeout="soon",
        tigerpaw=3,
        autotask={"pasword": VALUE, "validate_certs": VALUE},
        administrators=[1],
        **dict.fromkeys(TWO_WAYS, "x"),
        **{f"{name}_file": "y" for name in TWO_WAYS},
    )
    assert set(faults) == {
        "administrators",
        "autotask.pasword",
        "autotask.validate_certs",
        "name",
        "tigerpaw",
        "timeout",
        *TWO_WAYS,
    }


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.just(VALUE) | st.just(f"a={VALUE}")
KEYS = st.sampled_from([*options.INTEGRATION.argument_spec, "soap_password", "email", "x y", VALUE + ":"])
ARGUMENTS = st.dictionaries(
    KEYS, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)
)


@given(ARGUMENTS)
def test_nothing_makes_it_stumble_or_repeat_a_value(arguments: dict[str, Any]) -> None:
    told = json.dumps([(fault.option, fault.message) for fault in argument_faults(options.INTEGRATION, arguments)])
    assert VALUE not in told


def test_secrets_are_collected_with_their_paths() -> None:
    arguments = {
        "name": "a",
        "webhook_url": "https://chat.example/x",
        "smtp_password": None,
        "tigerpaw": {"soap_user_name": "u", "soap_password": VALUE},
        "autotask": None,
    }
    assert secrets_of(options.INTEGRATION.argument_spec, arguments) == {
        "webhook_url": "https://chat.example/x",
        "tigerpaw.soap_password": VALUE,
    }


ACCOUNT = {"MSP_KASPERSKY_SECURITY_CENTER_URL": "https://ksc.example", "MSP_KASPERSKY_SECURITY_CENTER_TIMEOUT": VALUE}


def test_a_fault_of_a_variable_names_the_variable() -> None:
    variables = {**ACCOUNT, "MSP_KASPERSKY_SECRET_STORE": VALUE}
    told = {fault.option: fault.message for fault in argument_faults(options.TENANT_INFO, {}, variables)}
    assert told == {
        "secret_store": "must be one of keyring, registry (environment variable MSP_KASPERSKY_SECRET_STORE)",
        "security_center.timeout": "must be a whole number (environment variable "
        "MSP_KASPERSKY_SECURITY_CENTER_TIMEOUT)",
    }


def test_a_fault_of_an_option_names_no_variable() -> None:
    given = {"secret_store": VALUE, "security_center": {"timeout": VALUE}}
    variables = {**ACCOUNT, "MSP_KASPERSKY_SECRET_STORE": "registry"}
    faults = argument_faults(options.TENANT_INFO, given, variables)
    assert [fault.option for fault in faults] == ["secret_store", "security_center.timeout"]
    assert "MSP_KASPERSKY" not in "".join(fault.message for fault in faults)
