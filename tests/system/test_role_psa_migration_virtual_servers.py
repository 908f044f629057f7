# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ``psa_migration`` moves virtual servers to Autotask and back, and leaves who has vanished where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.accounts import Account
from sandbox.companies import Company

from .databases import Database
from .migration_stage import ADMINISTRATORS, NEW, OLD, MigrationStage

SERVERS = ["Acme Ltd", "Borg GmbH", "Cyan"]


class VirtualServerStage(MigrationStage):
    """An integration with Tigerpaw that holds virtual servers, and an Autotask to go to."""

    def prepare(self) -> None:
        self.let_exist(*SERVERS)
        self.sandbox.state.accounts = [Account(100 + number, name) for number, name in enumerate(SERVERS)]
        self.sandbox.state.companies["autotask"] = [Company(1, "Acme"), Company(2, "Borg GmbH"), Company(3, "Cyan")]
        settings = {"platform": "tigerpaw", "tigerpaw": self.sandbox.tigerpaw_settings()}
        self.ask("integration", name=OLD, solution="security_center", administrators=ADMINISTRATORS, **settings)
        self.ask("binding", integration=OLD, virtual_servers=SERVERS)
        self.ask("mapping", integration=OLD, match="automatic")

    def let_exist(self, *names: str) -> None:
        self.sandbox.virtual_servers.replace({"name": name, "uid": f"VSRV-{name[0]}"} for name in names)

    def settings(self) -> dict[str, Any]:
        own = self.sandbox.autotask_settings()
        return {"platform": "autotask", "autotask": own, "administrators": ADMINISTRATORS}


@pytest.fixture
def stage(sqlite: Database, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VirtualServerStage:
    settings = sandbox.security_center_settings()
    password = tmp_path / "password"
    password.write_text(settings["password"], encoding="utf-8")
    password.chmod(0o600)
    given = {"URL": settings["url"], "USERNAME": settings["username"], "CA_PATH": settings["ca_path"]}
    for name, value in {**given, "PASSWORD_FILE": str(password)}.items():
        monkeypatch.setenv(f"MSP_KASPERSKY_SECURITY_CENTER_{name}", value)
    return VirtualServerStage.prepared(tmp_path, sqlite, sandbox)


def test_virtual_servers_move_and_return_while_one_has_vanished(stage: VirtualServerStage) -> None:
    at_first = stage.mapped(OLD)
    stage.let_exist("Acme Ltd", "Borg GmbH")
    questions = stage.folder / "left_over.yml"
    moved = stage.play(leftover_path=str(questions))
    assert moved.code == 0, moved.output
    assert [(item["tenant"]["name"], item["reason"]) for item in moved.result["left_over"]] == [
        ("Cyan", "not_in_security_center")
    ]
    assert "1 virtual servers no longer exist in Security Center" in moved.output
    assert "Cyan" not in questions.read_text(encoding="utf-8")
    assert stage.mapped(NEW) == {"Acme Ltd": "1", "Borg GmbH": "2"}
    assert stage.held(OLD) == ["Cyan"]

    refused = stage.play(delete_old=True)
    assert refused.code != 0
    assert stage.held(OLD) == ["Cyan"]

    stage.sandbox.state.accounts[0].status = "Inactive"
    back = stage.play(**{"from": NEW, "to": OLD, "settings": None})
    assert back.code == 0, back.output
    assert [item["tenant"]["name"] for item in back.result["inactive"]] == ["Acme Ltd"]
    assert "ARE INACTIVE" in back.output
    assert stage.mapped(OLD) == at_first
    assert stage.held(NEW) == []
