# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What fails for a moment, database, disk or keyring, leaves all as it was or done, and the next run finishes."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import keyring
import pytest
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import database as storage
from sandbox import Sandbox
from system.databases import PostgresqlDatabase, PostgresqlServer, SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import ADMINISTRATORS, Options, Result, perform_in_process
from system.workplace import Workplace, registry_options

ROTATION: Options = {"name": "Acme", "tigerpaw": {"soap_password": "another password"}, "verify": "never"}
DELETION: Options = {"name": "Acme", "state": "absent"}
TASKS = [
    ("integration", ROTATION),
    ("binding", {"integration": "Acme", "companies": ["Mill"]}),
    ("integration", DELETION),
]


# The server is restarted


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresqlServer]:
    """Run a server that other tests do not need."""
    server = PostgresqlServer(Path(tempfile.mkdtemp(prefix="postgresql-")))
    with server.connected() as connection:
        connection.execute("CREATE DATABASE registry")
        connection.execute("ALTER SYSTEM RESET synchronous_commit")  # what it said is done has to survive
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.stop()


@dataclass
class Restarted(Workplace):
    """A registry on a server that may be restarted."""

    database: PostgresqlDatabase


@pytest.fixture
def restarted(own_server: PostgresqlServer, folder_keyring: FolderKeyring, tmp_path: Path) -> Iterator[Restarted]:
    """Give an empty registry on a server that may be restarted."""
    with closing(PostgresqlDatabase(own_server, "registry")) as database:
        database.empty()
        yield Restarted(database, folder_keyring, registry_options(database, "keyring", tmp_path))


HOW = [signal.SIGINT, signal.SIGQUIT]  # a fast shutdown and an immediate one, which is as a crash


@pytest.mark.parametrize("how", HOW)
def test_between_two_items_nobody_notices(
    restarted: Restarted, own_server: PostgresqlServer, how: signal.Signals
) -> None:
    restarted.create()
    for name in ("One", "Two"):
        result: Result = perform_in_process("integration", restarted.options(name="Acme", new_name=name))
        assert result["changed"]
        perform_in_process("integration", restarted.options(name=name, new_name="Acme"))
        own_server.restart(how)


@pytest.mark.parametrize("task", [TASKS[0], TASKS[2]], ids=["rotate", "delete"])
def test_at_any_statement_the_next_run_finishes(
    restarted: Restarted, own_server: PostgresqlServer, sandbox: Sandbox, task: tuple[str, Options]
) -> None:
    module, options = task[0], {**task[1], **(sandbox.smtp_settings("none") if task[1] is DELETION else {})}
    for number in count():
        sandbox.forget()
        restarted.database.empty()
        restarted.keyring.store({})
        restarted.create()
        with before_statement(number, lambda: own_server.restart(signal.SIGQUIT)) as reached:
            try:
                restarted.run(module, **options)
            except IntegrationError as error:
                assert error.code == "registry_unreachable"  # noqa: PT017 (it may succeed as well)
        restarted.database.reconnect()
        if not reached:
            break
        if restarted.database.rows("integration"):
            restarted.run(module, **options)
        else:
            restarted.create("Next")  # whoever writes next sweeps
        if task[1] is DELETION:
            restarted.run("notification", **sandbox.smtp_settings("none"))
            recipients = {str(mail.recipients) for mail in sandbox.mails()}
            assert recipients == {f"['{person['email']}']" for person in ADMINISTRATORS}
        else:
            assert restarted.stored_secrets()["Acme"]["soap_password"] == "another password"
        restarted.assert_nothing_stranded()
        assert restarted.run("registry", check_integrity=True)["integrity"]["faults"] == []
    assert number > 5


