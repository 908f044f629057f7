# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The roles that the guide describes: what each may do, and what the server refuses to it.

They are made by the very SQL that the page shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import Connection

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import database as storage
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import upgrades
from system.databases import PostgresqlDatabase, PostgresqlServer, SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import ADMINISTRATORS, OTHER_KEY, SECRET_KEY, Options
from system.workplace import Workplace, registry_options

PAGE = Path(__file__).resolve().parents[2] / "docs" / "postgresql.md"
ROLES, AFTER_CREATION, FOR_WHAT_IS_THERE, ANOTHER_SCHEMA = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
OWNER, WORKER, READER = "msp_owner", "msp", "msp_reader"

BINDING: Options = {"integration": "Acme", "companies": ["Mill"]}
# One after the other, everything that modules offer to one who may read and write rows.
WORK: list[tuple[str, Options]] = [
    ("registry", {"instance": "Branch", "solution": "business_hub"}),
    ("integration", {"name": "Acme", "tigerpaw": {"soap_password": "another password"}, "verify": "never"}),
    ("integration", {"name": "Acme", "administrators": ADMINISTRATORS[:1]}),
    ("api_user", {"user_name": "kaspersky", "tigerpaw": {"soap_password": "a third password"}, "verify": "never"}),
    ("administrator", {**ADMINISTRATORS[1], "all_integrations": True}),
    ("integration", {"name": "Acme", "new_name": "Acme north"}),
    ("integration", {"name": "Acme north", "new_name": "Acme"}),
    ("binding", BINDING),
    ("binding", {**BINDING, "state": "absent"}),
    ("binding", BINDING),
    ("registry", {"reencrypt": True, "secret_key_file": None, "secret_key": f"{OTHER_KEY},{SECRET_KEY}"}),
    ("registry", {"reencrypt": True, "secret_key_file": None, "secret_key": f"{SECRET_KEY},{OTHER_KEY}"}),
    ("integration", {"name": "Acme", "state": "absent"}),
    ("notification", {"state": "discarded"}),
]
LOOKING: list[tuple[str, Options]] = [
    ("integration_info", {"history": True}),
    ("tenant_info", {}),
    ("notification_info", {}),
    ("registry_info", {}),
]
FORBIDDEN = [
    "UPDATE history SET actor = 'nobody'",
    "DELETE FROM history",
    "TRUNCATE history",
    "SELECT setval('history_id_seq', 1)",
    "ALTER TABLE integration ADD COLUMN more TEXT",
    "DROP TABLE notification",
    "DROP INDEX tenant_name",
    "CREATE TABLE more (id TEXT)",
    "CREATE SCHEMA more",
]


