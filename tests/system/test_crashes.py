# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Ended between any two steps, a task loses nothing and strands nothing, and the next run reaches the goal.

A step is whatever changes something: a statement that writes, a lock, a commit, the end of a transaction, a file that
is made, a call of the keyring, a message that is sent. Each task is killed, or interrupted, before its first step,
before its second, and so on, until one survives. An interrupted process of Ansible goes on with other tasks.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from system import doors
from system.crew import Crew, Outcome
from system.databases import SqliteFile
from system.tasks import ADMINISTRATORS, REST_PRIVATE_KEY, SOAP_PASSWORD, TIGERPAW, Options
from system.workplace import Workplace

NEW_PASSWORD = "another Soap pass'w0rd <2>"
CREATION: Options = {
    "name": "Acme",
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}
BINDING: Options = {"integration": "Acme", "companies": ["Free", {"id": "7", "name": "Numbered"}, "Dropped"]}
CREATED = ("integration", CREATION)
OTHER = ("integration", CREATION | {"name": "Other"})
BOUND = ("binding", BINDING)
DELETION: Options = {"name": "Acme", "state": "absent"}
DELIVERY = ("notification", {"state": "delivered"})
# A message for the webhook is written where there is a webhook; nothing is delivered.
UNREACHABLE: Options = {"webhook_url": "https://127.0.0.1:9/hook", "retries": 0}


@dataclass(frozen=True)
class Scenario:
    """
    What is killed.

    :param before: tasks that have been done.
    :param task: is killed, and done again.
    :param after: tasks that finish what ``task`` may leave to others.
    :param secrets: of each integration, once all is done.
    :param told: whether it tells the administrators.
    :param statements: of SQL, which make of the registry what no task does in a moment.
    """

    name: str
    before: Sequence[tuple[str, Options]]
    task: tuple[str, Options]
    after: Sequence[tuple[str, Options]] = ()
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    told: bool = False
    statements: Sequence[str] = ()


GIVEN = {"soap_password": SOAP_PASSWORD, "rest_private_key": REST_PRIVATE_KEY}
SCENARIOS = (
    Scenario("create", (), CREATED, secrets={"Acme": GIVEN}),
    Scenario(
        "rotate",
        (CREATED, OTHER),
        ("integration", {"name": "Acme", "tigerpaw": {"soap_password": NEW_PASSWORD}, "verify": "never"}),
        secrets={"Acme": GIVEN | {"soap_password": NEW_PASSWORD}, "Other": GIVEN},
    ),
    Scenario(
        "rotate an API user",
        (CREATED, OTHER),
        (
            "api_user",
            {"user_name": "kaspersky", "tigerpaw": {"soap_password": NEW_PASSWORD}, "verify": "never"},
        ),
        secrets=dict.fromkeys(("Acme", "Other"), GIVEN | {"soap_password": NEW_PASSWORD}),
    ),
    Scenario(
        "edit the address",
        (CREATED, BOUND),
        ("integration", CREATION | {"tigerpaw": TIGERPAW | {"url": "https://moved.example"}}),
        secrets={"Acme": GIVEN},
    ),
    Scenario(
        "bind",
        (CREATED, OTHER, BOUND, ("binding", {"integration": "Other", "companies": ["Taken"]})),
        (
            "binding",
            {
                "integration": "Acme",
                "companies": [{"id": "7", "name": "Renamed"}, "Free", "Taken", "Fresh"],
                "state": "exact",
                "move_from": "Other",
            },
        ),
        secrets={"Acme": GIVEN, "Other": GIVEN},
    ),
    Scenario(
        "delete",
        (CREATED, OTHER, BOUND),
        ("integration", DELETION),
        after=(DELIVERY,),
        secrets={"Other": GIVEN},
        told=True,
    ),
    Scenario(
        "rename", (CREATED,), ("integration", {"name": "Acme", "new_name": "Renamed"}), secrets={"Renamed": GIVEN}
    ),
    Scenario(
        "unbind",
        (CREATED, BOUND),
        ("binding", {"integration": "Acme", "companies": ["Free", "Dropped"], "state": "absent"}),
        secrets={"Acme": GIVEN},
    ),
    Scenario("discard", (CREATED, BOUND, ("integration", DELETION)), ("notification", {"state": "discarded"})),
    Scenario("make a registry", (), ("registry", {"solution": "business_hub"})),
    Scenario(
        "apply retention",
        (CREATED, BOUND, ("integration", DELETION)),
        ("registry", {"history_retention": 30, "notification_retention": 30}),
        statements=(
            "UPDATE history SET at = '2020-01-01 00:00:00'",
            "UPDATE notification SET delivered_at = '2020-01-01 00:00:00'",
        ),
    ),
    Scenario(
        "forget the server",
        (CREATED,),
        ("registry", {"forget_server": True}),
        secrets={"Acme": GIVEN},
        statements=("UPDATE instance SET server_identity = 'a server'",),
    ),
    Scenario("deliver", (CREATED, BOUND, ("integration", DELETION)), DELIVERY, told=True),
)


