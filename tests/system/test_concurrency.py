# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs at the same moment: each succeeds or is refused by name, and no two of them win."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.context import open_context
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.settings import saved_settings
from sandbox import Sandbox
from system.crew import Crew, Outcome
from system.keyrings import FolderKeyring
from system.tasks import ADMINISTRATORS, REST_PRIVATE_KEY, SOAP_PASSWORD, TIGERPAW, Options
from system.workplace import Workplace

AT_ONCE = 8
ROUNDS = range(3)
CREATION: Options = {
    "name": "Acme",
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}
GIVEN = {"soap_password": SOAP_PASSWORD, "rest_private_key": REST_PRIVATE_KEY}


def at_once(crew: Crew, workplace: Workplace, *tasks: tuple[str, dict[str, Any]]) -> list[Outcome]:
    every = [(module, workplace.options(**options)) for module, options in tasks]
    return crew.run_all(every, workplace.keyring.folder)


def codes(outcomes: list[Outcome]) -> Counter[str]:
    """Count how runs ended: changed, unchanged, or the code of the error."""
    return Counter(
        outcome.code or ("changed" if outcome.result and outcome.result["changed"] else "unchanged")
        for outcome in outcomes
    )


def test_the_same_integration_is_created_once(workplace: Workplace, crew: Crew) -> None:
    outcomes = at_once(crew, workplace, *[("integration", CREATION)] * AT_ONCE)
    assert codes(outcomes) == {"changed": 1, "unchanged": AT_ONCE - 1}
    assert workplace.stored_secrets() == {"Acme": GIVEN}
    workplace.assert_nothing_stranded()


def test_first_uses_of_one_registry_all_succeed(workplace: Workplace, crew: Crew) -> None:
    names = [f"Acme {number}" for number in range(16)]
    outcomes = at_once(crew, workplace, *[("integration", CREATION | {"name": name}) for name in names])
    assert codes(outcomes) == {"changed": 16}
    assert workplace.stored_secrets() == dict.fromkeys(names, GIVEN)
    assert len(workplace.database.rows("registry")) == 1
    workplace.assert_nothing_stranded()


def test_of_many_rotations_one_is_the_last(workplace: Workplace, crew: Crew) -> None:
    workplace.create()
    for _round in ROUNDS:
        new = [{"soap_password": f"soap {number}", "rest_private_key": f"rest {number}"} for number in range(AT_ONCE)]
        tasks = [("integration", {"name": "Acme", "tigerpaw": secrets, "verify": "never"}) for secrets in new]
        ended = codes(at_once(crew, workplace, *tasks))
        assert set(ended) <= {"changed", "unchanged", "registry_busy"}
        assert ended["changed"] >= 1
        assert workplace.stored_secrets()["Acme"] in new, "no two of them are mixed"
        workplace.assert_nothing_stranded()
        assert workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []


def test_a_tenant_never_has_two_holders(workplace: Workplace, crew: Crew) -> None:
    names = [f"Acme {number}" for number in range(AT_ONCE)]
    for name in names:
        workplace.create(name)
    for number in ROUNDS:
        company = f"Harbour {number}"
        tasks = [("binding", {"integration": name, "companies": [company]}) for name in names]
        outcomes = at_once(crew, workplace, *tasks)
        assert codes(outcomes) == {"changed": 1, "tenant_held": AT_ONCE - 1}
        [tenant] = workplace.run("tenant_info", name=company)["tenants"]
        refusals = [outcome.msg or "" for outcome in outcomes if outcome.code]
        assert all(tenant["integration"] in message for message in refusals)


def test_a_tenant_is_taken_over_once(workplace: Workplace, crew: Crew) -> None:
    for name in ("From", "One", "Two"):
        workplace.create(name)
    for number in ROUNDS:
        company = f"Harbour {number}"
        workplace.run("binding", integration="From", companies=[company])
        tasks = [("binding", {"integration": to, "companies": [company], "move_from": "From"}) for to in ("One", "Two")]
        assert codes(at_once(crew, workplace, *tasks)) == {"changed": 1, "tenant_held": 1}