@pytest.fixture(scope="module")
def roles(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Make the roles and their database as the page says."""
    postgresql_server.psql(ROLES, "postgres")
    yield postgresql_server
    with postgresql_server.connected() as connection:
        connection.execute("DROP DATABASE msp WITH (FORCE)")
        connection.execute(f"DROP ROLE {OWNER}, {WORKER}, {READER}".encode())


@pytest.fixture
def nothing(roles: PostgresqlServer) -> Iterator[PostgresqlDatabase]:
    """Give the database without tables."""
    storage.close_databases()
    with closing(PostgresqlDatabase(roles, "msp")) as database:
        for table in database.tables():
            database.query(f"DROP TABLE {table} CASCADE")
        yield database


@pytest.fixture
def owner(nothing: PostgresqlDatabase, folder_keyring: FolderKeyring, tmp_path: Path) -> Workplace:
    """Work as the role that is to own the tables."""
    return acting(Workplace(nothing, folder_keyring, registry_options(nothing, "registry", tmp_path)), OWNER)


@pytest.fixture
def worker(owner: Workplace, roles: PostgresqlServer) -> Workplace:
    """Work as the role that may read and write rows, in a registry that has been created as the page says."""
    assert owner.run("registry")["created"]
    roles.psql(AFTER_CREATION, OWNER, "msp")
    return acting(owner, WORKER)


def acting(workplace: Workplace, role: str) -> Workplace:
    """Be another role in the same registry."""
    address = re.sub("//.*@", f"//{role}@", workplace.common["registry"])
    return replace(workplace, common=workplace.common | {"registry": address})


def age(workplace: Workplace) -> None:
    """Make a registry one of the first version."""
    workplace.database.query("ALTER TABLE history DROP COLUMN job; ALTER TABLE registry DROP COLUMN moved_to")
    workplace.database.query("UPDATE registry SET schema_version = 1")


def assert_refused(workplace: Workplace, module: str, **options: object) -> None:
    """A task fails because of a missing right, and nothing is changed."""
    before = workplace.everything()
    error = workplace.refusal(module, **options)
    assert error.code == "registry_unreachable"
    assert "does not give this user the right" in error.message
    assert "play msp.kaspersky.registry as the role that owns the tables" in error.message
    assert workplace.everything() == before


def test_rows_are_enough_for_all_work(worker: Workplace) -> None:
    worker.create()
    for module, options in WORK:
        assert worker.run(module, **options)["changed"], (module, options)
    for module, options in LOOKING:
        worker.run(module, **options)
    assert worker.run("registry", check_integrity=True)["integrity"]["faults"] == []
    assert {row["actor"] for row in worker.database.rows("history")} == {"tester"}


def test_notifications_can_be_dropped_by_who_cannot_drop_history(worker: Workplace) -> None:
    worker.create()
    worker.run("integration", name="Acme", state="absent")
    worker.database.query("UPDATE notification SET delivered_at = '2020-01-01'")
    assert worker.run("registry", notification_retention=1)["removed_notifications"] == 2


def test_rows_are_not_enough_to_create(owner: Workplace) -> None:
    worker = acting(owner, WORKER)
    assert_refused(worker, "registry")
    with pytest.raises(IntegrationError, match="the role that owns the tables"):
        worker.create()
    assert worker.database.tables() == []
    assert worker.refusal("registry_info").code == "registry_missing"


def test_rows_are_not_enough_to_upgrade(worker: Workplace, owner: Workplace) -> None:
    worker.create()
    age(worker)
    assert_refused(worker, "registry")
    assert_refused(worker, "integration", name="Acme", administrators=ADMINISTRATORS[:1])
    assert worker.refusal("integration_info").code == "registry_older"
    assert owner.run("registry")["upgraded"]
    assert worker.run("integration", name="Acme", administrators=ADMINISTRATORS[:1])["changed"]


@pytest.mark.usefixtures("worker")
def test_what_an_upgrade_makes_needs_no_new_grants(owner: Workplace, roles: PostgresqlServer) -> None:
    def step(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE more (id SERIAL PRIMARY KEY, name TEXT)")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrades, "SCHEMA_VERSION", upgrades.SCHEMA_VERSION + 1)
        patch.setattr(upgrades, "STEPS", {**upgrades.STEPS, upgrades.SCHEMA_VERSION - 1: step})
        assert owner.run("registry")["upgraded"]
    with connected(roles, WORKER) as connection:
        connection.execute("INSERT INTO more (name) VALUES ('a'); UPDATE more SET name = 'b'; DELETE FROM more")
    with connected(roles, READER) as connection:
        connection.execute("SELECT * FROM more")


def test_history_is_dropped_by_the_owner_alone(worker: Workplace, owner: Workplace) -> None:
    worker.create()
    worker.database.query("UPDATE history SET at = '2020-01-01'")
    assert_refused(worker, "registry", history_retention=1)
    assert owner.run("registry", history_retention=1)["removed_history"] == 1


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_server_refuses(worker: Workplace, roles: PostgresqlServer, statement: str) -> None:
    before = worker.everything()
    with connected(roles, WORKER) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
    assert worker.everything() == before


def test_a_reader_reads(worker: Workplace, roles: PostgresqlServer) -> None:
    worker.create()
    reader = acting(worker, READER)
    for module, options in LOOKING:
        assert reader.run(module, **options)
    assert_refused(reader, "integration", name="Acme", administrators=ADMINISTRATORS[:1])
    assert_refused(reader, "binding", **BINDING)
    with connected(roles, READER) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("INSERT INTO history (actor) VALUES ('nobody')")


def test_a_registry_that_is_there_already_gets_the_roles(
    owner: Workplace, roles: PostgresqlServer, nothing: PostgresqlDatabase
) -> None:
    owner.create()
    nothing.query(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {WORKER}, {READER}")
    nothing.query(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {WORKER}")
    worker, reader = acting(owner, WORKER), acting(owner, READER)
    assert_refused(worker, "registry_info")
    roles.psql(FOR_WHAT_IS_THERE, OWNER, "msp")
    assert worker.run("binding", **BINDING)["changed"]
    assert reader.run("integration_info")["integrations"]
    for statement in FORBIDDEN[:3]:
        with connected(roles, WORKER) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_registry_is_moved_there_by_the_owner(owner: Workplace, roles: PostgresqlServer, sqlite: SqliteFile) -> None:
    source = replace(owner, database=sqlite, common=owner.common | {"registry": sqlite.address})
    source.create()
    before = sqlite.content()
    worker = acting(owner, WORKER)
    error = worker.refusal("registry", old_registry=sqlite.address)
    assert "the role that owns the tables" in error.message
    assert worker.database.tables() == []
    assert sqlite.content() == before
    assert owner.run("registry", old_registry=sqlite.address)["changed"]
    roles.psql(AFTER_CREATION, OWNER, "msp")
    assert worker.run("binding", **BINDING)["changed"]


# Several registries in one database


@pytest.fixture
def north(worker: Workplace, owner: Workplace, roles: PostgresqlServer) -> Iterator[Workplace]:
    """Work in another registry of the same database."""
    roles.psql(ANOTHER_SCHEMA, "postgres", "msp")
    path = {"registry": f"{owner.common['registry']}&options=-csearch_path%3Dnorth"}
    another = replace(owner, common=owner.common | path)
    assert another.run("registry")["created"]
    yield acting(another, WORKER)
    storage.close_databases()
    worker.database.query("DROP SCHEMA north CASCADE")


@contextmanager
def locked(server: PostgresqlServer, role: str, search_path: str) -> Iterator[None]:
    """Hold the lock that another run would hold while it writes."""
    with connected(server, role) as connection:
        connection.execute(f"SET search_path = {search_path}".encode())
        connection.execute(f"SELECT pg_advisory_lock({storage._lock_number('default')})".encode())
        yield


def test_two_schemas_hold_two_registries(worker: Workplace, north: Workplace) -> None:
    worker.create("South")
    north.create("North")
    for workplace, name in ((worker, "South"), (north, "North")):
        assert [item["name"] for item in workplace.run("integration_info")["integrations"]] == [name]


def test_they_do_not_wait_for_one_another(
    worker: Workplace, north: Workplace, roles: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LOCK_WAIT_SECONDS", 1)
    with locked(roles, OWNER, "north"):
        assert worker.create()["changed"]
        with pytest.raises(IntegrationError, match="is locked by another run"):
            north.create()


def test_whoever_uses_a_registry_waits_whatever_the_search_path(
    worker: Workplace, roles: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LOCK_WAIT_SECONDS", 1)
    worker.database.query(f"CREATE SCHEMA {WORKER} AUTHORIZATION {WORKER}")
    try:
        with locked(roles, OWNER, "public"), pytest.raises(IntegrationError, match="is locked by another run"):
            worker.create()
    finally:
        worker.database.query(f"DROP SCHEMA {WORKER}")


def connected(server: PostgresqlServer, role: str) -> closing[psycopg.Connection[tuple[object, ...]]]:
    """Connect as a role, for a few statements."""
    return closing(psycopg.connect(f"postgresql://{role}@/msp?host={server.socket_folder}", autocommit=True))
