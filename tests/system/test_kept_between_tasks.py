# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process keeps from one task to the next: never more than it may, and never for another process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.msp.kaspersky.plugins.module_utils import client, door
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import open_database

from .databases import Database, PostgresqlDatabase, SqliteFile
from .tasks import MODULES, OTHER_KEY, SECRET_KEY, TIGERPAW
from .workplace import registry_options

NEW = {"platform": "tigerpaw", "solution": "security_center", "tigerpaw": TIGERPAW, "verify": "never"}

ONE_TASK = """
import json, sys
from ansible_collections.msp.kaspersky.plugins.module_utils import client, door, options

work = client.IntegrationClient.keep_integration
outcome = door.perform_unchecked(options.INTEGRATION, json.loads(sys.argv[1]), False, work)
assert not outcome.failed, outcome.result
print(*sys.modules)
"""


def attempt(module: str, **options: Any) -> door.Outcome:
    """Carry out a task in this process, which keeps what it keeps."""
    specification, work = MODULES[module]
    return door.perform_unchecked(specification, options, False, work)


def done(module: str, **options: Any) -> dict[str, Any]:
    outcome = attempt(module, **options)
    assert not outcome.failed, outcome.result
    return outcome.result


def test_a_registry_that_is_deleted_or_replaced_between_two_tasks_is_noticed(
    sqlite: SqliteFile, tmp_path: Path
) -> None:
    common = registry_options(sqlite, "registry", tmp_path)
    done("integration", name="Acme", **NEW, **common)
    other = tmp_path / "other"
    shutil.move(sqlite.path.parent, other)
    assert attempt("registry_info", **common).result["error"]["code"] == "registry_missing"
    done("integration", name="Other", **NEW, **common)
    assert [item["name"] for item in done("integration_info", **common)["integrations"]] == ["Other"]
    shutil.rmtree(sqlite.path.parent)
    shutil.move(other, sqlite.path.parent)
    assert [item["name"] for item in done("integration_info", **common)["integrations"]] == ["Acme"]


def test_a_task_with_another_key_gains_nothing_from_the_one_before(database: Database, tmp_path: Path) -> None:
    common = registry_options(database, "registry", tmp_path)
    done("integration", name="Acme", **NEW, **common)
    done("integration", name="Acme", **NEW, **common)
    (tmp_path / "secret-key").write_text("A" * 43 + "=", encoding="utf-8")
    assert attempt("integration", name="Acme", **NEW, **common).result["error"]["code"] == "secret_key_wrong"


def test_hosts_with_registries_keys_and_secrets_of_their_own_share_nothing(tmp_path: Path) -> None:
    hosts = {}
    for host, key in {"one": SECRET_KEY, "two": OTHER_KEY}.items():
        folder = tmp_path / host
        folder.mkdir()
        hosts[host] = registry_options(SqliteFile(folder / "registry.sqlite3"), "registry", folder)
        (folder / "secret-key").write_text(key, encoding="utf-8")
    new = {host: NEW | {"tigerpaw": TIGERPAW | {"soap_password": f"password of {host}"}} for host in hosts}
    for host, common in hosts.items():
        done("integration", name=host, **new[host], **common)
    for host, other in [("one", "two"), ("two", "one"), ("one", "two")]:
        wrong = hosts[host] | {"secret_key_file": hosts[other]["secret_key_file"]}
        refused = attempt("integration", name=host, **new[host], **wrong)
        assert refused.result["error"]["code"] == "secret_key_wrong"
        assert not done("integration", name=host, **new[host], **hosts[host])["changed"]
        assert [item["name"] for item in done("integration_info", **hosts[host])["integrations"]] == [host]
        unknown = attempt("binding", integration=f"password of {other}", companies=["Acme"], **hosts[host])
        assert f"password of {other}" in unknown.result["msg"]  # masked for the task that has it as a secret


def test_a_connection_that_the_server_has_ended_is_made_anew(postgresql: PostgresqlDatabase, tmp_path: Path) -> None:
    common = registry_options(postgresql, "registry", tmp_path)
    done("integration", name="Acme", **NEW, **common)
    others = "pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    postgresql.query(f"SELECT pg_terminate_backend(pid) FROM {others}")  # noqa: S608
    assert not done("integration", name="Acme", **NEW, **common)["changed"]


def test_a_forked_process_has_connections_of_its_own(database: Database, tmp_path: Path) -> None:
    common = registry_options(database, "registry", tmp_path)
    done("integration", name="Acme", **NEW, **common)
    child = os.fork()
    if child == 0:
        unchanged = attempt("integration", name="Acme", **NEW, **common).result.get("changed") is False
        client.forget_everything()
        os._exit(0 if unchanged else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not done("integration", name="Acme", **NEW, **common)["changed"]


def test_a_database_is_prepared_once_a_process(database: Database) -> None:
    prepared = open_database(database.address)
    assert open_database(database.address) is prepared
    client.forget_everything()
    assert open_database(database.address) is not prepared


def test_what_was_rehearsed_before_a_fork_compiles_nothing_anew(
    sqlite: SqliteFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = registry_options(sqlite, "registry", tmp_path)
    done("integration", name="Acme", **NEW, **common)
    client.forget_everything()
    client.prepare_to_fork()
    monkeypatch.setattr(sa.Select, "_compiler", None)
    assert not done("integration", name="Acme", **NEW, **common)["changed"]


@pytest.mark.parametrize("changes", [{}, {"administrators": [{"email": "bob@msp.example", "alias": "Bob"}]}])
def test_what_a_task_does_not_use_is_not_imported(changes: dict[str, Any], sqlite: SqliteFile, tmp_path: Path) -> None:
    options = {"name": "Acme", **NEW, **registry_options(sqlite, "registry", tmp_path)}
    done("integration", **options)
    run = subprocess.run(
        [sys.executable, "-c", ONE_TASK, json.dumps(options | changes)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {name.partition(".")[0] for name in run.stdout.split()}
    assert "sqlalchemy" in imported
    assert not imported & {"zeep", "requests", "keyring", "psycopg", "lxml", "tenacity"}
