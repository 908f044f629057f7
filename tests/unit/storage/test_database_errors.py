# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the errors of the databases mean to the user."""

from __future__ import annotations

import sqlite3

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database_errors import (
    explain_postgresql,
    explain_sqlite,
)

SECRET = "s3cret-value"
UNREACHABLE, UNTRUSTED = ErrorCode.REGISTRY_UNREACHABLE, ErrorCode.CERTIFICATE_UNTRUSTED


class PostgresqlError(Exception):
    """An error as psycopg raises it."""

    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def sqlite_error(code: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorname = code
    return error


@pytest.mark.parametrize(
    ("code", "expected", "words"),
    [
        ("SQLITE_BUSY", ErrorCode.REGISTRY_BUSY, "locked"),
        ("SQLITE_BUSY_SNAPSHOT", ErrorCode.REGISTRY_BUSY, "locked"),
        ("SQLITE_CONSTRAINT_UNIQUE", ErrorCode.REGISTRY_BUSY, "another run"),
        ("SQLITE_CORRUPT", ErrorCode.REGISTRY_DAMAGED, "damaged"),
        ("SQLITE_NOTADB", ErrorCode.REGISTRY_DAMAGED, "not an SQLite database"),
        ("SQLITE_FULL", ErrorCode.REGISTRY_UNREACHABLE, "disk is full"),
        ("SQLITE_READONLY_DIRECTORY", ErrorCode.REGISTRY_UNREACHABLE, "written by this user"),
        ("SQLITE_ERROR", ErrorCode.REGISTRY_UNREACHABLE, "SQLITE_ERROR"),
    ],
)
def test_sqlite(code: str, expected: ErrorCode, words: str) -> None:
    explained, told = explain_sqlite(sqlite_error(code))
    assert explained is expected
    assert words in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("sqlstate", "text", "expected", "words"),
    [
        ("28P01", "", UNREACHABLE, "refuses the user or the password"),
        ("3D000", "", UNREACHABLE, "no such database"),
        ("42501", "", UNREACHABLE, "the role that owns the tables"),
        ("42P07", "", UNREACHABLE, "tables of something else"),
        ("55P03", "", ErrorCode.REGISTRY_BUSY, "locked"),
        ("40001", "", ErrorCode.REGISTRY_BUSY, "gave way"),
        ("53100", "", UNREACHABLE, "its disk is full"),
        ("53300", "", ErrorCode.REGISTRY_BUSY, "no connection left"),
        ("57P01", "", UNREACHABLE, "has ended the connection"),
        ("57P03", "", UNREACHABLE, "is starting, stopping or recovering"),
        ("25006", "", UNREACHABLE, "is read-only"),
        (None, "connection failed: Connection refused", UNREACHABLE, "cannot be reached"),
        (None, "failed to resolve host 'ssl.example'", UNREACHABLE, "name of the host"),
        (None, "FATAL:  password authentication failed", UNREACHABLE, "refuses the user"),
        (None, 'FATAL:  database "x" does not exist', UNREACHABLE, "no such database"),
        (None, 'FATAL:  role "x" does not exist', UNREACHABLE, "no such user"),
        (None, 'FATAL:  permission denied for database "x"', UNREACHABLE, "into the database"),
        (None, "FATAL:  sorry, too many clients already", ErrorCode.REGISTRY_BUSY, "no connection left"),
        (None, 'FATAL:  too many connections for role "x"', ErrorCode.REGISTRY_BUSY, "no connection left"),
        (None, "FATAL:  remaining connection slots are reserved for", ErrorCode.REGISTRY_BUSY, "no connection left"),
        (None, "FATAL:  the database system is starting up", UNREACHABLE, "is starting, stopping or recovering"),
        (None, "server closed the connection unexpectedly", UNREACHABLE, "has ended the connection"),
        (None, "connection timeout expired", UNREACHABLE, "does not answer"),
        (None, 'root certificate file "x" does not exist', UNTRUSTED, "sslrootcert"),
        (None, "SSL error: certificate verify failed", UNTRUSTED, "sslrootcert"),
        (None, 'server certificate for "a" does not match host name "b"', UNTRUSTED, "another host"),
        (None, "FATAL:  connection requires a valid client certificate", UNREACHABLE, "sslcert"),
        (None, 'private key file "x" has group or world access', UNREACHABLE, "sslkey"),
        (None, "server does not support SSL, but SSL was required", UNREACHABLE, "does not speak TLS"),
        (None, "something else", UNREACHABLE, "PostgresqlError"),
    ],
)
def test_postgresql(sqlstate: str | None, text: str, expected: ErrorCode, words: str) -> None:
    explained, told = explain_postgresql(PostgresqlError(f"{text} {SECRET}", sqlstate))
    assert explained is expected
    assert words in told
    assert SECRET not in told
