# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keyrings for trials: a file whose path is in TRIAL_KEYRING, with a list of what was read beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class TrialKeyring(KeyringBackend):
    """Keeps entries, and notes each that is read."""

    priority = 1.0

    @property
    def _path(self) -> Path:
        return Path(os.environ["TRIAL_KEYRING"])

    def _entries(self) -> dict[str, str]:
        entries: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return entries

    def _keep(self, entries: dict[str, str]) -> None:
        self._path.write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        """Read an entry."""
        found = self._entries().get(f"{service} {username}")
        with Path(f"{self._path}.read").open("a") as file:
            file.write(f"{username}\n")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store an entry."""
        self._keep({**self._entries(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        entries = self._entries()
        del entries[f"{service} {username}"]
        self._keep(entries)


class TalkativeKeyring(TrialKeyring):
    """Fails, and tells everything that it was given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse an entry."""
        raise RuntimeError(f"The keyring is locked: {username} {password}")


class ForgetfulKeyring(TrialKeyring):
    """Says that it has stored an entry, and has not."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Drop an entry."""


class PlaintextKeyring(TrialKeyring):
    """Bears the name of those that encrypt nothing."""
