# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Long work shows how far it has come while it runs, as far as the door can show anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain import progress
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from sandbox import Sandbox

from .databases import SqliteFile
from .doors import Play, start, task
from .keyrings import FolderKeyring
from .tasks import ADMINISTRATORS, OTHER_KEY, SECRET_KEY
from .workplace import Workplace, registry_options

COUNT = 3


@pytest.mark.parametrize(("in_process", "shown"), [(True, True), (False, False)])
def test_verifying_shows_how_far_it_is(sandbox: Sandbox, tmp_path: Path, in_process: bool, shown: bool) -> None:
    about = {"platform": "tigerpaw", "solution": "business_hub", "administrators": ADMINISTRATORS, "verify": "never"}
    tigerpaw = sandbox.tigerpaw_settings()  # they share an API user, so they are asked about one after the other
    create = [task("integration", name=f"Client {number}", tigerpaw=tigerpaw, **about) for number in range(COUNT)]
    for system in ("rest", "soap"):
        sandbox.misbehave(system, "slow", "always", seconds=1)
    verify = task("integration_info", verify=True, keywords={"no_log": True})
    done = start(Play([*create, verify]), tmp_path / "play", in_process=in_process)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if "a second" in line]
    beginning = "msp.kaspersky.integration_info: verified "
    assert [line for line in lines if line.startswith(beginning) and f"of {COUNT} integrations" in line] == lines
    assert bool(lines) is shown
    assert "a second" not in done.stdout
    assert "Client" not in done.stderr


def test_encrypting_and_checking_show_how_far_they_are(
    sqlite: SqliteFile, folder_keyring: FolderKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace = Workplace(sqlite, folder_keyring, registry_options(sqlite, "registry", tmp_path))
    for number in range(COUNT):
        workplace.create(f"Client {number}")
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)
    lines: list[str] = []
    keys = {"secret_key_file": None, "secret_key": f"{OTHER_KEY},{SECRET_KEY}"}
    options = workplace.options(reencrypt=True, check_integrity=True, **keys)
    IntegrationClient(options, SecretsInPlay(), False, lines.append).maintain_registry()
    assert [line.partition(",")[0] for line in lines] == [
        *(f"looked at {number} of {COUNT + 1} secrets" for number in range(COUNT + 1)),  # and the fingerprint key
        *(f"encrypted {number} of {COUNT} secrets" for number in range(COUNT)),
        *(f"checked {number} of {COUNT} integrations" for number in range(COUNT)),
    ]
