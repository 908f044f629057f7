# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: connections, transactions and locks, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings, missing_library
from .database_errors import explain_postgresql, explain_sqlite, tells_of_missing_table

try:
    import sqlalchemy as sa
except ImportError:  # told by open_database
    sa = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

LOCK_WAIT_SECONDS = 30
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Number of the schema that has the registry, or is to get it. Roles may come to the same one by different search paths.
_SCHEMA = """coalesce(
    (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('registry')),
    (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),
    0
)::bigint"""

_prepared: dict[tuple[int, URL], Database] = {}

# The file to connect to: an engine that serves all files is told no more than to connect.
_file: ContextVar[Path] = ContextVar("_file")


class Database:
    """
    One database, SQLite or PostgreSQL.

    SQLite is connected to anew for each transaction: a file that was replaced meanwhile is noticed. To PostgreSQL one
    connection is kept, and proven to be alive before each transaction.

    :param url: parsed address with the password in it.
    """

    def __init__(self, url: URL) -> None:
        self.location = _shown(url)
        self.path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self._engine = _sqlite_engine() if self.path else _postgresql_engine(url)

    def close(self) -> None:
        """End the connections that are kept; the next transaction makes a new one."""
        if self.path is None:
            self._engine.dispose()

    def exists(self) -> bool:
        """
        Tell whether there is anything to connect to; a missing SQLite file must not be made by looking.

        :raises IntegrationError: ``registry_unreachable``.
        """
        if self.path is None:
            return True
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            raise self._unreachable("cannot be opened by this user") from None
        return stat.S_ISREG(found.st_mode) and found.st_size > 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """
        Open one deferred transaction that is ended before any write begins; all that it reads belongs to one moment.

        :raises IntegrationError: ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        with self._connected() as plain:
            connection = plain if self.path else plain.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, instance: str | None) -> Iterator[Connection]:
        """
        Open one write transaction that has its lock before it reads; it commits at the end, or rolls back on any error.

        SQLite locks the whole file; PostgreSQL locks the instance, so that instances do not wait for one another.

        :param instance: the one that is changed; nothing for the whole registry, which waits for all of them.
        :raises IntegrationError: ``registry_unreachable``, ``registry_busy`` or ``registry_damaged``.
        """
        with self._connected() as plain:
            connection = plain.execution_options(immediate=True)
            with connection.begin():
                if self.path is None:
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'"))
                    connection.execute(_postgresql_locks(instance))
                yield connection

    @contextmanager
    def creating(self) -> Iterator[None]:
        """
        Hold the lock under which a registry is created or upgraded; makes the private folder and file of SQLite.

        On PostgreSQL the transaction of :meth:`writing` is lock enough.

        :raises IntegrationError: ``registry_unreachable`` or ``registry_damaged``.
        """
        if self.path is None:
            yield
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise self._unreachable("cannot be created by this user in this folder") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._prepare_file(self.path)
            yield
        finally:
            os.close(lock)

    def _prepare_file(self, path: Path) -> None:
        """Make the file private before anything is in it; WAL lets readers go on beside a writer."""
        with self._told():
            try:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            except OSError:
                raise self._unreachable("cannot be opened by this user") from None
            with closing(sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")

    def faults(self) -> list[str]:
        """
        Let the database check itself; PostgreSQL offers nothing of the kind to ordinary users.

        :returns: what SQLite finds wrong with its file and its references, empty where all is well.
        """
        if self.path is None:
            return []
        with self.reading() as connection:
            found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
            orphans = [
                f"a row of {row[0]} refers to nothing" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
        return found + orphans

    def has_table(self, connection: Connection, name: str) -> bool:
        """Tell whether the database has this table."""
        return bool(sa.inspect(connection).has_table(name))

    def lacks_table(self, error: sa.exc.DBAPIError) -> bool:
        """Tell whether a question failed because its table does not exist."""
        return tells_of_missing_table(error.orig)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Connect, and translate all errors."""
        token = _file.set(self.path) if self.path else None
        try:
            with self._told(), self._engine.connect() as connection:
                yield connection
        finally:
            if token:
                _file.reset(token)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translate errors of the driver by their codes; their texts may carry values and never travel."""
        failure: IntegrationError | None = None
        try:
            yield
        except sa.exc.DBAPIError as error:
            failure = self._explained(error.orig)
        except sqlite3.Error as error:
            failure = self._explained(error)
        if failure:
            raise failure from None

    def _explained(self, error: BaseException | None) -> IntegrationError:
        code, told = explain_sqlite(error) if self.path else explain_postgresql(error)
        return IntegrationError(code, f"The registry {self.location} {told}.")

    def _unreachable(self, told: str) -> IntegrationError:
        return IntegrationError(ErrorCode.REGISTRY_UNREACHABLE, f"The registry {self.location} {told}.")


def open_database(address: str, password: str | None = None, option: str = "registry") -> Database:
    """
    Prepare a database for use; connects to nothing yet.

    A process prepares each database once, because that takes longer than a small task. What another process prepared
    before it forked is left alone: its connections are not ours.

    :param address: ``sqlite:////path`` or ``postgresql://user@host/database``.
    :param password: of PostgreSQL; never part of the address.
    :param option: what the address was given in.
    :raises IntegrationError: ``invalid_settings`` for an address that cannot be used (it is not repeated, it may hold
        a password), ``dependency_missing`` without SQLAlchemy or the driver.
    """
    if sa is None:
        raise missing_library("SQLAlchemy")
    try:
        url = _parsed(address, password, option)
    except ValueError as refusal:
        raise InvalidSettings([Fault(option, str(refusal))]) from None
    key = (os.getpid(), url)
    if key not in _prepared:
        _prepared[key] = Database(url)
    return _prepared[key]


def close_databases() -> None:
    """End all connections that this process keeps, whatever state they are in."""
    own = [key for key in _prepared if key[0] == os.getpid()]
    for key in own:
        _prepared.pop(key).close()
    _sqlite_engine.cache_clear()


def is_usable() -> bool:
    """Tell whether this Python has the library that databases need."""
    return sa is not None


def default_address() -> str:
    """
    Tell where the embedded registry is: in the user's data directory (XDG Base Directory Specification).

    :returns: an address for :func:`open_database`.
    """
    data = Path(os.environ.get("XDG_DATA_HOME") or "")
    if not data.is_absolute():  # to be ignored then, says the specification
        data = Path.home() / ".local" / "share"
    return f"sqlite:///{data / 'msp_kaspersky' / 'registry.sqlite3'}"


def _parsed(address: str, password: str | None, option: str) -> URL:
    try:
        url = sa.engine.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("is no database address; write sqlite:////path or postgresql://user@host/database") from None
    if url.password or any(word in name for name in url.query for word in ("pass", "secret")):
        raise ValueError(f"carries a password; give it with {option}_password_file or {option}_password")
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite_url(url)
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return _verifying_server(url.set(drivername="postgresql+psycopg", password=password))
    raise ValueError("names another database than sqlite or postgresql")


def _sqlite_url(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or "\0" in url.database:
        raise ValueError("names no file; write sqlite:////path/to/file")
    if url.query:
        raise ValueError("has parameters; an SQLite registry takes none")
    try:
        path = Path(url.database).expanduser()
    except RuntimeError:
        raise ValueError("names the home of a user that does not exist; write sqlite:////path/to/file") from None
    if not path.is_absolute():
        # It would be another registry, a new and empty one, wherever else the playbook is started.
        raise ValueError("is a relative path; an absolute one begins with four slashes: sqlite:////var/lib/msp/file")
    return url.set(drivername="sqlite", database=str(path))


def _verifying_server(url: URL) -> URL:
    """Off this machine, the server has to prove who it is unless the address says otherwise."""
    if "sslmode" in url.query or _is_on_this_machine(url):
        return url
    return url.update_query_dict({"sslmode": "verify-full"})


def _is_on_this_machine(url: URL) -> bool:
    """Look wherever libpq takes the server from: the query, the host before it, the environment."""
    if "service" in url.query or os.environ.get("PGSERVICE"):
        return False
    query = url.normalized_query
    names = query.get("host") or [url.host or os.environ.get("PGHOST", "")]
    numbers = query.get("hostaddr") or [os.environ.get("PGHOSTADDR", "")]
    hosts = [host for listed in (*names, *numbers) for host in listed.split(",")]
    # Nothing is the socket of this machine, a path is the folder of one.
    return all(not host or host in _LOOPBACK or host.startswith("/") for host in hosts)


def _shown(url: URL) -> str:
    """Write the address as the user does: without driver and password."""
    return url._replace(drivername=url.get_backend_name(), password=None).render_as_string()


@cache
def _sqlite_engine() -> Engine:
    """Make the engine of all SQLite files; it keeps no connection, only compiled statements, so it may be forked."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.NullPool, creator=_sqlite_connection)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _sqlite_connection() -> sqlite3.Connection:
    # The driver's own transactions are switched off: it would begin deferred ones behind our back.
    connection = sqlite3.connect(_file.get(), timeout=LOCK_WAIT_SECONDS, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _postgresql_engine(url: URL) -> Engine:
    try:
        return sa.create_engine(
            url,
            pool_size=1,
            max_overflow=-1,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            # Prepared statements of a kept connection would fail once another run has upgraded the tables.
            connect_args={"connect_timeout": LOCK_WAIT_SECONDS, "prepare_threshold": None},
            hide_parameters=True,
        )
    except ImportError:
        raise missing_library("psycopg[binary]") from None


def _postgresql_locks(instance: str | None) -> sa.TextClause:
    """Share the lock of the whole registry with other instances, or have it alone."""
    whole = _lock_number("")
    if instance is None:
        return sa.text(f"SELECT pg_advisory_xact_lock({whole})")
    return sa.text(f"SELECT pg_advisory_xact_lock_shared({whole}), pg_advisory_xact_lock({_lock_number(instance)})")


def _lock_number(scope: str) -> str:
    """Write down, in SQL, the number of a lock; in each schema of a database it is another one."""
    digest = hashlib.sha256(f"msp.kaspersky/{scope}".encode()).digest()
    return f"{_SCHEMA} # '{int.from_bytes(digest[:8], 'big', signed=True)}'::bigint"
