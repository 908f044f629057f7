# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``psa_migration`` changes the PSA in one run, goes on where it was stopped, and can be rolled back."""

from __future__ import annotations

import signal
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import Sandbox
from sandbox.companies import Company

from .databases import Database
from .migration_stage import CLIENTS, NEW, OLD, MigrationStage, left_over

GUIDE = (Path(__file__).parents[2] / "docs" / "migrate.md").read_text(encoding="utf-8")
DEATH = ["sh", "-c", "kill -KILL $PPID"]


class Loader(yaml.SafeLoader):
    """Reads the tag ``!unsafe``, as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@pytest.fixture
def stage(database: Database, sandbox: Sandbox, tmp_path: Path) -> MigrationStage:
    return MigrationStage.prepared(tmp_path, database, sandbox)


@pytest.fixture
def sqlite_stage(sqlite: Database, sandbox: Sandbox, tmp_path: Path) -> MigrationStage:
    return MigrationStage.prepared(tmp_path, sqlite, sandbox)


def test_from_plan_to_deletion(stage: MigrationStage) -> None:
    stage.let_old_psa_end()
    before = stage.database.content()
    assert stage.play("--check").code == 0
    assert stage.database.content() == before

    planned = stage.play(plan_only=True)
    assert planned.code == 0, planned.output
    assert left_over(planned) == ["Borg GmbH", "Echo"]
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


def test_rolling_back_is_the_same_the_other_way_round(sqlite_stage: MigrationStage) -> None:
    at_first = sqlite_stage.mapped(OLD)
    assert sqlite_stage.play().code == 0
    assert sqlite_stage.sandbox.requests("rest") == sqlite_stage.sandbox.requests("soap") == [], (
        "the old PSA is not asked"
    )
    sqlite_stage.sandbox.misbehave("connectwise_manage", "dropped", "always")
    sqlite_stage.sandbox.state.accounts[0].name = "Acme, called otherwise by now"
    back = sqlite_stage.play("-e", GUIDE.split("change_psa.yml -e '")[1].split("'")[0])
    assert back.code == 0, back.output
    assert (sqlite_stage.folder / "left_over_back.yml").exists()
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


def test_it_goes_on_where_it_was_stopped(sqlite_stage: MigrationStage) -> None:
    """A run that is killed before a task, one task later each time, never leaves a client without an integration."""
    answers = [{"tenant": "Borg GmbH", "account": "Borg AG"}, {"tenant": "Echo", "account": "Echo"}]
    sqlite_stage.sandbox.state.companies["connectwise_manage"].append(Company(5, "Echo"))
    for task in STOPS:
        assert sqlite_stage.play(meanwhile=(task, DEATH), mappings=answers, delete_old=True).code == -signal.SIGKILL
        held = sqlite_stage.held(OLD) + sqlite_stage.held(NEW)
        assert sorted(held) == sorted(CLIENTS), task
    assert sqlite_stage.play(mappings=answers, delete_old=True).code == 0
    assert len(sqlite_stage.mapped(NEW)) == 5


def test_whoever_has_moved_without_an_account_is_told_and_holds_up_the_deletion(sqlite_stage: MigrationStage) -> None:
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


def test_new_credentials_that_do_not_work_move_nobody(sqlite_stage: MigrationStage) -> None:
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
    sqlite_stage: MigrationStage, mappings: list[dict[str, Any]], told: str
) -> None:
    refused = sqlite_stage.play(mappings=mappings)
    assert refused.code != 0
    assert told in refused.output
    assert sqlite_stage.held(OLD) == sorted(CLIENTS)


def test_clients_are_given_up_only_by_their_names(sqlite_stage: MigrationStage) -> None:
    assert sqlite_stage.play(delete_old=True, delete_old_confirm=["Echo"]).code != 0
    assert sqlite_stage.held(OLD) == ["Borg GmbH", "Echo"]
    assert sqlite_stage.play(delete_old=True, delete_old_confirm=["Echo", "Borg GmbH"]).code == 0
    assert sqlite_stage.ask("integration_info", name=OLD)["integrations"] == []


def test_who_comes_at_the_last_moment_is_not_given_up(sqlite_stage: MigrationStage) -> None:
    late = sqlite_stage.module_call("binding", integration=OLD, companies=[{"name": "Late", "new": True}])
    given_up = {"delete_old": True, "delete_old_confirm": ["Echo", "Borg GmbH"]}
    refused = sqlite_stage.play(meanwhile=("Delete the old integration", late), **given_up)
    assert refused.code != 0
    assert "unbind_only does not name: 'Late'" in refused.output
    assert sqlite_stage.held(OLD) == ["Borg GmbH", "Echo", "Late"]


@pytest.mark.parametrize("what", ["a mapping ends", "credentials change"])
def test_both_sides_are_looked_at_once_more_before_anything_is_deleted(sqlite_stage: MigrationStage, what: str) -> None:
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


def test_what_is_no_migration_is_refused(sqlite_stage: MigrationStage) -> None:
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