@dataclass
class Trial:
    """One scenario, again and again from the same beginning."""

    scenario: Scenario
    workplace: Workplace
    crew: Crew
    channels: Options

    def prepare(self) -> None:
        """Do what was done before, and remember how things are then."""
        for task in self.scenario.before:
            assert self._run(task, channels=UNREACHABLE).result
        for statement in self.scenario.statements:
            self.workplace.database.query(statement)
        self._beginning = self.workplace.database.snapshot(), self.workplace.keyring.entries()

    def rewind(self) -> None:
        """Make everything what it was before the task."""
        snapshot, entries = self._beginning
        self.workplace.database.restore(snapshot)
        if entries:
            self.workplace.keyring.store(entries)
        else:
            shutil.rmtree(self.workplace.keyring.folder, ignore_errors=True)

    def attempt(self, fatal_step: int | None = None, **fate: bool) -> Outcome:
        """Carry out the task, or a part of it."""
        return self._run(self.scenario.task, fatal_step=fatal_step, **fate)

    def finish(self) -> None:
        """Do what is left to other tasks."""
        for task in self.scenario.after:
            outcome = self._run(task)
            assert outcome.result, outcome

    def _run(self, task: tuple[str, Options], channels: Options | None = None, **fate: Any) -> Outcome:
        module, options = task
        tells = module == "notification" or (module == "integration" and options.get("state") == "absent")
        every = self.workplace.options(**options, **((channels or self.channels) if tells else {}))
        return self.crew.run(module, every, self.workplace.keyring.folder, **fate)


