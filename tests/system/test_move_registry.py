# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry moves to another database with all that it holds, and nobody uses the old one any more."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ansible_collections.msp.kaspersky.plugins.module_utils._operations import move_registry
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import open_database
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.registry import Registry
from system.crew import Crew
from system.databases import Database, PostgresqlDatabase, PostgresqlServer, SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import ADMINISTRATORS, SECRET_KEY, Options, Result
from system.workplace import Workplace, registry_options

SERVERS = [
    {"name": "Quay {{ 1 }}", "uid": "VSRV-ü"},
    {"name": "mill", "uid": "vsrv-2"},
    {"name": "Mill", "uid": "VSRV-2"},
]


@dataclass
class Removal:
    """
    A registry with something in each of its tables, and the place that it moves to.

    :param here: tasks that use the registry where it is.
    :param there: tasks that use it where it is to be.
    """

    here: Workplace
    there: Workplace

    def play(self, check_mode: bool = False) -> Result:
        return self.there.run("registry", check_mode, old_registry=self.here.database.address)

    def back(self) -> Removal:
        return replace(self, here=self.there, there=self.here)


@pytest.fixture(params=["to PostgreSQL", "to SQLite", "SQLite to SQLite"])
def places(request: pytest.FixtureRequest, sqlite: SqliteFile, postgresql: PostgresqlDatabase) -> list[Database]:
    """Name two databases."""
    other = SqliteFile(sqlite.path.parent.parent / "other" / "registry.sqlite3")
    ways = {
        "to PostgreSQL": [sqlite, postgresql],
        "to SQLite": [postgresql, sqlite],
        "SQLite to SQLite": [sqlite, other],
    }
    return ways[request.param]


@pytest.fixture
def removal(places: list[Database], store: str, folder_keyring: FolderKeyring, tmp_path: Path) -> Removal:
    """Fill a registry."""
    here, there = (Workplace(place, folder_keyring, registry_options(place, store, tmp_path)) for place in places)
    unreachable: Options = {"webhook_url": "https://127.0.0.1:9/hook", "retries": 0}
    here.create()
    here.create("Gone")
    here.run("binding", integration="Acme", companies=["{{ Harbour }}", {"name": "Straße", "id": "7"}, "strasse 2"])
    here.run("integration", name="Gone", state="absent", **unreachable)
    here.create("Servers", instance="center", solution="security_center")
    here.run("binding", instance="center", integration="Servers", virtual_servers=SERVERS)
    account = "INSERT INTO mapping SELECT integration, id, 'ä', 'B' FROM tenant WHERE name = 'mill'"
    here.database.query(account)
    return Removal(here, there)


def location(workplace: Workplace) -> str:
    """Return an address as it is shown."""
    return open_database(workplace.database.address).location


