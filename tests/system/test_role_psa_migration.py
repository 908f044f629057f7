# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``psa_migration`` changes the PSA in one run, goes on where it was stopped, and can be rolled back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import Sandbox
from sandbox.accounts import Account
from sandbox.companies import Company
from system.databases import Database
from system.leaks import found_in
from system.tasks import SECRET_KEY, perform

SECONDS = 180
STAND_INS = Path(__file__).with_name("stand_ins")
OLD, NEW = "Integration with Tigerpaw", "Integration with ConnectWise Manage"
CLIENTS = ["Acme Ltd", "Borg GmbH", "Cyan", "Dune {{ 7 * 7 }}", "Echo"]
DEATH = ["sh", "-c", "kill -KILL $PPID"]
COMPANIES = [Company(1, "ACME Limited"), Company(2, "Borg AG"), Company(3, "Cyan"), Company(4, "Dune {{ 7 * 7 }}")]


class Loader(yaml.SafeLoader):
    """Reads the tag ``!unsafe``, as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@dataclass
class Played:
    """What came of a run of the role."""

    code: int
    output: str
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def left_over(self) -> list[str]:
        return [item["tenant"]["name"] for item in self.result["left_over"]]


@dataclass
class Stage:
    """An integration with Tigerpaw that holds clients, and a ConnectWise Manage to go to."""

    folder: Path
    database: Database
    sandbox: Sandbox

    def prepare(self) -> None:
        self.sandbox.state.accounts = [Account(100 + number, name) for number, name in enumerate(CLIENTS)]
        self.sandbox.state.companies["connectwise_manage"] = list(COMPANIES)
        people = [{"email": "ann@msp.example", "alias": "Ann"}]
        settings = {"platform": "tigerpaw", "tigerpaw": self.sandbox.tigerpaw_settings(), "administrators": people}
        self.ask("integration", name=OLD, solution="business_hub", **settings)
        self.ask("binding", integration=OLD, companies=[{"name": name, "new": True} for name in CLIENTS])
        self.ask("mapping", integration=OLD, match="automatic")
        assert len(self.mapped(OLD)) == len(CLIENTS)

    def play(self, *arguments: str, meanwhile: tuple[str, list[str]] | None = None, **variables: Any) -> Played:
        """
        Play the role, and show all that Ansible can show.

        :param meanwhile: a task, and a command that is carried out before it.
        """
        told = self.folder / "result.json"
        told.unlink(missing_ok=True)
        given = {
            "psa_migration_from": OLD,
            "psa_migration_to": NEW,
            "psa_migration_settings": self.settings(),
            **{f"psa_migration_{name}": value for name, value in variables.items()},
        }
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {name: value for name, value in given.items() if value is not None},
            "module_defaults": {"group/msp.kaspersky.all": self.options()},
            "tasks": [
                {"ansible.builtin.import_role": {"name": "msp.kaspersky.psa_migration"}},
                {"ansible.builtin.copy": {"content": "{{ psa_migration_result | to_json }}", "dest": str(told)}},
            ],
        }
        (self.folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        return self._run(told, meanwhile, *arguments)

    def settings(self) -> dict[str, Any]:
        people = [{"email": "ann@msp.example", "alias": "Ann"}]
        own = self.sandbox.connectwise_manage_settings()
        return {"platform": "connectwise_manage", "connectwise_manage": own, "administrators": people}

    def options(self) -> dict[str, Any]:
        key = self.folder / "key"
        key.write_text(SECRET_KEY, encoding="utf-8")
        return {"registry": self.database.address, "secret_store": "registry", "secret_key_file": str(key)}

    def ask(self, module: str, **options: Any) -> dict[str, Any]:
        return perform(module, {**self.options(), **options})

    def held(self, integration: str) -> list[str]:
        found = self.ask("integration_info", name=integration, tenants=True)["integrations"]
        return sorted(tenant["name"] for item in found for tenant in item["tenants"])

    def mapped(self, integration: str) -> dict[str, str]:
        found = self.ask("integration_info", name=integration, tenants=True)["integrations"]
        tenants = [tenant for item in found for tenant in item["tenants"]]
        return {tenant["name"]: tenant["account"]["id"] for tenant in tenants if tenant["account"]}

    def let_old_psa_end(self) -> None:
        """Let the old PSA answer nobody any more."""
        for system in ("rest", "soap"):
            self.sandbox.misbehave(system, "dropped", "always")

    def module_call(self, module: str, **options: Any) -> list[str]:
        """Give the command that performs one task, as somebody else would."""
        call = "import json, sys; from system.tasks import perform; perform(sys.argv[1], json.loads(sys.argv[2]))"
        given = json.dumps({**self.options(), **options})
        return ["env", f"PYTHONPATH={os.pathsep.join(sys.path)}", sys.executable, "-c", call, module, given]

    def new_private_key(self) -> list[str]:
        """Give the command by which the new PSA gets another key than the one that is kept."""
        user = {"system": "connectwise_manage", "name": self.sandbox.state.credentials.connectwise_public_key}
        given = json.dumps({**user, "secret": "an0ther-private-key"})
        send = "import sys, urllib.request as http; http.urlopen(sys.argv[1], sys.argv[2].encode())"
        return [sys.executable, "-c", send, f"{self.sandbox.control_url}/users", given]

    def _run(self, told: Path, meanwhile: tuple[str, list[str]] | None, *arguments: str) -> Played:
        task, command = meanwhile or ("", [])
        interfering = {
            "ANSIBLE_CALLBACK_PLUGINS": str(STAND_INS / "command_before_task" / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "command_before_task",
            "COMMAND_BEFORE_TASK": task,
            "COMMAND": json.dumps(command),
        }
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-vvvv", *arguments, "play.yml"],
            cwd=self.folder,
            env={
                **os.environ,
                "HOME": str(self.folder),
                "ANSIBLE_NOCOLOR": "true",
                **(interfering if meanwhile else {}),
            },
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        output = done.stdout + done.stderr
        assert "Traceback" not in output
        secrets = {str(number): secret for number, secret in enumerate(self.sandbox.secrets())}
        assert found_in(output.encode(), {**secrets, "key": SECRET_KEY}) == set()
        result = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
        return Played(done.returncode, output, result)


@pytest.fixture
def stage(database: Database, sandbox: Sandbox, tmp_path: Path) -> Stage:
    made = Stage(tmp_path, database, sandbox)
    made.prepare()
    sandbox.forget()
    return made


@pytest.fixture
def sqlite_stage(sqlite: Database, sandbox: Sandbox, tmp_path: Path) -> Stage:
    made = Stage(tmp_path, sqlite, sandbox)
    made.prepare()
    sandbox.forget()
    return made


def test_from_plan_to_deletion(stage: Stage) -> None:
    stage.let_old_psa_end()
    before = stage.database.content()
    assert stage.play("--check").code == 0
    assert stage.database.content() == before

    planned = stage.play(plan_only=True)
    assert planned.code == 0, planned.output
    assert planned.left_over == ["Borg GmbH", "Echo"]
    assert (stage.held(OLD), stage.held(NEW)) == (sorted(CLIENTS), [])

    questions = stage.folder / "left_over.yml"
    first = stage.play(leftover_path=str(questions))
    assert first.code == 0, first.output
    assert stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan": "3", "Dune {{ 7 * 7 }}": "4"}
    assert stage.held(OLD) == ["Borg GmbH", "Echo"], "nobody is moved to where nobody gets his tickets"

    refused = stage.play(delete_old=True)
    assert refused.code != 0
    assert "Clients without an account in the new PSA" in refused.output
    assert stage.held(OLD) == ["Borg GmbH", "Echo"]

    text = questions.read_text(encoding="utf-8")
    assert '{id: "2", name: "Borg AG"}' in text
    answers = yaml.load(text, Loader)["psa_migration_mappings"]  # noqa: S506 (a safe loader with one more tag)
    assert [entry["tenant"]["name"] for entry in answers] == ["Borg GmbH", "Echo"]
    answers[0]["account"] = {"id": "2"}
    stage.sandbox.state.companies["connectwise_manage"].append(Company(5, "Echo Holding"))
    answers[1]["account"] = "Echo Holding"
    mistyped = [answers[0], {**answers[1], "account": "Ecko Holding"}]
    kept = questions.read_text(encoding="utf-8")
    assert stage.play(mappings=mistyped, leftover_path=str(questions)).code != 0
    assert questions.read_text(encoding="utf-8") == kept, "a faulty answer costs nobody the others"
    assert stat.S_IMODE(questions.stat().st_mode) == 0o600
    last = stage.play(mappings=answers, delete_old=True)
    assert last.code == 0, last.output
    assert last.result["deleted"]
    assert int(last.result["notifications_pending"]) == 1  # a text until ansible-core 2.19
    assert len(stage.mapped(NEW)) == 5
    assert stage.ask("integration_info", name=OLD)["integrations"] == []

    over = stage.play(delete_old=True)
    assert over.code == 0, over.output
    assert len(stage.mapped(NEW)) == 5


def test_rolling_back_is_the_same_the_other_way_round(sqlite_stage: Stage) -> None:
    at_first = sqlite_stage.mapped(OLD)
    assert sqlite_stage.play().code == 0
    assert sqlite_stage.sandbox.requests("rest") == sqlite_stage.sandbox.requests("soap") == [], (
        "the old PSA is not asked"
    )
    sqlite_stage.sandbox.misbehave("connectwise_manage", "dropped", "always")
    sqlite_stage.sandbox.state.accounts[0].name = "Acme, called otherwise by now"
    back = sqlite_stage.play(**{"from": NEW, "to": OLD, "settings": None})
    assert back.code == 0, back.output
    assert sqlite_stage.mapped(OLD) == at_first
    assert (sqlite_stage.held(OLD), sqlite_stage.held(NEW)) == (sorted(CLIENTS), [])
    sqlite_stage.sandbox.behave()
    assert sqlite_stage.play().code == 0
    assert sqlite_stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan": "3", "Dune {{ 7 * 7 }}": "4"}


STOPS = [
    "Prove its credentials",
    "Take the clients over",
    "Map them to their accounts",
    "See what the old one still holds",
    "Delete the old integration",
    "Sum up what was done",
]


def test_it_goes_on_where_it_was_stopped(sqlite_stage: Stage) -> None:
    """A run that is killed before a task, one task later each time, never leaves a client without an integration."""
    answers = [{"tenant": "Borg GmbH", "account": "Borg AG"}, {"tenant": "Echo", "account": "Echo"}]
    sqlite_stage.sandbox.state.companies["connectwise_manage"].append(Company(5, "Echo"))
    for task in STOPS:
        assert sqlite_stage.play(meanwhile=(task, DEATH), mappings=answers, delete_old=True).code == -signal.SIGKILL
        held = sqlite_stage.held(OLD) + sqlite_stage.held(NEW)
        assert sorted(held) == sorted(CLIENTS), task
    assert sqlite_stage.play(mappings=answers, delete_old=True).code == 0
    assert len(sqlite_stage.mapped(NEW)) == 5


def test_whoever_has_moved_without_an_account_is_told_and_holds_up_the_deletion(sqlite_stage: Stage) -> None:
    """A run that is killed between moving and mapping, and played again without the answers that it had."""
    answers = [{"tenant": "Borg GmbH", "account": "Borg AG"}]
    questions = sqlite_stage.folder / "left_over.yml"
    told = {"mappings": answers, "leftover_path": str(questions)}
    assert sqlite_stage.play(meanwhile=("Map them to their accounts", DEATH), **told).code == -signal.SIGKILL
    assert 'account: {id: "2", name: "Borg AG"}' in questions.read_text(encoding="utf-8")
    refused = sqlite_stage.play(delete_old=True, delete_old_confirm=["Echo"])
    assert refused.code != 0
    assert "Borg GmbH" in refused.output
    again = sqlite_stage.play()
    assert again.code == 0
    assert "NOBODY GETS THE TICKETS of 1 clients: Borg GmbH" in again.output
    assert sqlite_stage.play("-e", f"@{questions}").code == 0
    assert sqlite_stage.mapped(NEW)["Borg GmbH"] == "2"


def test_new_credentials_that_do_not_work_move_nobody(sqlite_stage: Stage) -> None:
    wrong = sqlite_stage.settings()
    wrong["connectwise_manage"] = sqlite_stage.sandbox.connectwise_manage_settings(private_key="wrong-private-key")
    refused = sqlite_stage.play(settings=wrong)
    assert refused.code != 0
    assert "credentials_refused" in refused.output
    assert sqlite_stage.ask("integration_info", name=NEW)["integrations"] == []
    assert sqlite_stage.play(plan_only=True).code == 0
    own = sqlite_stage.sandbox.state.credentials
    sqlite_stage.sandbox.add_user("connectwise_manage", name=own.connectwise_public_key, secret="an0ther-private-key")
    refused = sqlite_stage.play(settings=None)
    assert refused.code != 0
    assert "Nobody was moved" in refused.output
    assert sqlite_stage.held(OLD) == sorted(CLIENTS)


@pytest.mark.parametrize(
    ("mappings", "told"),
    [
        ([{"tenant": "Nobody", "account": "Cyan"}], "is no client of either integration"),
        ([{"tenant": "Echo", "account": "Nothing"}], "no account is called so"),
        (
            [{"tenant": "Echo", "account": "Cyan"}, {"tenant": "Borg GmbH", "account": {"id": 3}}],
            "is for 'Echo' as well",
        ),
    ],
)
def test_conflicts_are_told_before_anybody_is_moved(
    sqlite_stage: Stage, mappings: list[dict[str, Any]], told: str
) -> None:
    refused = sqlite_stage.play(mappings=mappings)
    assert refused.code != 0
    assert told in refused.output
    assert sqlite_stage.held(OLD) == sorted(CLIENTS)


def test_clients_are_given_up_only_by_their_names(sqlite_stage: Stage) -> None:
    assert sqlite_stage.play(delete_old=True, delete_old_confirm=["Echo"]).code != 0
    assert sqlite_stage.held(OLD) == ["Borg GmbH", "Echo"]
    assert sqlite_stage.play(delete_old=True, delete_old_confirm=["Echo", "Borg GmbH"]).code == 0
    assert sqlite_stage.ask("integration_info", name=OLD)["integrations"] == []


def test_who_comes_at_the_last_moment_is_not_given_up(sqlite_stage: Stage) -> None:
    late = sqlite_stage.module_call("binding", integration=OLD, companies=[{"name": "Late", "new": True}])
    given_up = {"delete_old": True, "delete_old_confirm": ["Echo", "Borg GmbH"]}
    refused = sqlite_stage.play(meanwhile=("Delete the old integration", late), **given_up)
    assert refused.code != 0
    assert "unbind_only does not name: 'Late'" in refused.output
    assert sqlite_stage.held(OLD) == ["Borg GmbH", "Echo", "Late"]


@pytest.mark.parametrize("what", ["a mapping ends", "credentials change"])
def test_both_sides_are_looked_at_once_more_before_anything_is_deleted(sqlite_stage: Stage, what: str) -> None:
    meanwhile = {
        "a mapping ends": sqlite_stage.module_call(
            "mapping", integration=NEW, mappings=[{"tenant": "Cyan"}], state="absent"
        ),
        "credentials change": sqlite_stage.new_private_key(),
    }
    given_up = {"delete_old": True, "delete_old_confirm": ["Echo", "Borg GmbH"]}
    refused = sqlite_stage.play(
        meanwhile=("Prove the new integration once more, and see what it holds", meanwhile[what]), **given_up
    )
    assert refused.code != 0
    assert "Nothing was deleted. Play the role again." in refused.output
    assert sqlite_stage.held(OLD) == ["Borg GmbH", "Echo"]


def test_what_is_no_migration_is_refused(sqlite_stage: Stage) -> None:
    refused = sqlite_stage.play(**{"from": "Integration with Nobody"})
    assert refused.code != 0
    assert "There is no integration called" in refused.output
    refused = sqlite_stage.play(settings=None)
    assert refused.code != 0
    assert "Give psa_migration_settings" in refused.output
    tigerpaw = {**sqlite_stage.settings(), "platform": "tigerpaw", "tigerpaw": sqlite_stage.sandbox.tigerpaw_settings()}
    del tigerpaw["connectwise_manage"]
    refused = sqlite_stage.play(to="Another Tigerpaw", settings=tigerpaw)
    assert refused.code != 0
    assert "both of the platform tigerpaw" in refused.output
