# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of an integration through every module: what comes back is documented, and the other way round."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import argument_faults
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome, perform

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
KEY = Fernet.generate_key().decode()
METHODS = {
    "administrator": IntegrationClient.keep_administrator,
    "api_user": IntegrationClient.rotate_credentials,
    "binding": IntegrationClient.bind_tenants,
    "integration": IntegrationClient.keep_integration,
    "integration_info": IntegrationClient.list_integrations,
    "notification": IntegrationClient.deliver_notifications,
    "notification_info": IntegrationClient.list_notifications,
    "registry": IntegrationClient.maintain_registry,
    "registry_info": IntegrationClient.describe_registry,
    "tenant_info": IntegrationClient.list_tenants,
}
NAME = "Integration with ConnectWise Manage"
SETTINGS = {
    "host": "na.myconnectwise.net",
    "company_id": "msp",
    "client_id": "guid",
    "public_key": "public",
    "private_key": "private-s3cret",
}
Call = Callable[..., Outcome]
Yaml = dict[str, Any]


def returns_of(name: str) -> Yaml:
    """Read what a module documents that it returns."""
    tree = ast.parse((MODULES / f"{name}.py").read_text())
    texts = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    loaded: Yaml = yaml.safe_load(ast.literal_eval(texts["RETURN"]))
    return loaded


def undocumented(result: Any, documented: Yaml, path: str = "") -> list[str]:
    """List the values of a result that are not documented, or are of another type."""
    found = []
    for key, value in result.items():
        if key not in documented:
            found.append(path + key)
            continue
        kinds = {"str": str, "int": int, "bool": bool, "dict": dict, "list": list}
        if value is not None and not isinstance(value, kinds[documented[key]["type"]]):
            found.append(f"{path}{key} is {type(value).__name__}")
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and "contains" in documented[key]:
                found += undocumented(inner, documented[key]["contains"], f"{path}{key}.")
    return found


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call a module on one registry; everything that it returns has to be documented."""
    monkeypatch.setenv("HOME", str(tmp_path))

    def made(name: str, check_mode: bool = False, /, **given: Any) -> Outcome:
        arguments = {
            "registry": f"sqlite:///{tmp_path}/registry.sqlite",
            "secret_store": "registry",
            "secret_key": KEY,
            **given,
        }
        specification = getattr(options, name.upper())
        assert argument_faults(specification, arguments) == []
        defaults = {key: option.get("default") for key, option in specification.argument_spec.items()}
        outcome = perform(specification, defaults | arguments, check_mode, METHODS[name])
        documented = returns_of(name)
        if outcome.failed:
            assert outcome.result.keys() == {"msg", "error"}
            return outcome
        assert isinstance(outcome.result.pop("changed"), bool)
        assert undocumented(outcome.result, documented) == []
        assert {key for key, value in documented.items() if value["returned"] == "success"} <= outcome.result.keys()
        assert "failed" not in outcome.result
        return outcome

    return made


@pytest.fixture
def create(call: Call) -> Callable[..., Outcome]:
    """Create an integration with a company bound to it."""

    def made(check_mode: bool = False) -> Outcome:
        return call(
            "integration",
            check_mode,
            platform="connectwise_manage",
            solution="business_hub",
            connectwise_manage=dict(SETTINGS),
            administrators=[{"email": "ann@msp.example", "alias": "Ann"}],
            verify="never",
        )

    return made


def test_the_life_of_an_integration_is_documented(call: Call, create: Callable[..., Outcome]) -> None:
    assert not call("registry", True).failed
    assert create(check_mode=True).result["integration"]["name"] == NAME
    assert create().result["secrets_changed"] == ["private_key"]
    assert not call("binding", True, integration=NAME, companies=["Harbour Dental"]).failed
    assert call("binding", integration=NAME, companies=["Harbour Dental"]).result["bound"]
    assert call("binding", integration=NAME, companies=["Harbour Dental"]).result["unchanged"]
    rotation: Yaml = {"user_name": "public", "connectwise_manage": {"private_key": "new-s3cret"}, "verify": "never"}
    assert call("api_user", **rotation).result["secrets_changed"] == ["private_key"]
    assert call("administrator", email="ann@msp.example", alias="Annie").result["integrations"][0]["changed"]
    shown = call("integration_info", tenants=True, api_users=True, history=True, export=True, verify=True)
    assert shown.result["integrations"][0]["tenants"]
    assert shown.result["integrations"][0]["credentials_age"] == 0
    assert shown.result["api_users"][0]["integrations"][0]["name"] == NAME
    assert call("tenant_info").result["tenants"]
    assert call("registry", check_integrity=True, solution="business_hub", history_retention=1).result["integrity"]
    assert call("registry_info").result["registry"]["instances"]
    assert call("integration", True, name=NAME, state="absent").result["unbound"]
    deleted = call("integration", name=NAME, state="absent")
    assert deleted.result["unbound"]
    assert deleted.result["notifications_pending"] == 1
    assert call("integration", name=NAME, state="absent").result["integration"] is None
    assert call("notification_info").result["notifications"]
    assert call("notification", True, state="discarded").result["discarded"]
    assert call("notification", smtp_host="127.0.0.1", smtp_port=9, mail_from="a@msp.example", retries=0).result[
        "undelivered"
    ]
    assert call("notification", state="discarded").result["discarded"]


@pytest.mark.parametrize("name", METHODS)
def test_a_missing_registry_fails_well_or_works(call: Call, name: str) -> None:
    required: dict[str, Yaml] = {
        "administrator": {"email": "ann@msp.example"},
        "api_user": {"user_name": "a", "autotask": {"password": "b-s3cret"}},
        "integration": {"name": "a", "state": "absent"},
        "binding": {"integration": "a", "companies": ["b"]},
    }
    outcome = call(name, **required.get(name, {}))
    assert outcome.failed == (name != "registry")
    if outcome.failed:
        assert outcome.result["error"]["code"] == "registry_missing"