class before_statement:  # noqa: N801 (a context manager)
    """
    Do something before a statement of this process.

    :param number: of the statement that writes, from 0.
    """

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self._number, self._act, self._reached = number, act, [0]
        self._done: list[bool] = []

    def __enter__(self) -> list[bool]:
        sa.event.listen(sa.engine.Engine, "before_cursor_execute", self._execute)
        return self._done

    def __exit__(self, *_about: object) -> None:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", self._execute)

    def _execute(self, _connection: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        if statement.lstrip().startswith("SELECT") and "lock" not in statement:
            return
        if self._reached[0] == self._number:
            self._done.append(True)
            self._act()
        self._reached[0] += 1


# The disk is full


def test_a_full_disk_changes_nothing(sqlite_workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_workplace.create()
    sqlite_workplace.run("binding", integration="Acme", companies=[f"Client {number}" for number in range(20)])
    before = sqlite_workplace.everything()
    connect = storage._sqlite_connection

    def cramped() -> sqlite3.Connection:
        connection = connect()
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    many: Options = {"integration": "Acme", "companies": [f"Other {number}" for number in range(2000)]}
    storage.close_databases()
    with monkeypatch.context() as patched:
        patched.setattr(storage, "_sqlite_connection", cramped)
        error = sqlite_workplace.refusal("binding", **many)
    storage.close_databases()
    assert error.code == "registry_unreachable"
    assert "the disk is full; nothing was changed" in error.message
    assert sqlite_workplace.everything() == before
    assert len(sqlite_workplace.run("binding", **many)["bound"]) == 2000


@pytest.mark.parametrize(
    ("state", "code", "told"),
    [
        ("53100", "registry_unreachable", "disk is full; nothing was changed"),
        ("53200", "registry_unreachable", "cannot be used (53200)"),
        ("40P01", "registry_busy", "run the task again"),
        ("57P01", "registry_unreachable", ""),
    ],
)
def test_what_fails_at_the_server_changes_nothing(
    postgresql: PostgresqlDatabase, folder_keyring: FolderKeyring, tmp_path: Path, state: str, code: str, told: str
) -> None:
    workplace = Workplace(postgresql, folder_keyring, registry_options(postgresql, "keyring", tmp_path))
    workplace.create()
    failing = (
        f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    )
    postgresql.query(failing)
    postgresql.query("CREATE TRIGGER fail BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION fail()")
    for module, options in TASKS:
        before = content_of(workplace)
        error = workplace.refusal(module, **options)
        assert error.code == code
        assert told in error.message
        assert content_of(workplace) == before
    postgresql.query("DROP TRIGGER fail ON history")
    for module, options in TASKS:
        assert workplace.run(module, **options)["changed"]
    workplace.assert_nothing_stranded()


def content_of(workplace: Workplace) -> Any:
    """Return what is valid, without stages of secrets that the next run takes away."""
    return {name: rows for name, rows in workplace.database.content().items() if name != "secret"}


# The keyring fails once


@pytest.mark.parametrize("task", [("integration", None), TASKS[0], TASKS[2]], ids=["create", "rotate", "delete"])
def test_a_keyring_that_fails_once_at_any_call(
    sqlite_workplace: Workplace, folder_keyring: FolderKeyring, task: tuple[str, Options | None]
) -> None:
    module, options = task
    for number in count():
        sqlite_workplace.keyring.store({})
        sqlite_workplace.database.restore({})
        if options is not None:
            sqlite_workplace.create()
        failing = FailingOnce(folder_keyring.folder, number)
        keyring.set_keyring(failing)
        try:
            sqlite_workplace.create() if options is None else sqlite_workplace.run(module, **options)
        except IntegrationError as error:
            assert error.code in ("secret_store_missing", "secret_store_elsewhere")  # noqa: PT017
        keyring.set_keyring(folder_keyring)
        if not failing.failed:
            break
        if options is None:
            sqlite_workplace.create()
        elif options is not DELETION or sqlite_workplace.database.rows("integration"):
            sqlite_workplace.run(module, **options)
        else:
            sqlite_workplace.create("Next")  # whoever writes next sweeps
        sqlite_workplace.assert_nothing_stranded()
    assert number


class FailingOnce(FolderKeyring):
    """Fails at one call, as a keyring that is being unlocked."""

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__(folder)
        self._number, self.failed = number, False

    def _begin(self, call: str) -> None:
        super()._begin(call)
        if len(self.calls) == self._number + 1:
            self.failed = True
            raise RuntimeError("the keyring is locked")


# Restored as the guide says


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "emptied of its header"])
def test_a_backup_brings_everything_back(
    sqlite_workplace: Workplace, sqlite: SqliteFile, tmp_path: Path, damage: str
) -> None:
    sqlite_workplace.create()
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(sqlite.path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    before = sqlite_workplace.everything()
    content = bytearray(sqlite.path.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 3]
    else:
        begin = 0 if damage == "emptied of its header" else 4096
        content[begin : begin + 65536] = b"\0" * len(content[begin : begin + 65536])
    sqlite.path.write_bytes(content)
    error = sqlite_workplace.refusal("registry", check_integrity=True)
    assert error.code == "registry_damaged"
    assert "-wal" in error.message
    for file in sqlite.path.parent.glob("*.sqlite3-*"):
        file.unlink()
    shutil.copy(copy, sqlite.path)
    assert sqlite_workplace.everything() == before
    assert sqlite_workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []
