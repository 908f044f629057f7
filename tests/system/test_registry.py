# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry: how it is made, upgraded, locked and refused, and what is kept in it, on both databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import database as storage
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import upgrades
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import open_database
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.reader import CHUNK
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.registry import Registry
from system.crew import Crew
from system.databases import Database, PostgresqlDatabase, PostgresqlServer, SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import ADMINISTRATORS, TIGERPAW, Options
from system.workplace import Workplace, registry_options

Step = Callable[[Any], None]

CURRENT = upgrades.SCHEMA_VERSION

CREATION: Options = {
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}
DELETION: Options = {"name": "Acme", "state": "absent"}
BINDING: Options = {"integration": "Acme", "companies": ["Mill"]}
# One task of each module, and whether it may write.
TASKS: dict[str, tuple[str, Options, bool]] = {
    "create": ("integration", {"name": "New", **CREATION}, True),
    "edit": ("integration", {"name": "Acme", "administrators": ADMINISTRATORS[:1]}, True),
    "delete": ("integration", DELETION, True),
    "bind": ("binding", BINDING, True),
    "registry": ("registry", {}, True),
    "deliver": ("notification", {}, True),
    "integration_info": ("integration_info", {}, False),
    "tenant_info": ("tenant_info", {}, False),
    "notification_info": ("notification_info", {}, False),
    "registry_info": ("registry_info", {}, False),
}
INFOS = [name for name, (_module, _options, writes) in TASKS.items() if not writes]
each_task = pytest.mark.parametrize("task", TASKS)


@pytest.fixture
def workplace(database: Database, folder_keyring: FolderKeyring, tmp_path: Path) -> Workplace:
    """Give an empty registry on each database; where the secrets are makes no difference here."""
    return Workplace(database, folder_keyring, registry_options(database, "keyring", tmp_path))


def run(workplace: Workplace, task: str, check_mode: bool = False) -> dict[str, Any]:
    module, options, _writes = TASKS[task]
    return workplace.run(module, check_mode, **options)


def refusal(workplace: Workplace, task: str, check_mode: bool = False) -> IntegrationError:
    module, options, _writes = TASKS[task]
    return workplace.refusal(module, check_mode, **options)


