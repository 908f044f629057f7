# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On a disk that is really full, each task says so and changes nothing; with free space, the same tasks succeed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import keyring
import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from system.crew import TESTS
from system.databases import SqliteFile
from system.keyrings import FolderKeyring
from system.tasks import Options
from system.workplace import Workplace, registry_options

# A disk of its own, in a name space of its own: it needs no rights and is gone with the process.
SMALL_DISK = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
MOUNT = "mount -t tmpfs -o size=2m none {disk}"
TASKS: list[tuple[str, Options]] = [
    ("binding", {"integration": "Acme", "companies": [f"Client {number}" for number in range(500)]}),
    ("integration", {"name": "Acme", "tigerpaw": {"soap_password": "another password"}, "verify": "never"}),
    ("integration", {"name": "Acme", "state": "absent"}),
]


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "keyring").mkdir()
    mount = MOUNT.format(disk=shlex.quote(str(tmp_path / "disk")))
    if subprocess.run([*SMALL_DISK, mount], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives its users no name spaces")
    work = shlex.join([sys.executable, "-m", "system.test_full_disk", str(tmp_path)])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [*SMALL_DISK, f"{mount} && exec {work}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


def work_on_a_full_disk(folder: Path) -> None:
    """Do, as a process of its own, what the test is about."""
    keyring.set_keyring(FolderKeyring(folder / "keyring"))
    workplace = workplace_on(folder, "first")
    workplace.create()
    before = workplace.everything()
    filling = folder / "disk" / "filling"
    fill(filling)
    for module, options in TASKS:
        assert_told(workplace.refusal(module, **options))
    other = workplace_on(folder, "second")
    with pytest.raises(IntegrationError) as caught:
        other.create()
    assert_told(caught.value)
    filling.unlink()
    assert workplace.everything() == before
    assert workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []
    for module, options in TASKS:
        assert workplace.run(module, **options)["changed"]
    assert other.create()["changed"]


def workplace_on(folder: Path, name: str) -> Workplace:
    database = SqliteFile(folder / "disk" / name / "registry.sqlite3")
    return Workplace(database, FolderKeyring(folder / "keyring"), registry_options(database, "keyring", folder))


def fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(512)):
            pass


def assert_told(error: IntegrationError) -> None:
    assert error.code == "registry_unreachable"
    assert "the disk is full" in error.message, error.message


if __name__ == "__main__":
    work_on_a_full_disk(Path(sys.argv[1]))
