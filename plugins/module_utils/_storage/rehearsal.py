# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: does once what every process would do for itself with its first task, before there are many of them.

SQLAlchemy compiles each statement when it is first used, and the library of Fernet looks for its ciphers.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from . import questions, schema
from .database import Database
from .encrypted_store import EncryptedStore

try:
    import sqlalchemy as sa
except ImportError:  # told when a database is opened
    pass

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def rehearse() -> None:
    """Ask all questions of an empty registry in memory, and encrypt nothing under a key of its own."""
    with Database(sa.make_url("sqlite:///:memory:")).reading() as connection:
        _ask(connection)
    with suppress(ImportError):  # told when a secret is kept
        store = EncryptedStore(base64.b64encode(os.urandom(32)).decode())
        store.encrypted_anew(store.new_registry("").fingerprint_key or "")


def _ask(connection: Connection) -> None:
    for table in schema.metadata.tables.values():  # without types and indexes, which take long to compile
        connection.exec_driver_sql(f"CREATE TABLE {table.name} ({', '.join(table.c.keys())})")
    connection.execute(questions.standing())
    connection.execute(questions.registry(), {})
    connection.execute(questions.instance(), {"name": ""})
    connection.execute(questions.integration(), {"id": ""})
    connection.execute(questions.integration_named(), {"instance": "", "name": ""})
    connection.execute(questions.administrators(), {"ids": [""]})
    connection.execute(questions.current_secret(), {"integration": ""})
    connection.execute(questions.unfinished_secret())