def registry_of(workplace: Workplace) -> Registry:
    return Registry(open_database(workplace.database.address))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# The files


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let new files be open to everybody unless they are made otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_all_files_are_the_owners_alone(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite_workplace.create("First")
    with closing(sqlite3.connect(sqlite.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM registry").fetchall()  # as long as somebody reads, the log stays
        sqlite_workplace.create("Second")
        modes = {file.name: mode(file) for file in sqlite.path.parent.iterdir()}
    name = sqlite.path.name
    assert modes == {name: 0o600, f"{name}-wal": 0o600, f"{name}-shm": 0o600, f"{name}.lock": 0o600}
    assert mode(sqlite.path.parent) == 0o700


def test_a_folder_that_is_there_is_left_as_it_is(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite.path.parent.mkdir()
    sqlite.path.parent.chmod(0o750)
    sqlite_workplace.create()
    assert mode(sqlite.path.parent) == 0o750
    assert mode(sqlite.path) == 0o600


def test_missing_folders_are_made(sqlite_workplace: Workplace, tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "registry.sqlite3"
    sqlite_workplace.run("registry", registry=f"sqlite:///{path}")
    assert mode(path.parent) == 0o700


def test_readers_go_on_beside_a_writer(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite_workplace.create()
    assert sqlite.query("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE integration SET name = 'Unfinished'")
        [found] = run(sqlite_workplace, "integration_info")["integrations"]
    assert found["name"] == "Acme"


def test_references_are_kept(workplace: Workplace) -> None:
    workplace.create()
    before = workplace.everything()
    for statement in (
        "UPDATE tenant SET integration = 'nothing'",
        "DELETE FROM instance",
        "UPDATE administrator SET integration = 'nothing'",
    ):
        if "tenant" in statement:
            run(workplace, "bind")
            before = workplace.everything()
        with pytest.raises(IntegrationError), open_database(workplace.database.address).writing("") as connection:
            connection.execute(sa.text(statement))
        assert workplace.everything() == before


# The beginning


@pytest.mark.parametrize("module", ["integration", "registry"])
def test_sixteen_first_uses_at_once_all_succeed(workplace: Workplace, crew: Crew, module: str) -> None:
    options = [{"name": f"Integration {number}", **CREATION} if module == "integration" else {} for number in range(16)]
    tasks = [(module, workplace.options(**item)) for item in options]
    outcomes = crew.run_all(tasks, workplace.keyring.folder)
    assert [outcome.msg for outcome in outcomes] == [None] * 16
    assert len(workplace.database.rows("registry")) == 1
    if module == "integration":
        assert len(workplace.database.rows("integration")) == 16
        assert [row["state"] for row in workplace.database.rows("secret")] == ["current"] * 16
    else:
        assert sum(bool(outcome.result and outcome.result["created"]) for outcome in outcomes) == 1


@pytest.mark.parametrize("task", ["delete", "bind", "deliver", *INFOS])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_missing_registry_is_named_and_not_made(workplace: Workplace, task: str, check_mode: bool) -> None:
    error = refusal(workplace, task, check_mode)
    assert error.code == "registry_missing"
    assert registry_of(workplace).location in error.message
    assert workplace.database.tables() == []
    if isinstance(workplace.database, SqliteFile):
        assert not workplace.database.path.parent.exists()


def test_check_mode_makes_nothing(workplace: Workplace) -> None:
    assert run(workplace, "create", check_mode=True)["changed"]
    assert run(workplace, "registry", check_mode=True)["created"]
    assert workplace.database.tables() == []
    assert workplace.keyring.entries() == {}


# Older and newer


def add_note(connection: Any) -> None:
    """Upgrade as a later version might: a column more, with something in it."""
    connection.execute(sa.text("ALTER TABLE integration ADD COLUMN note VARCHAR(20)"))
    connection.execute(sa.text("UPDATE integration SET note = 'upgraded'"))


def make_table(connection: Any) -> None:
    connection.execute(sa.text("CREATE TABLE later (id INTEGER)"))


def fail_in_statement(connection: Any) -> None:
    connection.execute(sa.text("UPDATE integration SET nonsense = 1"))


def fail_by_itself(_connection: Any) -> None:
    raise RuntimeError("a step with a bug")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this the collection of a later version, with these steps."""

    def release(*later: Step) -> None:
        monkeypatch.setattr(upgrades, "STEPS", dict(enumerate(later, start=CURRENT)))
        monkeypatch.setattr(upgrades, "SCHEMA_VERSION", CURRENT + len(later))

    return release


def notes(workplace: Workplace) -> list[str | None]:
    return [row.get("note") for row in workplace.database.rows("integration")]


@pytest.mark.parametrize("task", ["registry", "create", "edit"])
def test_the_first_use_that_writes_upgrades(workplace: Workplace, steps: Callable[..., None], task: str) -> None:
    workplace.create()
    before = workplace.database.rows("administrator"), workplace.keyring.entries()
    steps(add_note, make_table)
    result = run(workplace, task)
    assert result["changed"]
    assert result.get("upgraded", True)
    assert [row["schema_version"] for row in workplace.database.rows("registry")] == [CURRENT + 2]
    assert "upgraded" in notes(workplace)
    assert "later" in workplace.database.tables()
    if task == "registry":
        assert (workplace.database.rows("administrator"), workplace.keyring.entries()) == before
        assert not run(workplace, task)["changed"]
    assert run(workplace, "integration_info")["integrations"]


@pytest.mark.parametrize("task", INFOS)
def test_whoever_only_reads_does_not_upgrade(workplace: Workplace, steps: Callable[..., None], task: str) -> None:
    workplace.create()
    before = workplace.everything()
    steps(add_note)
    error = refusal(workplace, task)
    assert error.code == "registry_older"
    assert "msp.kaspersky.registry" in error.message
    assert workplace.everything() == before


@pytest.mark.parametrize("task", ["create", "edit", "delete", "bind"])
def test_check_mode_does_not_upgrade(workplace: Workplace, steps: Callable[..., None], task: str) -> None:
    workplace.create()
    before = workplace.everything()
    steps(add_note)
    assert refusal(workplace, task, check_mode=True).code == "registry_older"
    assert run(workplace, "registry", check_mode=True)["upgraded"]
    assert workplace.everything() == before


@pytest.mark.parametrize("fails", [fail_in_statement, fail_by_itself])
def test_an_upgrade_happens_as_a_whole_or_not_at_all(
    workplace: Workplace, steps: Callable[..., None], fails: Step
) -> None:
    workplace.create()
    before = workplace.everything()
    steps(add_note, make_table, fails)
    with pytest.raises((IntegrationError, RuntimeError)):
        run(workplace, "registry")
    assert workplace.everything() == before
    steps(add_note, make_table)
    assert run(workplace, "registry")["upgraded"]


def test_many_upgrade_at_once_and_one_does_it(workplace: Workplace, steps: Callable[..., None]) -> None:
    workplace.create()
    done: list[int] = []

    def step(connection: Any) -> None:
        add_note(connection)
        done.append(1)

    steps(step)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _number: run(workplace, "registry"), range(4)))
    assert len(done) == 1
    assert sorted(result["upgraded"] for result in results) == [False, False, False, True]


@each_task
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_newer_registry_is_refused_and_untouched(workplace: Workplace, task: str, check_mode: bool) -> None:
    workplace.create()
    workplace.database.query("UPDATE registry SET schema_version = schema_version + 1")
    before = workplace.everything()
    error = refusal(workplace, task, check_mode)
    assert error.code == "registry_newer"
    assert "not touched" in error.message
    assert workplace.everything() == before


# Damage


@each_task
def test_what_is_no_database_is_left_alone(sqlite_workplace: Workplace, sqlite: SqliteFile, task: str) -> None:
    sqlite.path.parent.mkdir()
    sqlite.path.write_text("The shopping list of the administrator.\n" * 100, encoding="utf-8")
    before = sqlite.path.read_bytes()
    error = refusal(sqlite_workplace, task)
    assert error.code == "registry_damaged"
    assert "not an SQLite database" in error.message
    assert sqlite.path.read_bytes() == before


@each_task
def test_a_damaged_file_is_told(sqlite_workplace: Workplace, sqlite: SqliteFile, task: str) -> None:
    sqlite_workplace.create()
    content = bytearray(sqlite.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # the first page, which says what there is, is sound
    sqlite.path.write_bytes(content)
    assert refusal(sqlite_workplace, task).code == "registry_damaged"
    assert sqlite.path.read_bytes() == content


def test_a_truncated_file_is_told(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite_workplace.create()
    content = sqlite.path.read_bytes()
    sqlite.path.write_bytes(content[: len(content) // 2])
    error = sqlite_workplace.refusal("registry", check_integrity=True)
    assert error.code == "registry_damaged"


def test_the_check_of_integrity_finds_rows_that_refer_to_nothing(
    sqlite_workplace: Workplace, sqlite: SqliteFile
) -> None:
    sqlite_workplace.create()
    assert sqlite_workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []
    sqlite.query("UPDATE administrator SET integration = 'nothing'")  # without foreign keys, as any other program
    error = sqlite_workplace.refusal("registry", check_integrity=True)
    assert error.code == "registry_damaged"
    assert "administrator refers to nothing" in error.message


def test_a_database_of_something_else_is_no_registry(workplace: Workplace) -> None:
    if isinstance(workplace.database, SqliteFile):
        workplace.database.path.parent.mkdir()
        sqlite3.connect(workplace.database.path).close()
        workplace.database.path.touch()
    workplace.database.query("CREATE TABLE recipes (name VARCHAR(20))")
    assert refusal(workplace, "integration_info").code == "registry_missing"
    run(workplace, "registry")
    assert "recipes" in workplace.database.tables()


# What the user may not read or write


@pytest.fixture
def foreign_ground() -> Iterator[Workplace]:
    """
    Give a registry whose files can be closed to the user who runs the task.

    File modes mean nothing to root, so root gives its rights up meanwhile.
    """
    folder = Path(tempfile.mkdtemp(prefix="registry-"))
    database = SqliteFile(folder / "registry" / "registry.sqlite3")
    workplace = Workplace(database, FolderKeyring(folder / "keyring"), registry_options(database, "registry", folder))
    workplace.run("registry", registry=f"sqlite:///{folder / 'other' / 'registry.sqlite3'}")  # all is imported now
    with unprivileged(folder):
        yield workplace
    shutil.rmtree(folder)


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Act as a user to whom a folder belongs and for whom file modes count."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody, nobody)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def closed(path: Path, closed_mode: int) -> Iterator[None]:
    before = mode(path)
    path.chmod(closed_mode)
    yield
    path.chmod(before)


def test_a_folder_that_cannot_be_written_holds_no_registry(foreign_ground: Workplace) -> None:
    assert isinstance(foreign_ground.database, SqliteFile)
    folder = foreign_ground.database.path.parent
    with closed(folder.parent, 0o500):
        error = refusal(foreign_ground, "create")
    assert error.code == "registry_unreachable"
    assert "cannot be created by this user" in error.message
    assert not folder.exists()


def test_a_file_that_cannot_be_written_can_be_read(foreign_ground: Workplace) -> None:
    foreign_ground.create()
    assert isinstance(foreign_ground.database, SqliteFile)
    with closed(foreign_ground.database.path, 0o400):
        for task in ("create", "edit", "bind", "delete"):
            error = refusal(foreign_ground, task)
            assert error.code == "registry_unreachable"
            assert "by this user" in error.message
        assert run(foreign_ground, "integration_info")["integrations"][0]["name"] == "Acme"


@each_task
@pytest.mark.parametrize("closed_mode", [0o000, 0o500], ids=["closed", "read-only"])
def test_a_closed_folder_is_not_taken_for_an_empty_one(foreign_ground: Workplace, task: str, closed_mode: int) -> None:
    foreign_ground.create()
    assert isinstance(foreign_ground.database, SqliteFile)
    with closed(foreign_ground.database.path.parent, closed_mode):
        error = refusal(foreign_ground, task)
    assert error.code == "registry_unreachable"


@each_task
def test_a_closed_file_is_told(foreign_ground: Workplace, task: str) -> None:
    foreign_ground.create()
    assert isinstance(foreign_ground.database, SqliteFile)
    with closed(foreign_ground.database.path, 0o000):
        assert refusal(foreign_ground, task).code == "registry_unreachable"


def test_a_folder_in_place_of_the_file_is_told(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite.path.mkdir(parents=True)
    assert refusal(sqlite_workplace, "create").code == "registry_unreachable"
    assert refusal(sqlite_workplace, "integration_info").code == "registry_missing"


def test_a_file_in_place_of_the_folder_is_told(sqlite_workplace: Workplace, sqlite: SqliteFile) -> None:
    sqlite.path.parent.write_text("a file", encoding="utf-8")
    assert refusal(sqlite_workplace, "create").code == "registry_unreachable"
    assert refusal(sqlite_workplace, "integration_info").code == "registry_missing"


def test_tables_of_something_else_are_left_alone(workplace: Workplace) -> None:
    if isinstance(workplace.database, SqliteFile):
        workplace.database.path.parent.mkdir()
        workplace.database.path.touch()
    workplace.database.query("CREATE TABLE history (page TEXT)")
    before = workplace.everything()
    error = refusal(workplace, "create")
    assert error.code == "registry_unreachable"
    assert "has tables of something else" in error.message
    assert workplace.everything() == before


# Waiting


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Hold the lock that another run would hold while it writes."""
    if isinstance(database, SqliteFile):
        with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
    else:
        database.query(f"SELECT pg_advisory_lock({storage._lock_number('default')})")
        yield
        database.query("SELECT pg_advisory_unlock_all()")


def test_a_locked_registry_is_busy_in_the_end(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOCK_WAIT_SECONDS", 1)
    workplace.create()
    before = workplace.everything()
    with locked(workplace.database):
        begin = time.monotonic()
        error = refusal(workplace, "edit")
        assert 0.9 < time.monotonic() - begin < 10
        assert run(workplace, "integration_info")["integrations"]
    assert error.code == "registry_busy"
    assert "run the task again" in error.message
    assert workplace.everything() == before
    assert run(workplace, "edit")["changed"]


def test_a_short_lock_is_waited_for(workplace: Workplace) -> None:
    workplace.create()
    released = threading.Event()
    begun = threading.Event()

    def hold() -> None:
        with locked(workplace.database):
            begun.set()
            time.sleep(0.5)
            released.set()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        begun.wait(10)
        assert run(workplace, "edit")["changed"]
        assert released.is_set()
        holding.result()


def test_instances_do_not_wait_for_one_another(
    postgresql: PostgresqlDatabase,
    folder_keyring: FolderKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storage, "LOCK_WAIT_SECONDS", 1)
    workplace = Workplace(postgresql, folder_keyring, registry_options(postgresql, "keyring", tmp_path))
    workplace.create()
    with locked(postgresql):
        assert workplace.create("Elsewhere", instance="other")["changed"]


# PostgreSQL that cannot be used

GUARDED = "guarded"
PASSWORD = "the passw0rd of the r0le"


@pytest.fixture(scope="module")
def guarded_server(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Let one role in by its password only, and own nothing."""
    rules = postgresql_server.folder / "pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    rules.write_text(f"local all {GUARDED} scram-sha-256\n{before}", encoding="utf-8")
    with postgresql_server.connected() as connection:
        connection.execute("SET password_encryption = 'scram-sha-256'")
        connection.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'".encode())
        connection.execute("SELECT pg_reload_conf()")
        yield postgresql_server
        rules.write_text(before, encoding="utf-8")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"DROP OWNED BY {GUARDED}; DROP ROLE {GUARDED}".encode())


def assert_unreachable(error: IntegrationError) -> None:
    assert error.code == "registry_unreachable"
    assert PASSWORD not in error.message + str(error.details)
    assert "OperationalError" not in error.message
    assert error.__context__ is None or error.__suppress_context__


def test_a_server_that_is_not_there_is_told(
    sqlite_workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LOCK_WAIT_SECONDS", 2)
    for address in (
        "postgresql://postgres@127.0.0.1:9/registry",
        f"postgresql://postgres@/registry?host={tmp_path}",
        "postgresql://postgres@registry.invalid/registry",
    ):
        for module in ("registry", "registry_info"):
            error = sqlite_workplace.refusal(module, registry=address, registry_password=PASSWORD)
            assert_unreachable(error)
            assert address in error.message.replace("%2F", "/")


def test_a_database_or_role_that_is_not_there_is_told(
    postgresql: PostgresqlDatabase, sqlite_workplace: Workplace
) -> None:
    for address in (
        postgresql.address.replace("/registry?", "/no_such_database?"),
        postgresql.address.replace("postgres@", "no_such_role@"),
    ):
        assert_unreachable(sqlite_workplace.refusal("registry_info", registry=address))
        assert_unreachable(sqlite_workplace.refusal("registry", registry=address))


@pytest.mark.usefixtures("guarded_server")
def test_a_wrong_password_is_told_and_the_right_one_is_taken(
    postgresql: PostgresqlDatabase, sqlite_workplace: Workplace, tmp_path: Path
) -> None:
    address = postgresql.address.replace("postgres@", f"{GUARDED}@")
    postgresql.query(f"GRANT ALL ON SCHEMA public TO {GUARDED}")
    for password in ("wrong", None):
        assert_unreachable(sqlite_workplace.refusal("registry", registry=address, registry_password=password))
    assert postgresql.tables() == []
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert sqlite_workplace.run("registry", registry=address, registry_password_file=str(file))["created"]
    told = sqlite_workplace.run("registry_info", registry=address, registry_password=PASSWORD)
    assert told["registry"]["location"] == open_database(address).location
    assert PASSWORD not in str(told)


@pytest.mark.usefixtures("guarded_server")
def test_a_role_without_rights_is_told(postgresql: PostgresqlDatabase, sqlite_workplace: Workplace) -> None:
    guarded: Options = {
        "registry": postgresql.address.replace("postgres@", f"{GUARDED}@"),
        "registry_password": PASSWORD,
    }
    for rights in ("REVOKE ALL ON SCHEMA public FROM public", f"GRANT USAGE ON SCHEMA public TO {GUARDED}"):
        postgresql.query(rights)
        error = sqlite_workplace.refusal("registry", **guarded)
        assert_unreachable(error)
        assert "right" in error.message
    sqlite_workplace.run("registry", registry=postgresql.address)
    error = sqlite_workplace.refusal("registry_info", **guarded)
    assert_unreachable(error)
    assert "right" in error.message


def test_a_read_only_server_is_told(postgresql: PostgresqlDatabase, sqlite_workplace: Workplace) -> None:
    workplace = replace(sqlite_workplace, database=postgresql)
    workplace.common = workplace.common | {"registry": postgresql.address}
    workplace.create()
    before = workplace.everything()
    postgresql.query("ALTER DATABASE registry SET default_transaction_read_only = on")
    try:
        error = refusal(workplace, "edit")
        assert run(workplace, "integration_info")["integrations"]
    finally:
        postgresql.query("ALTER DATABASE registry RESET default_transaction_read_only")
    assert_unreachable(error)
    assert "read-only" in error.message
    assert workplace.everything() == before


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://user:{PASSWORD}@127.0.0.1/registry",
        f"postgresql://user@127.0.0.1/registry?password={PASSWORD}",
        f"postgresql://user@127.0.0.1/registry?passfile={PASSWORD}",
        f"postgresql://user@127.0.0.1/registry?sslpassword={PASSWORD}",
        f"postgresql://user@127.0.0.1/registry?oauth_client_secret={PASSWORD}",
        f"sqlite://user:{PASSWORD}@/registry.sqlite3",
    ],
)
def test_an_address_with_a_password_is_refused_without_it(sqlite_workplace: Workplace, address: str) -> None:
    error = sqlite_workplace.refusal("registry", registry=address)
    assert error.code == "invalid_settings"
    assert "registry_password_file" in error.message
    assert PASSWORD not in error.message + str(error.as_result())
    assert "user" not in str(error.as_result())


@pytest.mark.parametrize(
    "address",
    [
        "mysql://root@127.0.0.1/registry",
        "mssql+pyodbc://server/registry",
        "postgresql+asyncpg://user@127.0.0.1/registry",
        "oracle://server/registry",
        "https://registry.example",
        "registry.sqlite3",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///registry.sqlite3?mode=ro",
        "sqlite:///var/lib/msp/registry.sqlite3",
        "sqlite:///~no such user/registry.sqlite3",
        "postgresql://user@127.0.0.1:port/registry",
        " ",
    ],
)
def test_an_address_of_another_kind_is_refused(sqlite_workplace: Workplace, address: str) -> None:
    error = sqlite_workplace.refusal("registry", registry=address)
    assert error.code == "invalid_settings"
    assert error.message.startswith("registry: ")
    assert "sqlite" in error.message.lower()


# What is kept


def test_an_unknown_instance_is_told_with_those_that_there_are(sqlite_workplace: Workplace) -> None:
    sqlite_workplace.create()
    assert (
        "Did you mean 'default'? There are: default."
        in sqlite_workplace.refusal("tenant_info", instance="defalt").message
    )
    refused = sqlite_workplace.refusal("tenant_info", instance="Harbour")
    assert refused.message == "The registry has no instance called 'Harbour'. There are: default."


def test_a_name_that_another_instance_has_is_told_with_the_instance(sqlite_workplace: Workplace) -> None:
    sqlite_workplace.create("Here")
    sqlite_workplace.create("Acme", instance="europe")
    told = "no integration called 'Acme'{} in the instance 'default'; there is one in 'europe'"
    for purpose, module, options in (
        ("", "binding", {"integration": "Acme", "companies": ["Mill"]}),
        ("", "tenant_info", {"integration": "Acme"}),
        (" to edit", "integration", {"name": "Acme", "administrators": ADMINISTRATORS[:1]}),
        (" to rename", "integration", {"name": "Acme", "new_name": "Other"}),
    ):
        assert told.format(purpose) in sqlite_workplace.refusal(module, **options).message
    (warning,) = sqlite_workplace.run("integration", **DELETION)["warnings"]
    assert told.format("") in warning


@pytest.mark.parametrize("days", [1, 100_000, 2_000_000, 10**12])
def test_nothing_new_is_too_old(workplace: Workplace, days: int) -> None:
    """Also where so many days ago there was no date yet."""
    workplace.create()
    result = workplace.run("registry", history_retention=days, notification_retention=days)
    assert (result["changed"], result["removed_history"], result["removed_notifications"]) == (False, 0, 0)
    assert workplace.run("integration_info", credentials_older_than=days)["integrations"] == []


def test_retention_drops_what_is_old_of_this_instance_only(workplace: Workplace) -> None:
    for instance in ("old", "other"):
        workplace.create(instance=instance)
        workplace.run("integration", **DELETION, instance=instance)
    workplace.database.query("UPDATE history SET at = '2020-01-01 00:00:00'")
    workplace.database.query("UPDATE notification SET delivered_at = '2020-01-01 00:00:00' WHERE recipient LIKE 'ann%'")
    limits: Options = {"instance": "old", "history_retention": 30, "notification_retention": 30}
    before = workplace.everything()
    foretold = workplace.run("registry", check_mode=True, **limits)
    assert workplace.everything() == before
    done = workplace.run("registry", **limits)
    assert (done["removed_history"], done["removed_notifications"]) == (2, 1)
    assert [foretold[name] for name in ("removed_history", "removed_notifications")] == [2, 1]
    assert not workplace.run("registry", **limits)["changed"]
    [entry] = workplace.run("integration_info", instance="old", history=True)["history"]
    assert (entry["action"], entry["integration"], entry["actor"]) == ("retention_applied", "", "tester")
    assert [entry["summary"][name] for name in ("removed_history", "removed_notifications")] == [2, 1]
    assert len(workplace.run("integration_info", instance="other", history=True)["history"]) == 2
    assert sorted(row["instance"] for row in workplace.database.rows("notification")) == ["old", "other", "other"]


def test_times_are_aware_and_utc(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    if isinstance(workplace.database, PostgresqlDatabase):
        workplace.database.query("ALTER DATABASE registry SET timezone = 'America/New_York'")
    try:
        begin = datetime.now(UTC)
        workplace.create()
        run(workplace, "bind")
        end = datetime.now(UTC)
        with registry_of(workplace).reading() as reader:
            [integration] = reader.integrations("default")
            [tenant] = reader.tenants("default")
            moments = [
                reader.registry().created_at,
                integration.created_at,
                integration.updated_at,
                integration.credentials_changed_at,
                tenant.bound_at,
                *(entry.at for entry in reader.history("default", begin)),
            ]
        shown = run(workplace, "integration_info")["integrations"][0]["created_at"]
    finally:
        monkeypatch.undo()
        time.tzset()
        if isinstance(workplace.database, PostgresqlDatabase):
            workplace.database.query("ALTER DATABASE registry RESET timezone")
    for moment in moments:
        assert moment
        assert moment.utcoffset() == timedelta(0)
        assert begin <= moment <= end
    assert datetime.fromisoformat(shown).utcoffset() == timedelta(0)
    assert begin - timedelta(seconds=1) <= datetime.fromisoformat(shown) <= end


def test_a_time_of_another_zone_comes_back_as_the_same_moment(workplace: Workplace) -> None:
    workplace.create()
    moment = datetime(2026, 7, 1, 1, 30, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    with registry_of(workplace).writing("default") as writer:
        [integration] = writer.integrations("default")
        writer.change_integration(replace(integration, verified_at=moment))
    with registry_of(workplace).reading() as reader:
        [integration] = reader.integrations("default")
    assert integration.verified_at == moment
    assert integration.verified_at
    assert integration.verified_at.utcoffset() == timedelta(0)


@pytest.fixture
def statements() -> Iterator[list[int]]:
    """Count the values of each statement."""
    found: list[int] = []

    def note(_connection: Any, _cursor: Any, _statement: str, values: Any, _context: Any, many: bool) -> None:
        found.extend(map(len, values) if many else [len(values or ())])

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


def test_more_tenants_than_a_statement_may_carry_values(workplace: Workplace, statements: list[int]) -> None:
    workplace.create()
    workplace.create("Other")
    names = [f"Company {number:05}" for number in range(2 * CHUNK + 201)]
    assert len(workplace.run("binding", integration="Acme", companies=names)["bound"]) == len(names)
    assert not workplace.run("binding", integration="Acme", companies=names)["changed"]
    moved = workplace.run("binding", integration="Other", companies=names, move_from="Acme")
    assert len(moved["moved"]) == len(names)
    exact = workplace.run("binding", integration="Other", companies=names[:1], state="exact")
    assert len(exact["unbound"]) == len(names) - 1
    workplace.run("binding", integration="Acme", companies=names[1:])
    assert len(workplace.run("integration", **DELETION)["unbound"]) == len(names) - 1
    held = [row["integration"] for row in workplace.database.rows("tenant")]
    assert len(held) == len(names)
    assert len(held) - held.count(None) == 1
    assert max(statements) <= CHUNK + 10