def test_a_new_company_is_one_company(workplace: Workplace, crew: Crew) -> None:
    workplace.create()
    tasks = [("binding", {"integration": "Acme", "companies": ["Harbour"]})] * AT_ONCE
    assert codes(at_once(crew, workplace, *tasks)) == {"changed": 1, "unchanged": AT_ONCE - 1}
    assert len(workplace.database.rows("tenant")) == 1


def test_a_deletion_while_others_bind_leaves_nothing_bound_to_nobody(workplace: Workplace, crew: Crew) -> None:
    for number in ROUNDS:
        workplace.create()
        tasks = [
            ("binding", {"integration": "Acme", "companies": [f"Harbour {number}.{each}"]}) for each in range(AT_ONCE)
        ]
        outcomes = at_once(crew, workplace, *tasks, ("integration", {"name": "Acme", "state": "absent"}))
        assert set(codes(outcomes)) <= {"changed", "not_found", "registry_busy"}
        if outcomes[-1].code:  # it was overtaken three times, and says so
            assert outcomes[-1].code == "registry_busy"
            workplace.run("integration", name="Acme", state="absent")
        assert workplace.database.rows("integration") == []
        assert {row["integration"] for row in workplace.database.rows("tenant")} <= {None}
        workplace.assert_nothing_stranded()


def test_a_deletion_tells_everybody_once_however_many_delete(
    workplace: Workplace, crew: Crew, sandbox: Sandbox
) -> None:
    workplace.create()
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    deletion: Options = {"name": "Acme", "state": "absent", **channels}
    outcomes = at_once(crew, workplace, *[("integration", deletion)] * AT_ONCE)
    assert codes(outcomes) == {"changed": 1, "unchanged": AT_ONCE - 1}
    assert_each_once(workplace, sandbox, letters=2)
    workplace.assert_nothing_stranded()


def test_every_letter_is_delivered_once_however_many_deliver(
    workplace: Workplace, crew: Crew, sandbox: Sandbox
) -> None:
    for number in range(4):
        workplace.create(f"Acme {number}")
        workplace.run(
            "integration", name=f"Acme {number}", state="absent", webhook_url="https://127.0.0.1:9/hook", retries=0
        )
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    outcomes = at_once(crew, workplace, *[("notification", channels)] * AT_ONCE)
    assert set(codes(outcomes)) <= {"changed", "unchanged"}
    delivered = [item["id"] for outcome in outcomes if outcome.result for item in outcome.result["delivered"]]
    assert len(delivered) == len(set(delivered)) == 12
    assert_each_once(workplace, sandbox, letters=8)


def assert_each_once(workplace: Workplace, sandbox: Sandbox, letters: int) -> None:
    rows = workplace.database.rows("notification")
    assert all(row["delivered_at"] for row in rows)
    mails = Counter(str(mail.message["Message-ID"]) for mail in sandbox.mails())
    assert mails == {row["message_id"]: 1 for row in rows if row["recipient"]}
    assert len(mails) == letters
    hooks = Counter(request.headers["webhook-id"] for request in sandbox.webhooks())
    assert hooks == {row["message_id"]: 1 for row in rows if not row["recipient"]}


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_a_virtual_server_belongs_to_one_instance(workplace: Workplace, crew: Crew) -> None:
    for instance in ("north", "south"):
        workplace.create(instance=instance, solution="security_center")
    server = [{"uid": "vs-1", "name": "Harbour"}]
    tasks = [
        ("binding", {"integration": "Acme", "virtual_servers": server, "instance": instance})
        for instance in ("north", "south")
    ]
    ended = codes(at_once(crew, workplace, *tasks))
    assert ended["changed"] == 1
    assert set(ended) <= {"changed", "instance_mismatch", "registry_busy"}
    assert len(workplace.database.rows("tenant")) == 1


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_many_bind_to_one_integration(workplace: Workplace, crew: Crew, sandbox: Sandbox) -> None:
    workplace.run("integration", **CREATION | {"solution": "security_center"})
    sandbox.virtual_servers.generate(16)
    names = [server.name for server in sandbox.virtual_servers.all()]
    shared = {"integration": "Acme", "security_center": sandbox.security_center_settings()}
    outcomes = at_once(crew, workplace, *[("binding", {**shared, "virtual_servers": [name]}) for name in names])
    assert codes(outcomes) == {"changed": len(names)}
    assert [row["name"] for row in workplace.database.rows("tenant") if row["integration"] is None] == []


