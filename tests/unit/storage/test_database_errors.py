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
        ("28P01", "", ErrorCode.REGISTRY_UNREACHABLE, "password"),
        ("55P03", "", ErrorCode.REGISTRY_BUSY, "locked"),
        ("40001", "", ErrorCode.REGISTRY_BUSY, "gave way"),
        ("42501", "", ErrorCode.REGISTRY_UNREACHABLE, "right"),
        (None, "connection failed: Connection refused", ErrorCode.REGISTRY_UNREACHABLE, "cannot be reached"),
        (None, "failed to resolve host 'db'", ErrorCode.REGISTRY_UNREACHABLE, "name of the host"),
        (None, "FATAL: password authentication failed", ErrorCode.REGISTRY_UNREACHABLE, "refuses the user"),
        (None, 'root certificate file "x" does not exist', ErrorCode.REGISTRY_UNREACHABLE, "sslrootcert"),
        (None, 'FATAL: database "x" does not exist', ErrorCode.REGISTRY_UNREACHABLE, "no such user or database"),
        (None, "connection timeout expired", ErrorCode.REGISTRY_UNREACHABLE, "does not answer"),
        (None, "something else", ErrorCode.REGISTRY_UNREACHABLE, "PostgresqlError"),
    ],
)
def test_postgresql(sqlstate: str | None, text: str, expected: ErrorCode, words: str) -> None:
    explained, told = explain_postgresql(PostgresqlError(f"{text} {SECRET}", sqlstate))
    assert explained is expected
    assert words in told
    assert SECRET not in told
