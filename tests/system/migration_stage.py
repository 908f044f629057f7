# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An integration whose clients go to another PSA by the role ``psa_migration``, and what may happen meanwhile."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox import Sandbox
from sandbox.accounts import Account
from sandbox.companies import Company

from .databases import Database
from .played_roles import Played, play_role
from .tasks import SECRET_KEY, perform

STAND_INS = Path(__file__).with_name("stand_ins")
OLD, NEW = "Integration with Tigerpaw", "Integration with ConnectWise Manage"
CLIENTS = ["Acme Ltd", "Borg GmbH", "Cyan", "Dune {{ 7 * 7 }}", "Echo"]
COMPANIES = [Company(1, "ACME Limited"), Company(2, "Borg AG"), Company(3, "Cyan"), Company(4, "Dune {{ 7 * 7 }}")]
ADMINISTRATORS = [{"email": "ann@msp.example", "alias": "Ann"}]


def left_over(played: Played) -> list[str]:
    """Return the names of the clients that a migration has left over."""
    return [item["tenant"]["name"] for item in played.result["left_over"]]


@dataclass
class MigrationStage:
    """An integration with Tigerpaw that holds clients, and a ConnectWise Manage to go to."""

    folder: Path
    database: Database
    sandbox: Sandbox

    @classmethod
    def prepared(cls, folder: Path, database: Database, sandbox: Sandbox) -> Self:
        """Let everything be there from which a migration starts, as if long ago."""
        made = cls(folder, database, sandbox)
        made.prepare()
        sandbox.forget()
        return made

    def prepare(self) -> None:
        self.sandbox.state.accounts = [Account(100 + number, name) for number, name in enumerate(CLIENTS)]
        self.sandbox.state.companies["connectwise_manage"] = list(COMPANIES)
        self.let_hold(OLD, CLIENTS)
        self.ask("mapping", integration=OLD, match="automatic")
        assert len(self.mapped(OLD)) == len(CLIENTS)

    def let_hold(self, name: str, clients: list[str]) -> None:
        """Create an integration with Tigerpaw that holds clients of Business Hub."""
        settings = {"platform": "tigerpaw", "tigerpaw": self.sandbox.tigerpaw_settings()}
        self.ask("integration", name=name, solution="business_hub", administrators=ADMINISTRATORS, **settings)
        self.ask("binding", integration=name, companies=[{"name": client, "new": True} for client in clients])

    def play(self, *arguments: str, meanwhile: tuple[str, list[str]] | None = None, **variables: Any) -> Played:
        """
        Play the role, and show all that Ansible can show.

        :param meanwhile: a task, and a command that is carried out before it.
        """
        given = {
            "psa_migration_from": OLD,
            "psa_migration_to": NEW,
            "psa_migration_settings": self.settings(),
            **{f"psa_migration_{name}": value for name, value in variables.items()},
        }
        set_only = {name: value for name, value in given.items() if value is not None}
        hidden = {str(number): secret for number, secret in enumerate(self.sandbox.secrets())} | {"key": SECRET_KEY}
        environment = self._interfering(*meanwhile) if meanwhile else {}
        options = self.options()
        return play_role("psa_migration", self.folder, set_only, options, hidden, *arguments, environment=environment)

    def settings(self) -> dict[str, Any]:
        own = self.sandbox.connectwise_manage_settings()
        return {"platform": "connectwise_manage", "connectwise_manage": own, "administrators": ADMINISTRATORS}

    def options(self) -> dict[str, Any]:
        key = self.folder / "key"
        key.write_text(SECRET_KEY, encoding="utf-8")
        return {"registry": self.database.address, "secret_store": "registry", "secret_key_file": str(key)}

    def ask(self, module: str, **options: Any) -> dict[str, Any]:
        return perform(module, {**self.options(), **options})

    def held(self, integration: str) -> list[str]:
        found = self.ask("integration_info", name=integration, tenants=True)["integrations"]
        return sorted(tenant["name"] for item in found for tenant in item["tenants"])

    def mapped(self, integration: str) -> dict[str, str]:
        found = self.ask("integration_info", name=integration, tenants=True)["integrations"]
        tenants = [tenant for item in found for tenant in item["tenants"]]
        return {tenant["name"]: tenant["account"]["id"] for tenant in tenants if tenant["account"]}

    def let_old_psa_end(self) -> None:
        """Let the old PSA answer nobody any more."""
        for system in ("rest", "soap"):
            self.sandbox.misbehave(system, "dropped", "always")

    def module_call(self, module: str, **options: Any) -> list[str]:
        """Give the command that performs one task, as somebody else would."""
        call = "import json, sys; from system.tasks import perform; perform(sys.argv[1], json.loads(sys.argv[2]))"
        given = json.dumps({**self.options(), **options})
        return ["env", f"PYTHONPATH={os.pathsep.join(sys.path)}", sys.executable, "-c", call, module, given]

    def new_private_key(self) -> list[str]:
        """Give the command by which the new PSA gets another key than the one that is kept."""
        user = {"system": "connectwise_manage", "name": self.sandbox.state.credentials.connectwise_public_key}
        given = json.dumps({**user, "secret": "an0ther-private-key"})
        send = "import sys, urllib.request as http; http.urlopen(sys.argv[1], sys.argv[2].encode())"
        return [sys.executable, "-c", send, f"{self.sandbox.control_url}/users", given]

    def _interfering(self, task: str, command: list[str]) -> dict[str, str]:
        return {
            "ANSIBLE_CALLBACK_PLUGINS": str(STAND_INS / "command_before_task" / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "command_before_task",
            "COMMAND_BEFORE_TASK": task,
            "COMMAND": json.dumps(command),
        }