def content(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return every row as a person would compare them: moments as moments, documents as they are read."""
    return {table: sorted(map(comparable, rows), key=repr) for table, rows in database.content().items()}


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(name, value) for name, value in row.items()}


def plain(name: str, value: Any) -> Any:
    if name == "secrets_ready":
        return bool(value)
    if (
        isinstance(value, str)
        and (name in ("at", "lease_until") or name.endswith("_at"))
        and not value.startswith("{")
        and value
    ):
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return (
        json.loads(value)
        if isinstance(value, str) and value[:1] in ("{", "[") and not value.startswith("{{")
        else value
    )


def test_everything_arrives(removal: Removal) -> None:
    before, entries = content(removal.here.database), removal.here.keyring.entries()
    assert all(before.values()), "there is something in each table"
    secrets = removal.here.stored_secrets()
    foretold = removal.play(check_mode=True)
    assert content(removal.here.database) == before
    assert removal.there.database.tables() == []
    done = removal.play()
    assert done["changed"]
    assert done["moved"] == foretold["moved"]
    assert done["moved"]["rows"] == {table: len(rows) for table, rows in before.items()}
    assert without_the_move(content(removal.there.database)) == before
    assert removal.here.keyring.entries() == entries
    assert removal.there.stored_secrets() == secrets
    assert removal.there.run("registry", check_integrity=True)["integrity"]["faults"] == []


def without_the_move(tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Take away the one entry of the history that tells of the move."""
    kept = [entry for entry in tables["history"] if entry["action"] != "registry_moved"]
    assert len(tables["history"]) - len(kept) == 1
    return {**tables, "history": kept}


def test_once_moved_nothing_changes_any_more(removal: Removal) -> None:
    removal.play()
    before = content(removal.there.database)
    again = removal.play()
    assert (again["changed"], again["moved"]) == (False, None)
    assert content(removal.there.database) == before
    unchanged = removal.there.run("integration", name="Acme", administrators=ADMINISTRATORS)
    assert not unchanged["changed"]
    removal.there.create("New one")  # the history is numbered on


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_old_one_is_not_used_any_more(removal: Removal, check_mode: bool) -> None:
    removal.play()
    before = content(removal.here.database)
    tasks: list[tuple[str, Options]] = [
        ("integration", {"name": "Acme", "administrators": ADMINISTRATORS[:1]}),
        ("integration", {"name": "Acme", "state": "absent"}),
        ("binding", {"integration": "Acme", "companies": ["Mill"]}),
        ("notification", {}),
        ("registry", {"check_integrity": True}),
        ("integration_info", {}),
        ("tenant_info", {}),
        ("notification_info", {}),
        ("registry_info", {}),
    ]
    for module, options in tasks:
        error = removal.here.refusal(module, check_mode, **options)
        assert (error.code, error.details["moved_to"]) == ("registry_moved", location(removal.there)), module
        assert location(removal.there) in error.message
    assert content(removal.here.database) == before


def test_there_is_a_way_back(removal: Removal) -> None:
    removal.play()
    removal.there.run("integration", name="Acme", administrators=ADMINISTRATORS[:1])
    assert removal.back().play()["changed"]
    assert removal.there.refusal("registry_info").code == "registry_moved"
    [acme] = removal.here.run("integration_info", name="Acme")["integrations"]
    assert acme["administrators"] == ADMINISTRATORS[:1]
    assert removal.play()["changed"]
    assert removal.here.refusal("registry_info").code == "registry_moved"


def test_nothing_is_moved_onto_another_registry(removal: Removal) -> None:
    removal.there.create("Somebody else's")
    here, there = content(removal.here.database), content(removal.there.database)
    for check_mode in (True, False):
        error = removal.there.refusal("registry", check_mode, old_registry=removal.here.database.address)
        assert error.code == "invalid_settings"
        assert location(removal.there) in error.message
    assert (content(removal.here.database), content(removal.there.database)) == (here, there)


def test_tables_of_something_else_keep_their_rows(sqlite_workplace: Workplace, postgresql: PostgresqlDatabase) -> None:
    sqlite_workplace.create()
    there = replace(sqlite_workplace, common={**sqlite_workplace.common, "registry": postgresql.address})
    # It has the columns of ours, and the registry has no row for it that would not fit.
    postgresql.query("CREATE TABLE mapping (integration text, tenant text, account_id text, account_name text)")
    postgresql.query("INSERT INTO mapping VALUES ('not', 'one', 'of', 'ours')")
    before = (content(sqlite_workplace.database), postgresql.content())
    error = there.refusal("registry", old_registry=sqlite_workplace.database.address)
    assert error.code == "registry_unreachable"
    assert "has tables of something else" in error.message
    assert (content(sqlite_workplace.database), postgresql.content()) == before


def test_a_copy_beside_the_original_is_not_taken_for_it(removal: Removal, tmp_path: Path) -> None:
    """A registry that went elsewhere must not be moved a second time, and not onto its own copy."""
    removal.play()
    third = replace(removal.there, common={**removal.there.common, "registry": f"sqlite:///{tmp_path}/third/registry"})
    error = third.refusal("registry", old_registry=removal.here.database.address)
    assert (error.code, error.details["moved_to"]) == ("registry_moved", location(removal.there))
    removal.here.database.query("UPDATE registry SET moved_to = NULL")  # as a restored backup is
    assert removal.there.refusal("registry", old_registry=removal.here.database.address).code == "invalid_settings"


def test_there_has_to_be_something_to_move(workplace: Workplace, tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/nowhere/registry.sqlite3"
    error = workplace.refusal("registry", old_registry=missing)
    assert (error.code, error.details["registry"]) == ("registry_missing", missing)
    assert workplace.refusal("registry", old_registry=workplace.database.address).code == "invalid_settings"
    assert workplace.database.tables() == []


@pytest.mark.parametrize("store", ["registry"], indirect=True)
@pytest.mark.parametrize("task", ["move", "reencrypt"])
def test_whoever_writes_in_any_instance_is_waited_for(removal: Removal, task: str) -> None:
    new_key: Options = {"secret_key_file": None, "secret_key": f"{Fernet.generate_key().decode()},{SECRET_KEY}"}
    with ThreadPoolExecutor(1) as pool:
        with Registry(open_database(removal.here.database.address)).writing("center") as writer:
            if task == "move":
                done = pool.submit(removal.play)
            else:
                done = pool.submit(removal.here.run, "registry", reencrypt=True, **new_key)
            with pytest.raises(TimeoutError):
                done.result(1)
            writer.change_server_identity("center", "written meanwhile")
        assert done.result()["changed"]
    place = removal.there if task == "move" else removal.here
    assert {row["server_identity"] for row in place.database.rows("instance")} == {None, "written meanwhile"}


@pytest.mark.parametrize(
    ("address", "told"),
    [("postgresql://u:passw0rd@db.example/x", "old_registry_password_file"), ("relative", "is no database address")],
)
def test_a_wrong_address_is_told_as_its_own(sqlite_workplace: Workplace, address: str, told: str) -> None:
    error = sqlite_workplace.refusal("registry", old_registry=address)
    assert error.details["faults"][0]["option"] == "old_registry"
    assert told in error.message
    assert "passw0rd" not in error.message


def test_an_address_is_no_name(sqlite_workplace: Workplace, sqlite: SqliteFile, tmp_path: Path) -> None:
    """It may be longer than a name, and its accents are those of the file."""
    old = tmp_path / "e\u0301" / ("long" * 50) / ("path" * 50) / "registry.sqlite3"
    sqlite_workplace.create(registry=f"sqlite:///{old}")
    assert sqlite_workplace.run("registry", old_registry=f"sqlite:///{old}")["changed"]
    assert sqlite.rows("integration")


def test_a_row_that_differs_is_noticed(
    sqlite_workplace: Workplace, postgresql: PostgresqlDatabase, postgresql_server: PostgresqlServer
) -> None:
    sqlite_workplace.create()
    there = replace(sqlite_workplace, common={**sqlite_workplace.common, "registry": postgresql.address})
    with postgresql_server.connected("registry") as connection:
        connection.execute(
            "CREATE FUNCTION spoil() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF to_regclass('administrator') IS NOT NULL THEN "
            "CREATE OR REPLACE RULE spoilt AS ON INSERT TO administrator WHERE NEW.alias = 'Ann' DO INSTEAD NOTHING; "
            "END IF; END $$"
        )
        connection.execute(
            "CREATE EVENT TRIGGER spoil ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION spoil()"
        )
        before = content(sqlite_workplace.database)
        try:
            error = there.refusal("registry", old_registry=sqlite_workplace.database.address)
        finally:
            connection.execute("DROP EVENT TRIGGER spoil")
    assert (error.code, error.details["table"]) == ("registry_damaged", "administrator")
    assert content(sqlite_workplace.database) == before
    assert postgresql.tables() == []


@pytest.mark.parametrize("store", ["registry"], indirect=True)
@pytest.mark.parametrize("meanwhile", ["the same", "back", "on"])
def test_two_moves_at_once_never_open_two_registries(
    removal: Removal, meanwhile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run comes between the second commit of a move and the third."""
    third = replace(removal.there, common=removal.there.common | {"registry": f"sqlite:///{tmp_path}/third/registry"})
    open_to_all = move_registry._open_to_all

    def overtaken(*arguments: Any) -> None:
        monkeypatch.setattr(move_registry, "_open_to_all", open_to_all)
        if meanwhile == "back":
            removal.back().play()
        else:
            removal.play()
        if meanwhile == "on":
            third.run("registry", old_registry=removal.there.database.address)
        open_to_all(*arguments)

    monkeypatch.setattr(move_registry, "_open_to_all", overtaken)
    if meanwhile == "the same":
        removal.play()
        without_the_move(content(removal.there.database))
    else:
        assert removal.there.refusal("registry", old_registry=removal.here.database.address).code == "registry_busy"
    usable = [
        name for name, place in (("here", removal.here), ("there", removal.there), ("on", third)) if is_usable(place)
    ]
    assert usable == {"the same": ["there"], "back": ["here"], "on": ["on"]}[meanwhile]


@pytest.mark.parametrize("places", ["to PostgreSQL", "to SQLite"], indirect=True)
@pytest.mark.parametrize("store", ["registry"], indirect=True)
def test_killed_before_any_step_one_of_them_has_everything(removal: Removal, crew: Crew) -> None:
    options = removal.there.options(old_registry=removal.here.database.address)
    here, there = removal.here.database.snapshot(), removal.there.database.snapshot()
    before = content(removal.here.database)
    for step in count(1):
        removal.here.database.restore(here)
        removal.there.database.restore(there)
        outcome = crew.run("registry", options, removal.here.keyring.folder, step)
        if not outcome.killed:
            break
        usable = [place for place in (removal.here, removal.there) if is_usable(place)]
        assert len(usable) <= 1, step
        done = removal.play()
        assert done["moved"] is None or done["moved"]["rows"] == {table: len(rows) for table, rows in before.items()}
        assert without_the_move(content(removal.there.database)) == before, step
        assert not is_usable(removal.here)
        assert is_usable(removal.there)
    assert step > 10


def is_usable(workplace: Workplace) -> bool:
    try:
        workplace.run("registry_info")
    except Exception:  # noqa: BLE001 (whatever it is)
        return False
    return True
