# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Changes a registry behind the collection's back: ``execute.py ADDRESS STATEMENT``.

The statement has to be one that SQLite and PostgreSQL both understand.
"""

from __future__ import annotations

import sqlite3
import sys

import psycopg

SQLITE = "sqlite:///"


def main() -> None:
    """Carry out the command line."""
    address, statement = sys.argv[1:]
    is_file = address.startswith(SQLITE)
    connection = sqlite3.connect(address.removeprefix(SQLITE)) if is_file else psycopg.connect(address)
    with connection:
        connection.execute(statement)
    connection.close()


if __name__ == "__main__":
    main()
