# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keyrings for the tests, that can be looked into, copied, and shared by processes; and some that do not work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

Entries = dict[tuple[str, str], str]


class FolderKeyring(KeyringBackend):
    """
    A keyring whose entries are files of a folder.

    :param folder: made when the first entry is stored.
    :param step: is told of every step, before it is done and after.
    """

    priority = 1.0

    def __init__(self, folder: Path, step: Callable[[str], None] = lambda _name: None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.folder = folder
        self.calls: list[str] = []
        self._step = step

    def get_password(self, service: str, username: str) -> str | None:
        """Read an entry."""
        self._begin("get")
        with suppress(FileNotFoundError):  # asked for nothing else before: another process may remove it in between
            return self._file(service, username).read_text(encoding="utf-8")
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry, as a whole."""
        self._begin("set")
        self.folder.mkdir(exist_ok=True)
        file = self._file(service, username)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(password, encoding="utf-8")
        unfinished.rename(file)
        self._step("keyring after set")

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry, which has to be there."""
        self._begin("delete")
        try:
            self._file(service, username).unlink()
        except FileNotFoundError:
            raise PasswordDeleteError("there is no such entry") from None
        self._step("keyring after delete")

    def entries(self) -> Entries:
        """Return everything there is, by service and user name."""
        if not self.folder.exists():
            return {}
        return {self._key(file): file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.entry"))}

    def store(self, entries: Entries) -> None:
        """Make the keyring hold exactly these entries."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for (service, username), password in entries.items():
            self._file(service, username).write_text(password, encoding="utf-8")

    def _begin(self, call: str) -> None:
        self.calls.append(call)
        self._step(f"keyring {call}")

    def _file(self, service: str, username: str) -> Path:
        return self.folder / f"{quote(service, safe='')},{quote(username, safe='')}.entry"

    @staticmethod
    def _key(file: Path) -> tuple[str, str]:
        service, username = file.stem.split(",")
        return unquote(service), unquote(username)


class RaisingKeyring(FolderKeyring):
    """
    Fails, and shows the secret in the exception's text, at the chosen calls.

    :param fails_at: ``get``, ``set`` and ``delete``, as far as they fail.
    """

    def __init__(self, folder: Path, *fails_at: str) -> None:
        super().__init__(folder)
        self.fails_at = fails_at
        self._text = ""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write an entry, or fail with it."""
        self._text = password
        super().set_password(service, username, password)

    def _begin(self, call: str) -> None:
        super()._begin(call)
        if call in self.fails_at:
            raise RuntimeError(f"the keyring is locked: {self._text}")


class SwallowingKeyring(FolderKeyring):
    """Says yes and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Do nothing."""
        self._begin("set")


class TruncatingKeyring(FolderKeyring):
    """
    Keeps the beginning of a long value only, as some do.

    :param keeps: so many characters.
    """

    def __init__(self, folder: Path, keeps: int) -> None:
        super().__init__(folder)
        self._keeps = keeps

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write the beginning of an entry."""
        super().set_password(service, username, password[: self._keeps])
