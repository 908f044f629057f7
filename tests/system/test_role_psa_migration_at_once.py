# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several migrations lead to one integration, one after the other or at once, and nobody gets lost between them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.companies import Company

from .databases import Database
from .migration_stage import CLIENTS, NEW, OLD, MigrationStage, left_over
from .played_roles import Played

SECOND_OLD = "Second integration with Tigerpaw"
OTHERS = ["Fern", "Gale", "Holm"]


@pytest.fixture
def stage(database: Database, sandbox: Sandbox, tmp_path: Path) -> MigrationStage:
    return MigrationStage.prepared(tmp_path, database, sandbox)


@pytest.fixture
def sqlite_stage(sqlite: Database, sandbox: Sandbox, tmp_path: Path) -> MigrationStage:
    return MigrationStage.prepared(tmp_path, sqlite, sandbox)


def play_at_once(stage: MigrationStage, *goings: dict[str, Any]) -> list[Played]:
    stages = [replace(stage, folder=stage.folder / str(number)) for number in range(len(goings))]
    for each in stages:
        each.folder.mkdir()
    with ThreadPoolExecutor(len(goings)) as pool:
        return list(pool.map(lambda each, going: each.play(**going), stages, goings))


def test_a_goal_that_holds_others_keeps_them(sqlite_stage: MigrationStage) -> None:
    """Their accounts are not given away, and going back or deleting the old integration does not touch them."""
    settings = {**sqlite_stage.settings(), "solution": "business_hub"}
    sqlite_stage.ask("integration", name=NEW, **settings)
    sqlite_stage.ask("binding", integration=NEW, companies=[{"name": "Cyan Group", "new": True}])
    sqlite_stage.ask("mapping", integration=NEW, mappings=[{"tenant": "Cyan Group", "account": {"id": 3}}])
    moved = sqlite_stage.play(settings=None)
    assert moved.code == 0, moved.output
    assert left_over(moved) == ["Borg GmbH", "Cyan", "Echo"]
    assert sqlite_stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan Group": "3", "Dune {{ 7 * 7 }}": "4"}

    refused = sqlite_stage.play(settings=None, mappings=[{"tenant": "Cyan", "account": {"id": 3}}])
    assert refused.code != 0
    assert "is for another client already" in refused.output

    given_up = {"delete_old": True, "delete_old_confirm": ["Borg GmbH", "Cyan", "Echo"]}
    assert sqlite_stage.play(settings=None, **given_up).code == 0
    assert sqlite_stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan Group": "3", "Dune {{ 7 * 7 }}": "4"}


def test_two_go_to_the_same_place_at_once(stage: MigrationStage) -> None:
    stage.let_hold(SECOND_OLD, OTHERS)
    stage.sandbox.state.companies["connectwise_manage"] += [Company(6, "Fern"), Company(7, "Gale Inc.")]
    done = play_at_once(stage, {}, {"from": SECOND_OLD})
    again = [stage.play(), stage.play(**{"from": SECOND_OLD})]
    assert [played.code for played in again] == [0, 0], [played.output for played in (*done, *again)]
    assert stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan": "3", "Dune {{ 7 * 7 }}": "4", "Fern": "6", "Gale": "7"}
    assert (stage.held(OLD), stage.held(SECOND_OLD)) == (["Borg GmbH", "Echo"], ["Holm"])


def test_the_same_twice_at_once_is_the_same_once(stage: MigrationStage) -> None:
    done = play_at_once(stage, {}, {})
    assert [played.code for played in done] == [0, 0], [played.output for played in done]
    assert stage.mapped(NEW) == {"Acme Ltd": "1", "Cyan": "3", "Dune {{ 7 * 7 }}": "4"}
    assert sorted(stage.held(OLD) + stage.held(NEW)) == sorted(CLIENTS)
