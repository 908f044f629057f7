# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry in PostgreSQL comes back from the backup that the guide describes, with all its secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import close_databases
from system.databases import PostgresqlDatabase, PostgresqlServer
from system.tasks import ADMINISTRATORS, SECRET_KEY, TIGERPAW, Options, perform

RESTORING = ("--clean", "--if-exists", "--single-transaction")
CREATION: Options = {
    "name": "Acme",
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}


@pytest.fixture
def databases(postgresql_server: PostgresqlServer) -> Iterator[tuple[PostgresqlDatabase, PostgresqlDatabase]]:
    """Give an empty database, and the place where its copy goes."""
    with postgresql_server.connected() as connection:
        for name in ("original", "restored"):
            connection.execute(f"CREATE DATABASE {name}".encode())
    with (
        closing(PostgresqlDatabase(postgresql_server, "original")) as original,
        closing(PostgresqlDatabase(postgresql_server, "restored")) as restored,
    ):
        yield original, restored
    close_databases()
    with postgresql_server.connected() as connection:
        for name in ("original", "restored"):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def in_registry(address: str) -> Options:
    return {"registry": address, "secret_store": "registry", "secret_key": SECRET_KEY}


def test_a_backup_of_a_database_brings_everything_back(
    databases: tuple[PostgresqlDatabase, PostgresqlDatabase], postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    original, restored = databases
    perform("integration", in_registry(original.address) | CREATION)
    copy = tmp_path / "copy"
    postgresql_server.program("pg_dump", "--username=postgres", "--format=custom", f"--file={copy}", "original")
    for _into in ("an empty database", "one with all of it"):
        postgresql_server.program("pg_restore", "--username=postgres", *RESTORING, "--dbname=restored", str(copy))
    assert restored.content() == original.content()
    options = in_registry(restored.address)
    assert not perform("registry", options | {"check_integrity": True})["changed"]
    assert not perform("integration", options | CREATION)["changed"]
    assert perform("integration", options | {"name": "Acme", "state": "absent"})["changed"]
