# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry, its secret store and what is done with them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError

from .databases import Database
from .keyrings import FolderKeyring
from .tasks import ADMINISTRATORS, SECRET_KEY, TIGERPAW, Options, Result, perform


@dataclass
class Workplace:
    """
    A registry, its secret store, and what every task says about them.

    :param common: options of every task.
    """

    database: Database
    keyring: FolderKeyring
    common: Options = field(default_factory=dict)

    def run(self, module: str, check_mode: bool = False, **options: Any) -> Result:
        """
        Carry out one task.

        :param options: a value of ``None`` leaves an option out.
        """
        return perform(module, self.options(**options), check_mode)

    def refusal(self, module: str, check_mode: bool = False, **options: Any) -> IntegrationError:
        """Carry out one task that has to fail."""
        with pytest.raises(IntegrationError) as caught:
            self.run(module, check_mode, **options)
        return caught.value

    def options(self, **options: Any) -> Options:
        """Return the options of a task together with those of every task."""
        return {name: value for name, value in (self.common | options).items() if value is not None}

    def create(self, name: str = "Acme", **options: Any) -> Result:
        """Create an integration that is not proven."""
        values = {
            "name": name,
            "platform": "tigerpaw",
            "solution": "business_hub",
            "tigerpaw": TIGERPAW,
            "administrators": ADMINISTRATORS,
            "verify": "never",
            **options,
        }
        return self.run("integration", **values)

    def everything(self) -> str:
        """Return the registry and what it tells about itself, to see whether something has changed."""
        return json.dumps([self.database.content(), sorted(self.keyring.entries().items())], default=str)

    def stored_secrets(self) -> dict[str, dict[str, str]]:
        """Open the valid secrets of every integration, by other means than the collection's."""
        names = {row["id"]: row["name"] for row in self.database.rows("integration")}
        entries = {username: text for (_service, username), text in self.keyring.entries().items()}
        found = {}
        for row in self.database.rows("secret"):
            if row["state"] == "current":
                kept = entries.get(f"{row['integration']}/{row['version']}")
                text = Fernet(SECRET_KEY).decrypt(row["sealed"]).decode() if row["sealed"] else kept
                assert text, f"the secrets of {names[row['integration']]} are lost"
                fields = json.loads(text)["fields"]
                found[names[row["integration"]]] = {name: item["value"] for name, item in fields.items()}
        return found

    def assert_nothing_stranded(self) -> None:
        """The keyring holds the fingerprint key and the valid version of each integration's secrets, nothing else."""
        rows = self.database.rows("secret")
        integrations = sorted(row["id"] for row in self.database.rows("integration"))
        assert sorted(row["integration"] for row in rows) == integrations
        assert all(row["state"] == "current" for row in rows)
        expected = {f"{row['integration']}/{row['version']}" for row in rows} | {"fingerprint-key"}
        held = {username for _service, username in self.keyring.entries()}
        assert held == (expected if self.common["secret_store"] == "keyring" else set())


def registry_options(database: Database, store: str, folder: Path) -> Options:
    """
    Return the options that say which registry it is and where its secrets are.

    :param store: ``keyring`` or ``registry``.
    :param folder: takes the file with the key.
    """
    options = {"registry": database.address, "actor": "tester", "secret_store": store}
    if store == "registry":
        file = folder / "secret-key"
        file.write_text(SECRET_KEY, encoding="utf-8")
        options["secret_key_file"] = str(file)
    return options