@pytest.fixture(params=SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def trial(request: pytest.FixtureRequest, workplace: Workplace, crew: Crew, sandbox: Sandbox) -> Trial:
    channels = sandbox.smtp_settings("none") | sandbox.webhook_settings()
    prepared = Trial(request.param, workplace, crew, channels)
    prepared.prepare()
    sandbox.forget()
    return prepared


def test_a_killed_task_is_finished_by_the_next_run(trial: Trial, sandbox: Sandbox) -> None:
    end_at_every_step(trial, sandbox, interrupted=False)


@pytest.mark.parametrize(("database", "store"), [("sqlite", "keyring")], indirect=True)
def test_an_interrupted_task_is_finished_by_the_next_run(trial: Trial, sandbox: Sandbox) -> None:
    end_at_every_step(trial, sandbox, interrupted=True)


@pytest.mark.parametrize(("database", "store"), [("sqlite", "keyring"), ("postgresql", "registry")], indirect=True)
def test_an_interrupted_task_is_finished_by_the_next_one_of_the_same_process(trial: Trial, sandbox: Sandbox) -> None:
    end_at_every_step(trial, sandbox, interrupted=True, goes_on=True)


def test_a_killed_worker_of_ansible_loses_nothing_of_the_items_before(tmp_path: Path) -> None:
    verified = {"One": "never", "Two": "on_change", "Three": "never"}
    created = CREATION | {"name": "{{ item.key }}", "verify": "{{ item.value }}"}
    looped = doors.task("integration", **created, keywords={"loop": "{{ verified | dict2items }}"})
    folder, registry = tmp_path / "place", SqliteFile(tmp_path / "place" / "registry.sqlite3")
    killing = doors.Play([looped], hosts={"here": {"verified": verified}}, stand_in="death")
    assert doors.start(killing, folder, in_process=True).returncode
    assert [row["name"] for row in registry.rows("integration")] == ["One"]
    living = doors.Play([looped], hosts={"here": {"verified": dict.fromkeys(verified, "never")}})
    again = doors.start(living, folder, in_process=True)
    assert again.returncode == 0, again.stdout
    assert {row["name"] for row in registry.rows("integration")} == set(verified)
    assert {row["state"] for row in registry.rows("secret")} == {"current"}


def end_at_every_step(trial: Trial, sandbox: Sandbox, interrupted: bool, goes_on: bool = False) -> None:
    reference = trial.attempt(goes_on=goes_on)
    assert reference.result, reference
    trial.finish()
    goal = shape(trial.workplace)
    assert_goal(trial, sandbox, goal)
    for number in count():
        trial.rewind()
        sandbox.forget()
        outcome = trial.attempt(number, interrupted=interrupted, goes_on=goes_on)
        if not outcome.killed:
            break
        try:
            assert_nothing_lost(trial.workplace)
            if interrupted and not goes_on:
                assert_taken_back(trial.workplace, reference.steps[number])
            outcome = outcome if goes_on else trial.attempt()
            assert outcome.result, outcome
            trial.finish()
            assert_goal(trial, sandbox, goal)
        except AssertionError as error:
            step = reference.steps[number] if number < len(reference.steps) else "?"
            raise AssertionError(f"ended before step {number} ({step}): {error}") from error
    assert outcome.result
    assert number == len(reference.steps)


def assert_goal(trial: Trial, sandbox: Sandbox, goal: list[str]) -> None:
    """Everything is as an undisturbed run leaves it."""
    workplace = trial.workplace
    assert shape(workplace) == goal
    assert workplace.stored_secrets() == trial.scenario.secrets
    workplace.assert_nothing_stranded()
    if trial.scenario.told:
        assert_told(workplace, sandbox)


def assert_nothing_lost(workplace: Workplace) -> None:
    """Whatever is valid at any moment can be opened."""
    if workplace.database.tables():
        for secrets in workplace.stored_secrets().values():
            assert secrets in (GIVEN, GIVEN | {"soap_password": NEW_PASSWORD})


def assert_taken_back(workplace: Workplace, step: str) -> None:
    """An interrupted transaction takes its new version of the secrets back at once."""
    if "keyring" not in step and step != "after the transaction" and workplace.database.tables():
        assert "writing" not in [row["state"] for row in workplace.database.rows("secret")]


def assert_told(workplace: Workplace, sandbox: Sandbox) -> None:
    """Each administrator and the webhook have one row, are told at least once, and always with the same id."""
    rows = workplace.database.rows("notification")
    recipients = sorted((row["channel"], str(row["recipient"])) for row in rows)
    assert recipients == [("smtp", "ann@msp.example"), ("smtp", "bob@msp.example"), ("webhook", "None")]
    ids = {row["recipient"]: row["message_id"] for row in rows}
    arrived = {(str(mail.recipients), str(mail.message["Message-ID"])) for mail in sandbox.mails()}
    assert arrived == {(f"['{recipient}']", message_id) for recipient, message_id in ids.items() if recipient}
    assert {request.headers["webhook-id"] for request in sandbox.webhooks()} == {ids[None]}


# What is another one in every run.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?")
# The number of a row, the process that wrote it, what is encrypted or hashed, and what a second attempt may count.
_INCIDENTAL = {("history", "id"), ("secret", "writer"), ("secret", "sealed"), ("registry", "fingerprint_key")}
_INCIDENTAL |= {("integration", "fingerprints"), ("notification", "attempts")}


def shape(workplace: Workplace) -> list[str]:
    """Return every row of the registry, with names in place of ids, and without what differs from run to run."""
    content = workplace.database.content()
    names = {row["id"]: f"<{row['name']}>" for table in ("integration", "tenant") for row in content.get(table, [])}
    names |= {row["integration_id"]: f"<{row['integration_name']}>" for row in content.get("history", [])}
    rows = [
        f"{table}: " + repr({name: value for name, value in row.items() if (table, name) not in _INCIDENTAL})
        for table, found in content.items()
        for row in found
    ]
    return sorted(_MOMENT.sub("<moment>", _UUID.sub(lambda uuid: names.get(uuid[0], "<id>"), row)) for row in rows)
