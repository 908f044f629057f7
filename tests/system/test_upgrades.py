# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry of an older version becomes one of this version as a whole, or stays what it was."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._storage.upgrades import SCHEMA_VERSION
from system.crew import Crew
from system.databases import Database, SqliteFile
from system.tasks import ADMINISTRATORS
from system.workplace import Workplace

AT_ONCE = 8
# What the second version added is taken away again.
AS_VERSION_1 = (
    "ALTER TABLE history DROP COLUMN job",
    "ALTER TABLE registry DROP COLUMN moved_to",
    "UPDATE registry SET schema_version = 1",
)


@pytest.fixture
def old(workplace: Workplace) -> Workplace:
    """Give a registry as the first version kept it."""
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Mill"])
    for statement in AS_VERSION_1:
        workplace.database.query(statement)
    return workplace


def columns(database: Database) -> list[tuple[str, str, Any]]:
    """Describe every column of every table."""
    if isinstance(database, SqliteFile):
        return [
            (table, row["name"], (row["type"], row["notnull"]))
            for table in database.tables()
            for row in sorted(database.query(f"PRAGMA table_info({table})"), key=lambda row: row["name"])
        ]
    described = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    rows = database.query(f"{described} WHERE table_schema = 'public' ORDER BY 1, 2")
    return [(row["table_name"], row["column_name"], (row["data_type"], row["is_nullable"])) for row in rows]


def test_an_upgraded_registry_is_like_a_new_one(workplace: Workplace) -> None:
    workplace.create()
    new = columns(workplace.database)
    for statement in AS_VERSION_1:
        workplace.database.query(statement)
    assert columns(workplace.database) != new
    assert workplace.run("registry")["upgraded"]
    assert columns(workplace.database) == new


def test_nothing_is_lost(old: Workplace) -> None:
    before, secrets = old.database.content(), old.stored_secrets()
    assert old.run("registry")["upgraded"]
    after = old.database.content()
    for row in after["history"]:
        assert row.pop("job") is None
    [registry] = after["registry"]
    assert (registry.pop("moved_to"), registry["schema_version"]) == (None, SCHEMA_VERSION)
    registry["schema_version"] = 1
    assert after == before
    assert old.stored_secrets() == secrets
    assert not old.run("integration", name="Acme", administrators=ADMINISTRATORS)["changed"]
    assert old.run("registry", check_integrity=True)["integrity"]["faults"] == []


def test_who_only_looks_leaves_it_alone(old: Workplace) -> None:
    before = old.everything()
    for module in ("integration_info", "tenant_info", "notification_info", "registry_info"):
        assert old.refusal(module).code == "registry_older"
    assert old.everything() == before


@pytest.mark.parametrize("store", ["keyring"], indirect=True)
def test_killed_at_any_step_it_is_old_or_new(old: Workplace, crew: Crew) -> None:
    tables = {1: columns(old.database)}
    for number in count():
        outcome = crew.run("registry", old.options(), old.keyring.folder, number)
        [row] = old.database.rows("registry")
        assert columns(old.database) == tables.setdefault(row["schema_version"], columns(old.database))
        assert old.run("registry")["upgraded"] == (row["schema_version"] == 1)
        if not outcome.killed:
            break
        for statement in AS_VERSION_1:
            old.database.query(statement)
    assert number > 3
    assert sorted(tables) == [1, SCHEMA_VERSION]
    assert tables[1] != tables[SCHEMA_VERSION]


def test_many_at_once_upgrade_once(old: Workplace, crew: Crew) -> None:
    tasks = [("integration", old.options(name="Acme", new_name=f"Acme {number}")) for number in range(AT_ONCE)]
    outcomes = crew.run_all(tasks, old.keyring.folder)
    assert {outcome.code for outcome in outcomes} <= {None, "not_found", "registry_busy"}
    assert [outcome.code for outcome in outcomes].count(None) == 1
    assert [row["schema_version"] for row in old.database.rows("registry")] == [SCHEMA_VERSION]
