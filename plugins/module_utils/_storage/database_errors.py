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

_RESTORE = "put a backup in its place, and remove the files beside it that end in -wal and -shm"
_FULL_DISK = (ErrorCode.REGISTRY_UNREACHABLE, "cannot be written, the disk is full; nothing was changed")
_SQLITE_ERRORS = {
    "SQLITE_BUSY": (ErrorCode.REGISTRY_BUSY, "is locked by another process; run the task again"),
    "SQLITE_LOCKED": (ErrorCode.REGISTRY_BUSY, "is locked by another process; run the task again"),
    "SQLITE_CONSTRAINT": (ErrorCode.REGISTRY_BUSY, "was changed by another run at the same time; run the task again"),
    "SQLITE_CORRUPT": (ErrorCode.REGISTRY_DAMAGED, f"is damaged; {_RESTORE}"),
    "SQLITE_NOTADB": (ErrorCode.REGISTRY_DAMAGED, f"is not an SQLite database; {_RESTORE}, or name another file"),
    "SQLITE_FULL": _FULL_DISK,
    "SQLITE_IOERR_SHMSIZE": _FULL_DISK,  # no space even for the file that readers and writers share
    "SQLITE_READONLY": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be written by this user; nothing was changed"),
    "SQLITE_CANTOPEN": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be opened by this user"),
    "SQLITE_PERM": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be opened by this user"),
    "SQLITE_IOERR": (ErrorCode.REGISTRY_UNREACHABLE, "cannot be read or written, the disk reports an error"),
}
_UNREACHABLE, _UNTRUSTED = ErrorCode.REGISTRY_UNREACHABLE, ErrorCode.CERTIFICATE_UNTRUSTED

_FOREIGN_TABLE = (_UNREACHABLE, "has tables of something else; give it a file, schema or database of its own")
_PASSWORD = (_UNREACHABLE, "refuses the user or the password")
_NO_DATABASE = (_UNREACHABLE, "has no such database")
_NO_SERVER = (_UNREACHABLE, "cannot be reached: check host and port, and that the server runs")
_NO_HOST = (_UNREACHABLE, "cannot be found: check the name of the host")
_NOT_READY = (_UNREACHABLE, "is starting, stopping or recovering; run the task again")
_ENDED = (_UNREACHABLE, "has ended the connection; run the task again")
_FULL = (
    ErrorCode.REGISTRY_BUSY,
    "has no connection left for this user; run the task again, or let the server take more",
)
_NO_RIGHT = (
    _UNREACHABLE,
    "does not give this user the right to do that. To create, upgrade or move it, or to drop history, play "
    "msp.kaspersky.registry as the role that owns the tables. For all else, grant this user what the guide names",
)
_CLIENT_CERTIFICATE = (_UNREACHABLE, "asks for a certificate of this user: give sslcert and sslkey in the address")

_POSTGRESQL_ERRORS = {
    "28": _PASSWORD,
    "3D": _NO_DATABASE,
    "3F": (_UNREACHABLE, "has no schema in which this user has the right to make tables"),
    "42501": _NO_RIGHT,
    "42P07": _FOREIGN_TABLE,
    "55P03": (ErrorCode.REGISTRY_BUSY, "is locked by another run; run the task again"),
    "40": (ErrorCode.REGISTRY_BUSY, "gave way to another run; run the task again"),
    "23": (ErrorCode.REGISTRY_BUSY, "was changed by another run at the same time; run the task again"),
    "53100": (_UNREACHABLE, "cannot be written, its disk is full; nothing was changed"),
    "53300": _FULL,
    "57P03": _NOT_READY,
    "57P": _ENDED,
    "25006": (_UNREACHABLE, "is read-only; nothing was changed"),
    "XX": (ErrorCode.REGISTRY_DAMAGED, "reports damage; restore it from a backup"),
}
# The driver gives no code to what fails before it is connected; the words are those of libpq and of the server. Exact
# ones stand before vague ones.
_CONNECTION_TROUBLE = {
    "password authentication failed": _PASSWORD,
    "no password supplied": (_UNREACHABLE, "asks for a password: set registry_password_file"),
    "pg_hba.conf": (_UNREACHABLE, "does not let this user in from here"),
    "too many c": _FULL,  # clients, connections
    "connection slots are reserved": _FULL,
    "the database system is": _NOT_READY,
    "not currently accepting connections": (_UNREACHABLE, "accepts no connections to this database"),
    "permission denied for database": (_UNREACHABLE, "does not let this user into the database"),
    'fatal:  role "': (_UNREACHABLE, "has no such user"),
    'fatal:  database "': _NO_DATABASE,
    "connection refused": _NO_SERVER,
    "is the server running": _NO_SERVER,
    "resolve": _NO_HOST,
    "[errno -": _NO_HOST,  # psycopg before 3.2 repeats the resolver's error
    "does not match host name": (_UNTRUSTED, "shows the certificate of another host: check the name of the host"),
    "certificate verify failed": (
        _UNTRUSTED,
        "shows a certificate that is not trusted: give sslrootcert in the address, the file with its authority",
    ),
    "root certificate": (
        _UNTRUSTED,
        "cannot prove who it is: give sslrootcert in the address, the file with its authority, or system",
    ),
    "valid client certificate": _CLIENT_CERTIFICATE,
    "certificate authentication failed": _CLIENT_CERTIFICATE,
    "alert certificate required": _CLIENT_CERTIFICATE,
    "alert unknown ca": (_UNREACHABLE, "does not trust the certificate of this user (sslcert)"),
    "private key file": (_UNREACHABLE, "cannot be used with this sslkey: it has to fit sslcert and be private (0600)"),
    "certificate": (_UNTRUSTED, "cannot prove who it is: check sslrootcert in the address"),
    "does not support ssl": (_UNREACHABLE, "does not speak TLS, and the address asks for it (sslmode)"),
    "closed the connection unexpectedly": _ENDED,
    "timeout": (_UNREACHABLE, "does not answer: check host and port, and firewalls in between"),
    "ssl": (_UNREACHABLE, "does not speak TLS as the address asks for (sslmode)"),
}


def explain_sqlite(error: BaseException | None) -> Explanation:
    """
    Tell what an error of SQLite means.

    :returns: the code, and what completes the sentence "The registry <location> ...".
    """
    known = _by_code(_SQLITE_ERRORS, getattr(error, "sqlite_errorname", None))
    return known or (_FOREIGN_TABLE if str(error).endswith(" already exists") else _unknown(error))


def explain_postgresql(error: BaseException | None) -> Explanation:
    """
    Tell what an error of PostgreSQL means, by its SQLSTATE (PostgreSQL manual, appendix A).

    :returns: as :func:`explain_sqlite`.
    """
    known = _by_code(_POSTGRESQL_ERRORS, getattr(error, "sqlstate", None))
    text = str(error).lower()
    return known or next((told for words, told in _CONNECTION_TROUBLE.items() if words in text), _unknown(error))


def tells_of_missing_table(error: BaseException | None) -> bool:
    """Tell whether an error of either database means that a table does not exist (SQLite has no code for that)."""
    return getattr(error, "sqlstate", None) == "42P01" or str(error).startswith("no such table: ")


def _by_code(table: dict[str, Explanation], code: str | None) -> Explanation | None:
    return next((told for prefix, told in table.items() if code and code.startswith(prefix)), None)


def _unknown(error: BaseException | None) -> Explanation:
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    return ErrorCode.REGISTRY_UNREACHABLE, f"cannot be used ({code or type(error).__name__})"
