# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes a registry behind the collection's back: ``tamper.py ADDRESS STATEMENT``."""

from __future__ import annotations

import sqlite3
import sys

SQLITE = "sqlite:///"


def main() -> None:
    """Carry out the command line."""
    address, statement = sys.argv[1:]
    if address.startswith(SQLITE):
        with sqlite3.connect(address.removeprefix(SQLITE)) as file:
            file.execute(statement)
        return
    import psycopg

    with psycopg.connect(address) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    main()
