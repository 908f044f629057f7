# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``integrations`` makes an instance as one variable describes it, at the door that users come through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.accounts import Account
from system.databases import Database
from system.played_roles import Played, play_role
from system.tasks import SECRET_KEY, perform

PASSWORDS = {"soap_password": "soap-p4ssw0rd<&>\"'é", "rest_private_key": "rest-pr1vate-k3y"}
Description = dict[str, Any]


@dataclass
class Stage:
    """Where the role is played."""

    folder: Path
    database: Database
    sandbox: Sandbox

    def play(self, description: Description | None, *arguments: str, **variables: Any) -> Played:
        """Play the role, and show all that Ansible can show."""
        secrets = {**PASSWORDS, **variables.pop("secrets", {})}
        given = {**{f"vault_{name}": value for name, value in secrets.items()}, **variables}
        if description is not None:
            given["integrations_instance"] = description
        hidden = {**PASSWORDS, "key": SECRET_KEY}
        return play_role("integrations", self.folder, given, self.options(), hidden, *arguments)

    def options(self) -> dict[str, Any]:
        """Return what leads to the registry."""
        key = self.folder / "key"
        key.write_text(SECRET_KEY, encoding="utf-8")
        return {"registry": self.database.address, "secret_store": "registry", "secret_key_file": str(key)}

    def ask(self, module: str, **options: Any) -> dict[str, Any]:
        """Carry out one task beside the role."""
        return perform(module, {**self.options(), "instance": "office", **options})

    def held(self) -> dict[str, list[str]]:
        """Return who holds what, by name."""
        found = self.ask("integration_info", tenants=True)["integrations"]
        return {item["name"]: sorted(tenant["name"] for tenant in item["tenants"]) for item in found}


@pytest.fixture
def stage(database: Database, sandbox: Sandbox, tmp_path: Path) -> Stage:
    sandbox.forget()
    return Stage(tmp_path, database, sandbox)


def tigerpaw(sandbox: Sandbox, **changes: Any) -> Description:
    """Describe settings that the sandbox proves, with secrets as references."""
    plain = {name: value for name, value in sandbox.tigerpaw_settings().items() if name not in PASSWORDS}
    return {**plain, **{name: "{{ vault_" + name + " }}" for name in PASSWORDS}, **changes}


def integration(sandbox: Sandbox, name: str, *companies: Any, **changes: Any) -> Description:
    administrators = [{"email": "ann@msp.example", "alias": "Ann"}]
    settings = {"platform": "tigerpaw", "tigerpaw": tigerpaw(sandbox), "administrators": administrators}
    return {"name": name, **settings, "companies": list(companies), **changes}


def instance(*integrations: Description, solution: str = "business_hub") -> Description:
    return {"name": "office", "solution": solution, "integrations": list(integrations)}


def test_the_life_of_an_instance(stage: Stage) -> None:
    box = stage.sandbox
    secrets = {name: box.tigerpaw_settings()[name] for name in PASSWORDS}
    box.state.accounts = [Account(1, "Mill Ltd")]
    mappings = [{"tenant": "Mill", "account": "Mill Ltd"}]
    described = instance(
        integration(box, "One", "Mill", "Quay", mappings=mappings), integration(box, "Two", {"name": "Port", "id": "7"})
    )
    foretold = stage.play(described, "--check", "--diff", secrets=secrets)
    assert (foretold.code, foretold.result["created"]) == (0, ["One", "Two"])
    assert stage.database.tables() == []
    made = stage.play(described, secrets=secrets)
    assert (made.code, made.result["created"], len(made.result["bound"])) == (0, ["One", "Two"], 3), made.output
    assert [item["account"]["name"] for item in made.result["mapped"]] == ["Mill Ltd"]
    exported = stage.ask("integration_info", export=True)["export"]
    assert "mappings:\n        - tenant:\n            name: Mill\n          account:\n            id: '1'" in exported
    assert stage.held() == {"One": ["Mill", "Quay"], "Two": ["Port"]}
    box.forget()
    assert stage.play(described, secrets=secrets).changed == 0
    assert stage.play(described, secrets=secrets, msp_kaspersky_in_process=False).changed == 0
    assert box.requests() == []

    # Clients change places, one integration gets another name, and one is not described any more.
    moved = instance(
        integration(box, "First", {"name": "Port", "id": "7"}, "Quay", old_name="One"),
        integration(box, "Three", "Mill"),
    )
    refused = stage.play(moved, secrets=secrets)
    assert refused.code
    assert "'Two', which is not described" in refused.output
    unconfirmed = stage.play(moved, secrets=secrets, integrations_prune=True)
    assert unconfirmed.code
    assert "'Two' would go and is not confirmed" in unconfirmed.output
    assert stage.held() == {"One": ["Mill", "Quay"], "Two": ["Port"]}
    pruned = stage.play(
        moved, secrets=secrets, integrations_prune=True, integrations_prune_confirm={"integrations": ["Two"]}
    )
    assert (pruned.code, pruned.result["deleted"]) == (0, ["Two"]), pruned.output
    assert int(pruned.result["notifications_pending"]) == 1  # a text until ansible-core 2.19
    assert stage.held() == {"First": ["Port", "Quay"], "Three": ["Mill"]}
    assert stage.play(moved, secrets=secrets).changed == 0


