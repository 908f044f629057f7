# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries for the tests: on each database, with each secret store."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from .crew import Crew
from .databases import Database, PostgresqlDatabase, PostgresqlServer, SqliteFile
from .keyrings import FolderKeyring
from .workplace import Workplace, registry_options


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Run one PostgreSQL server for all tests of this process."""
    # Not below pytest's folders, which are closed to the user that the server runs as when the tests run as root.
    server = PostgresqlServer(Path(tempfile.mkdtemp(prefix="postgresql-")))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlDatabase]:
    """Make the one database that tests use after one another; take :func:`postgresql` instead."""
    with postgresql_server.connected() as connection:
        connection.execute("CREATE DATABASE registry")
    database = PostgresqlDatabase(postgresql_server, "registry")
    yield database
    database.close()


@pytest.fixture
def postgresql(postgresql_database: PostgresqlDatabase) -> PostgresqlDatabase:
    """Give an empty database of PostgreSQL."""
    postgresql_database.empty()
    return postgresql_database


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteFile:
    """Give a place for a database of SQLite."""
    return SqliteFile(tmp_path / "registry" / "registry.sqlite3")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Give an empty database of each kind."""
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["keyring", "registry"])
def store(request: pytest.FixtureRequest) -> str:
    """Name each secret store."""
    return str(request.param)


@pytest.fixture
def folder_keyring(tmp_path: Path) -> Iterator[FolderKeyring]:
    """Make an empty keyring the one that this process uses."""
    before = keyring.get_keyring()
    used = FolderKeyring(tmp_path / "keyring")
    keyring.set_keyring(used)
    yield used
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables that stand in for options."""
    for name in list(os.environ):
        if name.startswith("MSP_KASPERSKY_"):
            monkeypatch.delenv(name)


@pytest.fixture
def workplace(database: Database, store: str, folder_keyring: FolderKeyring, tmp_path: Path) -> Workplace:
    """Give an empty registry on each database, with each secret store."""
    return Workplace(database, folder_keyring, registry_options(database, store, tmp_path))


@pytest.fixture
def sqlite_workplace(sqlite: SqliteFile, folder_keyring: FolderKeyring, tmp_path: Path) -> Workplace:
    """Give an empty registry on SQLite with its secrets in a keyring, where nothing else is of interest."""
    return Workplace(sqlite, folder_keyring, registry_options(sqlite, "keyring", tmp_path))


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    """Carry out tasks in processes of their own."""
    with Crew() as running:
        yield running
