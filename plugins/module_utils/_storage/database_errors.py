# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what the errors of SQLite and PostgreSQL mean to the user, told by their codes.

Their texts may carry values, so they are looked at where there is no code, and never repeated.
"""

from __future__ import annotations

from .._domain.errors import ErrorCode

Explanation = tuple[ErrorCode, str]

_SQLITE_ERRORS = {
    "SQLITE_BUSY": (ErrorCode.REGISTRY_BUSY, "is locked by another process; run the task again"),
    "SQLITE_LOCKED": (ErrorCode.REGISTRY_BUSY, "is locked by another process; run the task again"),
    "SQLITE_CONSTRAINT": (ErrorCode.REGISTRY_BUSY, "was changed by another run at the same time; run the task again"),
    "SQLITE_CORRUPT": (ErrorCode.REGISTRY_DAMAGED, "is damaged; restore it from a backup"),
    "SQLITE_NOTADB": (ErrorCode.REGISTRY_DAMAGED, "is not an SQLite database; restore it or name another file"),
    "SQLITE_FULL": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be written, the disk is full; nothing was changed"),
    "SQLITE_READONLY": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be written by this user; nothing was changed"),
    "SQLITE_CANTOPEN": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be opened by this user"),
    "SQLITE_PERM": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be opened by this user"),
    "SQLITE_IOERR": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be read or written, the disk reports an error"),
}
_POSTGRESQL_ERRORS = {
    "28": (ErrorCode.REGISTRY_UNREACHABLE, "refuses the user or the password"),
    "3D": (ErrorCode.REGISTRY_UNREACHABLE, "has no such database"),
    "3F": (ErrorCode.REGISTRY_UNREACHABLE, "has no schema in which this user has the right to make tables"),
    "42501": (ErrorCode.REGISTRY_UNREACHABLE, "does not give this user the right to its tables"),
    "55P03": (ErrorCode.REGISTRY_BUSY, "is locked by another run; run the task again"),
    "40": (ErrorCode.REGISTRY_BUSY, "gave way to another run; run the task again"),
    "23": (ErrorCode.REGISTRY_BUSY, "was changed by another run at the same time; run the task again"),
    "53100": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be written, its disk is full; nothing was changed"),
    "25006": (ErrorCode.REGISTRY_UNREACHABLE, "is read-only; nothing was changed"),
    "XX": (ErrorCode.REGISTRY_DAMAGED, "reports damage; restore it from a backup"),
}
# The driver gives no code to what fails before it is connected; the words are those of libpq and of the server.
_CONNECTION_TROUBLE = {
    "password authentication failed": "refuses the user or the password",
    "no password supplied": "asks for a password: set registry_password_file",
    "pg_hba.conf": "does not let this user in from here",
    "certificate": "cannot prove who it is: give sslrootcert in the address, the file with its certificate authority",
    "does not exist": "has no such user or database",
    "ssl": "does not speak TLS as the address asks for (sslmode)",
    "connection refused": "cannot be reached: check host and port, and that the server runs",
    "no such file": "cannot be reached: check host and port, and that the server runs",
    "resolve": "cannot be found: check the name of the host",
    "[errno -": "cannot be found: check the name of the host",  # psycopg before 3.2 repeats the resolver's error
    "timeout": "does not answer: check host and port, and firewalls in between",
}


def explain_sqlite(error: BaseException | None) -> Explanation:
    """
    Tell what an error of SQLite means.

    :returns: the code, and what completes the sentence "The registry <location> ...".
    """
    return _by_code(_SQLITE_ERRORS, getattr(error, "sqlite_errorname", None)) or _unknown(error)


def explain_postgresql(error: BaseException | None) -> Explanation:
    """
    Tell what an error of PostgreSQL means, by its SQLSTATE (PostgreSQL manual, appendix A).

    :returns: as :func:`explain_sqlite`.
    """
    known = _by_code(_POSTGRESQL_ERRORS, getattr(error, "sqlstate", None))
    text = str(error).lower()
    trouble = next((told for words, told in _CONNECTION_TROUBLE.items() if words in text), None)
    return known or ((ErrorCode.REGISTRY_UNREACHABLE, trouble) if trouble else _unknown(error))


def tells_of_missing_table(error: BaseException | None) -> bool:
    """Tell whether an error of either database means that a table does not exist (SQLite has no code for that)."""
    return getattr(error, "sqlstate", None) == "42P01" or str(error).startswith("no such table: ")


def _by_code(table: dict[str, Explanation], code: str | None) -> Explanation | None:
    return next((told for prefix, told in table.items() if code and code.startswith(prefix)), None)


def _unknown(error: BaseException | None) -> Explanation:
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return ErrorCode.REGISTRY_UNREACHABLE, f"cannot be used ({code or type(error).__name__})"