def test_an_integration_that_is_read_while_it_is_rotated_can_always_be_opened(workplace: Workplace, crew: Crew) -> None:
    """The version that was looked up may be gone from the keyring before it is read."""
    workplace.create()
    tasks: list[tuple[str, dict[str, Any]]] = []
    for number in range(AT_ONCE):
        rotation = {"name": "Acme", "tigerpaw": {"soap_password": f"soap {number}"}, "verify": "never"}
        tasks += [("integration", rotation), ("secrets", {"secret_store": None})]
    for _round in ROUNDS:
        opened = at_once(crew, workplace, *tasks)[1::2]
        assert all(outcome.result for outcome in opened), opened


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_secrets_of_another_address_than_the_known_one_are_not_handed_out(workplace: Workplace, crew: Crew) -> None:
    """Whoever knows the old address would send them there."""
    workplace.create()
    context = open_context(workplace.options(instance="default", _terms=["Acme"]), SecretsInPlay(), check_mode=True)
    moved = {"url": "https://other.example", "soap_password": "moved soap", "rest_private_key": "moved rest"}
    overtake(workplace, crew, tigerpaw=moved, verify="never")
    with pytest.raises(IntegrationError) as caught:
        saved_settings(context)
    assert caught.value.code == "registry_busy"


class OvertakenKeyring(FolderKeyring):
    """Lets something happen once, just before secrets are read."""

    def __init__(self, folder: Path, happens: Callable[[], object]) -> None:
        super().__init__(folder)
        self._waiting = [happens]

    def get_password(self, service: str, username: str) -> str | None:
        while username != "fingerprint-key" and self._waiting:
            self._waiting.pop()()
        return super().get_password(service, username)


def overtake(workplace: Workplace, crew: Crew, **options: Any) -> None:
    """Let another run be faster than the next task of this process, which is about to open secrets."""
    task = ("integration", {"name": "Acme", **options})
    keyring.set_keyring(OvertakenKeyring(workplace.keyring.folder, lambda: at_once(crew, workplace, task)))


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_what_is_deleted_while_it_is_opened_is_not_found(workplace: Workplace, crew: Crew) -> None:
    workplace.create()
    overtake(workplace, crew, state="absent")
    error = workplace.refusal("integration", name="Acme", tigerpaw={"soap_password": "new one"}, verify="never")
    assert error.code == "not_found"
    workplace.assert_nothing_stranded()


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_what_gets_another_address_while_it_is_opened_is_not_damaged(workplace: Workplace, crew: Crew) -> None:
    workplace.create()
    moved = {"url": "https://other.example", "soap_password": "moved soap", "rest_private_key": "moved rest"}
    overtake(workplace, crew, tigerpaw=moved, verify="never")
    workplace.run("integration", name="Acme", tigerpaw={"soap_password": "new one"}, verify="never")
    assert workplace.stored_secrets() == {"Acme": {"soap_password": "new one", "rest_private_key": "moved rest"}}
    workplace.assert_nothing_stranded()


def test_what_is_read_belongs_to_one_moment(workplace: Workplace, crew: Crew) -> None:
    """A reader who saw an integration and then not its secrets would take the registry for damaged."""
    workplace.create()
    context = open_context(workplace.options(instance="default"), SecretsInPlay(), check_mode=True)
    with context.registry.reading() as reader:
        [integration] = reader.integrations("default")
        [deletion] = at_once(crew, workplace, ("integration", {"name": "Acme", "state": "absent"}))
        assert deletion.result
        assert reader.current_secret(integration.id)
        assert reader.integrations("default") == [integration]
    assert workplace.database.rows("integration") == []
