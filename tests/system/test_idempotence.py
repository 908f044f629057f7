# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Every task in check mode, for real, and again: foretold, done, unchanged.

The second run says the same in other words where there are other words for the same thing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from sandbox import Sandbox
from system.tasks import ADMINISTRATORS, SECRET_KEY, TIGERPAW, Options
from system.workplace import Workplace

CREATION: Options = {
    "name": "Acme",
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}
OTHER = CREATION | {"name": "Other"}
EDIT: Options = {"name": "Acme", "verify": "never"}
BINDING: Options = {"integration": "Acme", "companies": ["Harbour", {"id": "7", "name": "Numbered"}]}
MOVED = TIGERPAW | {"url": "https://moved.example"}


@dataclass(frozen=True)
class Task:
    """
    What is done once, and changes nothing a second time.

    :param before: what has been done already.
    :param again: other words for the same thing.
    """

    module: str
    options: Options
    before: Sequence[tuple[str, Options]] = ()
    again: Sequence[Options] = field(default_factory=list)


CREATED = [("integration", CREATION)]
BOUND = [*CREATED, ("binding", BINDING)]
TASKS = {
    "create": Task(
        "integration",
        CREATION,
        again=[
            CREATION | {"name": " Acme ", "administrators": ADMINISTRATORS[::-1]},
            CREATION | {"tigerpaw": TIGERPAW | {"url": "https://TIGERPAW.example:443/", "validate_certs": True}},
            CREATION | {"tigerpaw": TIGERPAW | {"soap_user_name": f" {TIGERPAW['soap_user_name']}\t"}},
            CREATION | {"administrators": [{**person, "alias": f" {person['alias']} "} for person in ADMINISTRATORS]},
            CREATION
            | {
                "administrators": [
                    {**person, "email": _upper}
                    for person, _upper in zip(ADMINISTRATORS, ["ann@MSP.example", "bob@Msp.Example"], strict=True)
                ]
            },
            CREATION | {"update_secrets": "on_create"},
            CREATION | {"reset": ["ca_path"]},
            EDIT,
            EDIT | {"tigerpaw": {}},
            EDIT | {"tigerpaw": {"soap_password": TIGERPAW["soap_password"]}, "required_secrets": ["soap_password"]},
        ],
    ),
    "create with the default name": Task(
        "integration",
        {name: value for name, value in CREATION.items() if name != "name"},
        again=[CREATION | {"name": "Integration with Tigerpaw"}, {"tigerpaw": TIGERPAW, "verify": "never"}],
    ),
    "create with a name in two forms": Task(
        "integration",
        CREATION | {"name": "Caf\u00e9"},
        again=[CREATION | {"name": "Cafe\u0301"}],
    ),
    "edit": Task("integration", EDIT | {"tigerpaw": {"soap_user_name": "another"}}, CREATED),
    "edit the address": Task("integration", EDIT | {"tigerpaw": MOVED}, CREATED),
    "rotate": Task("integration", EDIT | {"tigerpaw": {"soap_password": "another"}}, CREATED),
    "reset": Task(
        "integration",
        EDIT | {"reset": ["soap_check_operation"]},
        [("integration", CREATION | {"tigerpaw": TIGERPAW | {"soap_check_operation": "GetAccountList"}})],
    ),
    "rename": Task(
        "integration",
        EDIT | {"new_name": "Renamed"},
        CREATED,
        again=[
            {"name": "Renamed"},
            {"name": "Renamed", "new_name": "Renamed"},
            {"name": "Gone", "new_name": "Renamed"},
        ],
    ),
    "replace the administrators": Task(
        "integration", EDIT | {"administrators": [{"email": "z@msp.example", "alias": "Z"}]}, CREATED
    ),
    "rotate an API user": Task(
        "api_user",
        {
            "user_name": TIGERPAW["soap_user_name"],
            "tigerpaw": {"soap_user_name": "another", "soap_password": "another"},
            "verify": "never",
        },
        CREATED,
        again=[{"user_name": "another", "tigerpaw": {"soap_password": "another"}}],
    ),
    "edit an administrator": Task(
        "administrator",
        {"email": "ann@msp.example", "alias": "Annie", "new_email": "ann@new.example"},
        CREATED,
        again=[
            {"email": "ANN@new.example"},
            {"email": "ann@new.example", "alias": " Annie ", "all_integrations": True},
        ],
    ),
    "add an administrator": Task(
        "administrator", {"email": "eve@msp.example", "alias": "Eve", "integrations": ["Acme"]}, CREATED
    ),
    "remove an administrator": Task("administrator", {"email": "ann@msp.example", "state": "absent"}, CREATED),
    "delete": Task("integration", {"name": "Acme", "state": "absent"}, BOUND),
    "bind": Task(
        "binding",
        BINDING,
        CREATED,
        again=[
            {"integration": " Acme ", "companies": ["Harbour"]},
            {"integration": "Acme", "companies": [{"uid": "7"}, {"name": " Harbour "}]},
            {"integration": "Acme", "companies": [{"id": "7"}, "Harbour"], "state": "exact"},
            {"integration": "Acme", "companies": []},
            {"integration": "Acme", "companies": ["Harbour"], "move_from": "Other"},
        ],
    ),
    "bind a name in two forms": Task(
        "binding",
        {"integration": "Acme", "companies": ["Caf\u00e9"]},
        CREATED,
        again=[{"integration": "Acme", "companies": ["Cafe\u0301"]}],
    ),
    "unbind": Task(
        "binding", BINDING | {"state": "absent"}, BOUND, again=[BINDING | {"state": "absent", "companies": []}]
    ),
    "bind exactly": Task(
        "binding", {"integration": "Acme", "companies": ["Harbour", "Fresh"], "state": "exact"}, BOUND
    ),
    "unbind all": Task(
        "binding", {"integration": "Acme", "companies": [], "state": "exact", "allow_empty": True}, BOUND
    ),
    "take over": Task(
        "binding",
        BINDING | {"integration": "Other", "move_from": "Acme"},
        [*BOUND, ("integration", OTHER)],
        again=[BINDING | {"integration": "Other", "move_from": " Acme "}],
    ),
    "describe a company anew": Task(
        "binding", {"integration": "Acme", "companies": [{"id": "7", "name": "New"}]}, BOUND
    ),
    "make a registry": Task("registry", {}),
    "record an instance": Task("registry", {"solution": "business_hub"}),
    "discard": Task(
        "notification",
        {"state": "discarded"},
        [*CREATED, ("integration", {"name": "Acme", "state": "absent"})],
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_check_mode_foretells_and_the_second_run_changes_nothing(workplace: Workplace, name: str) -> None:
    task = TASKS[name]
    for module, options in task.before:
        workplace.run(module, **options)
    before = workplace.everything()
    foretold = workplace.run(task.module, check_mode=True, **task.options)
    assert workplace.everything() == before, "check mode writes nothing"
    done = workplace.run(task.module, **task.options)
    assert (foretold["changed"], done["changed"]) == (True, True)
    assert foretold["diff"] == done["diff"]
    after = workplace.everything()
    assert after != before
    for options in (task.options, *task.again):
        for check_mode in (True, False):
            again = workplace.run(task.module, check_mode, **options)
            assert not again["changed"], options
            assert again["diff"]["before"] == again["diff"]["after"], options
            assert workplace.everything() == after, options


def test_deliveries_are_foretold(workplace: Workplace, sandbox: Sandbox) -> None:
    workplace.create()
    deletion: Options = {"name": "Acme", "state": "absent"}
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    workplace.run("integration", check_mode=True, **deletion, **channels)
    assert sandbox.requests() == []
    workplace.run("integration", **deletion)
    foretold = workplace.run("notification", check_mode=True, **channels)
    assert sandbox.requests() == []
    done = workplace.run("notification", **channels)
    assert [item["id"] for item in foretold["delivered"]] == [item["id"] for item in done["delivered"]]
    assert not workplace.run("notification", **channels)["changed"]


@pytest.mark.parametrize("store", ["registry"], indirect=True)
def test_a_new_key_is_foretold_and_encrypts_once(workplace: Workplace) -> None:
    workplace.create()
    new: Options = {"secret_key": f"{'A' * 43}=,{SECRET_KEY}", "secret_key_file": None, "reencrypt": True}
    before = workplace.everything()
    assert workplace.run("registry", check_mode=True, **new)["reencrypted"] == 2
    assert workplace.everything() == before
    assert workplace.run("registry", **new)["changed"]
    assert not workplace.run("registry", **new)["changed"]


@pytest.mark.parametrize("store", ["registry"], indirect=True)
def test_integrations_are_found_however_they_are_spelled(workplace: Workplace) -> None:
    """Names are kept in one form, so every option that takes one brings it into that form."""
    workplace.create("Caf\u00e9")
    workplace.run("binding", integration="Caf\u00e9", companies=["Z\u00fcrich"])
    for name in ("Caf\u00e9", "Cafe\u0301", " Caf\u00e9\n"):
        assert len(workplace.run("integration_info", name=name)["integrations"]) == 1
        assert len(workplace.run("tenant_info", integration=name)["tenants"]) == 1
        assert not workplace.run("binding", integration=name, companies=["Z\u00fcrich"])["changed"]
        assert not workplace.run("integration", name=name, verify="never")["changed"]
        assert not workplace.run("integration", name="Gone", new_name=name, verify="never")["changed"]
        assert workplace.run("integration", check_mode=True, name=name, state="absent")["changed"]
    for name in ("Z\u00fcrich", unicodedata.normalize("NFD", "Z\u00fcrich"), " Z\u00fcrich "):
        assert len(workplace.run("tenant_info", name=name)["tenants"]) == 1
        assert len(workplace.run("integration_info", tenant=name)["integrations"]) == 1


@pytest.mark.parametrize("store", ["registry"], indirect=True)
def test_the_order_in_which_a_database_answers_is_no_change(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Databases sort names as their language does, and rows without an order as they like."""
    people = [{"email": f"{name}@msp.example", "alias": name} for name in ("ann", "Bob", "\u00e9mile", "_x", "b-c")]
    companies = ["b", "A", "\u00e9", "Z", "_", "a b", "ab"]
    workplace.create(administrators=people)
    assert workplace.run("binding", integration="Acme", companies=companies, state="exact")["changed"]
    execute = sa.Connection.execute

    def backwards(self: sa.Connection, statement: Any, *arguments: Any, **named: Any) -> Any:
        answer = execute(self, statement, *arguments, **named)
        return list(answer)[::-1] if "FROM administrator" in str(statement) else answer

    monkeypatch.setattr(sa.Connection, "execute", backwards)
    assert not workplace.create(administrators=people[::-1])["changed"]
    assert not workplace.run("binding", integration="Acme", companies=companies[::-1], state="exact")["changed"]


def test_the_same_playbook_twice_asks_nobody(workplace: Workplace, sandbox: Sandbox) -> None:
    """From the creation to the binding, everything that a playbook does day by day."""
    tasks: list[tuple[str, dict[str, Any]]] = [
        ("registry", {"solution": "business_hub"}),
        ("integration", CREATION | {"tigerpaw": sandbox.tigerpaw_settings(), "verify": "on_change"}),
        ("binding", BINDING),
        ("notification", sandbox.smtp_settings("none")),
        ("integration", {"name": "Long gone", "state": "absent"}),
    ]
    first = [workplace.run(module, **options)["changed"] for module, options in tasks]
    assert first == [True, True, True, False, False]
    assert sandbox.requests("rest")
    sandbox.forget()
    workplace.keyring.calls.clear()
    before = workplace.everything()
    assert not any(workplace.run(module, **options)["changed"] for module, options in tasks)
    assert sandbox.requests() == []
    assert workplace.everything() == before
    # Once a process: here each task is one.
    opened = {"get"} if workplace.common["secret_store"] == "keyring" else set()
    assert set(workplace.keyring.calls) == opened


def test_a_new_registry_is_told_once(workplace: Workplace) -> None:
    foretold = workplace.run("integration", check_mode=True, **CREATION)
    made = workplace.run("integration", **CREATION)
    again = workplace.run("integration", **OTHER)
    told = [
        [warning for warning in result["warnings"] if "new registry" in warning] for result in (foretold, made, again)
    ]
    assert [len(warnings) for warnings in told] == [1, 1, 0]
    assert told[0] == told[1]
