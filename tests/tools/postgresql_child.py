# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a PostgreSQL server as a process beside those that use it; it is the one that the system tests use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

SYSTEM_TESTS = Path(__file__).resolve().parent.parent / "system"
PATIENCE = 30


@contextmanager
def running_postgresql(python: Path) -> Iterator[str]:
    """
    Run an empty server; it ends with this block, or with this process at the latest.

    :param python: an interpreter that has the requirements of the system tests.
    :returns: its address as the collection repeats it, for a user who may do everything.
    :raises RuntimeError: if the server does not start.
    """
    environment = {**os.environ, "PYTHONPATH": str(SYSTEM_TESTS)}
    with subprocess.Popen(
        [str(python), __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            address = process.stdout.readline().strip()
            if not address:
                raise RuntimeError("PostgreSQL does not start.")
            yield address
        finally:
            process.stdin.close()
            process.wait(timeout=PATIENCE)


def main() -> None:
    """Run a server until nobody holds the other end of our input any more, as when the parent has ended."""
    from databases import PostgresqlServer

    # Sockets have short names only.
    with TemporaryDirectory(prefix="msp-") as folder:
        server = PostgresqlServer(Path(folder) / "postgresql")
        try:
            print(f"postgresql://postgres@/postgres?host={quote(server.socket_folder, safe='')}", flush=True)
            sys.stdin.read()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