def test_what_is_exported_makes_the_same_again(stage: Stage) -> None:
    names = [
        "{{ 7 * 7 }}",
        "yes",
        "1e3",
        "2026-01-01",
        "Straße: #1",
        "'quoted' \"twice\"",
        "!unsafe",
        {"name": "null", "id": "007"},
    ]
    described = instance(
        integration(stage.sandbox, "{{ one }}", *[unrendered(name) for name in names]),
        integration(
            stage.sandbox,
            "No",
            platform="connectwise_manage",
            connectwise_manage={
                "host": "na.example.com",
                "company_id": "0123",
                "client_id": "c",
                "public_key": "p",
                "private_key": "{{ vault_rest_private_key }}",
                "validate_certs": False,
            },
            tigerpaw=None,
        ),
    )
    described["integrations"][0]["name"] = unrendered("{{ one }}")
    del described["integrations"][1]["tigerpaw"]
    assert stage.play(described, integrations_verify="never").code == 0
    exported = stage.ask("integration_info", export=True)["export"]
    (stage.folder / "office.yml").write_text(exported, encoding="utf-8")
    again = stage.play(None, "--extra-vars", "@office.yml", integrations_verify="never")
    assert (again.code, again.changed) == (0, 0), again.output
    for name, comment in {**{name: f'# {name}: "{{{{ your_{name} }}}}"' for name in PASSWORDS}}.items():
        assert comment in exported
        exported = exported.replace(comment, name + ': "{{ vault_' + name + ' }}"')
    exported = exported.replace(
        '# private_key: "{{ your_private_key }}"', 'private_key: "{{ vault_rest_private_key }}"'
    )
    (stage.folder / "office.yml").write_text(exported, encoding="utf-8")
    given = stage.play(None, "--extra-vars", "@office.yml", integrations_verify="never")
    assert (given.code, given.changed) == (0, 0), given.output
    held = stage.held()
    stage.database.restore({})
    assert stage.play(None, "--extra-vars", "@office.yml", integrations_verify="never").code == 0
    assert stage.held() == held
    assert "49" not in {name for tenants in held.values() for name in tenants}


def unrendered(entry: Any) -> Any:
    """Write a name in a way that Ansible does not render."""
    return "{{ '" + entry.replace("{{", "{' ~ '{") + "' }}" if isinstance(entry, str) and "{{" in entry else entry


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_virtual_servers_are_held_as_well(stage: Stage) -> None:
    servers = [{"uid": "VSRV-1", "name": "Mill"}, {"uid": "VSRV-2", "name": "Quay"}]
    described = instance(integration(stage.sandbox, "One", virtual_servers=servers), solution="security_center")
    del described["integrations"][0]["companies"]
    assert stage.play(described, integrations_verify="never").code == 0
    assert stage.held() == {"One": ["Mill", "Quay"]}
    assert stage.play(described, integrations_verify="never").changed == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_careless_descriptions_are_refused_and_show_nothing(stage: Stage) -> None:
    box = stage.sandbox
    good = integration(box, "One", "Mill")
    careless: dict[str, Description | None] = {
        "missing required arguments": None,
        "is listed for": instance(good, integration(box, "Two", "Mill")),
        "stands for two integrations": instance(good, good),
        "soap_pasword. Supported parameters": instance(
            {**good, "tigerpaw": tigerpaw(box, soap_pasword="{{ vault_soap_password }}")}
        ),
        "must be true or false": instance(
            {**good, "tigerpaw": tigerpaw(box, validate_certs="{{ vault_soap_password }}")}
        ),
        "must be one of": instance({**good, "platform": "{{ vault_soap_password }}"}),
        "must not be blank": instance({**good, "tigerpaw": tigerpaw(box, soap_password="{{ '' }}")}),
        "has companies only": instance({**good, "virtual_servers": ["Mill"]}),
    }
    for told, description in careless.items():
        refused = stage.play(description, integrations_verify="never")
        assert refused.code, told
        assert told in " ".join(refused.output.split()), (told, refused.output[-9000:])
        assert stage.database.tables() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_mistyped_password_of_many_is_tried_once(stage: Stage) -> None:
    described = instance(*(integration(stage.sandbox, f"Number {number}") for number in range(4)))
    refused = stage.play(described)
    assert refused.code
    assert "refuse" in refused.output
    asked = [(request.method, request.path) for request in stage.sandbox.requests()]
    assert asked
    assert len(asked) == len(set(asked)), "nobody was asked for a second time"
    assert stage.database.tables() == []
