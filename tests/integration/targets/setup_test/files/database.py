# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes or removes a PostgreSQL database: ``database.py create|drop SERVER NAME``."""

from __future__ import annotations

import sys

import psycopg
from psycopg.sql import SQL, Identifier

STATEMENTS = {
    "create": SQL("CREATE DATABASE {} TEMPLATE template0"),
    "drop": SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"),
}


def main() -> None:
    """Carry out the command line."""
    action, server, name = sys.argv[1:]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(STATEMENTS[action].format(Identifier(name)))


if __name__ == "__main__":
    main()
