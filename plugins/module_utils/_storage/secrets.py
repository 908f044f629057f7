# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what a secret store does.

A version holds all secrets of one integration. A new version is staged before the transaction that makes it valid, and
an old one is swept up after it, so that a crash at any instant neither loses a secret nor leaves one behind.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .._domain.errors import ErrorCode, IntegrationError
from .reader import RegistryRecord, SecretRecord
from .registry import Registry

if TYPE_CHECKING:
    from .sealing import SecretValue
    from .writer import Writer

FINGERPRINT_KEY_BYTES = 32
KEYRING, REGISTRY = "keyring", "registry"
"""The kinds of stores, as the option ``secret_store`` calls them."""

# Read once a process: keyrings are slow. By process, store, registry, wrapped key, and what opens it.
_fingerprint_keys: dict[tuple[int, str, str, str, tuple[bytes, ...]], bytes] = {}


class SecretStore(ABC):
    """Keeps the secrets of one registry."""

    kind: str

    @abstractmethod
    def new_registry(self, registry_id: str) -> RegistryRecord:
        """
        Describe a registry that is about to be created with this store.

        :raises IntegrationError: ``secret_store_missing`` or ``secret_key_wrong``; then nothing is created.
        """

    @abstractmethod
    def make_ready(self, registry: Registry) -> None:
        """Finish what :meth:`new_registry` began once the registry is committed, also after a crash in between."""

    def fingerprint_key(self, record: RegistryRecord) -> bytes:
        """
        Return the key of the fingerprints; read once a process.

        :raises IntegrationError: ``secret_store_elsewhere``, ``secret_store_missing``, ``secret_key_wrong`` or
            ``secret_damaged``.
        """
        place = (os.getpid(), self.kind, record.id, record.fingerprint_key or "", self._opened_with())
        if place not in _fingerprint_keys:
            key = self._read_fingerprint_key(record)
            if len(key) != FINGERPRINT_KEY_BYTES:
                raise IntegrationError(
                    ErrorCode.SECRET_DAMAGED,
                    f"The fingerprint key of this registry, which the store '{self.kind}' keeps, is damaged. Restore "
                    "it from a backup: without it, nobody can tell whether a secret has changed. Nothing was changed.",
                )
            _fingerprint_keys[place] = key
        return _fingerprint_keys[place]

    def _opened_with(self) -> tuple[bytes, ...]:
        """Tell what has to be known to read the key of the fingerprints; who knows something else reads it himself."""
        return ()

    @abstractmethod
    def _read_fingerprint_key(self, record: RegistryRecord) -> bytes:
        """Read the key from where it is kept."""

    @abstractmethod
    def stage(
        self, registry: Registry, instance: str, integration_id: str, values: Mapping[str, SecretValue]
    ) -> SecretRecord:
        """
        Store a new version without making it valid.

        :param values: all secrets of the integration by field name.
        """

    @abstractmethod
    def keep(self, writer: Writer, staged: SecretRecord) -> None:
        """
        Make a staged version the valid one, inside the transaction that changes the integration.

        :raises LostStage: another run took the staged version for a crashed one's.
        """

    @abstractmethod
    def drop(self, writer: Writer, integration_id: str) -> None:
        """Make the secrets of an integration invalid, inside the transaction that deletes it."""

    @abstractmethod
    def abandon(self, registry: Registry, instance: str, staged: SecretRecord) -> None:
        """Take back a staged version that will not become valid."""

    @abstractmethod
    def sweep(self, registry: Registry, instance: str) -> None:
        """Remove for good what is no longer valid, also what a crashed run left behind. Needs no transaction."""

    @abstractmethod
    def open(self, registry: Registry, secret: SecretRecord, origins: Mapping[str, str]) -> dict[str, SecretValue]:
        """
        Open the secrets of an integration.

        :param origins: where each field would be sent now; checked against where it may be sent.
        :raises IntegrationError: ``secret_damaged``, ``secret_key_wrong`` or ``secret_store_elsewhere``.
        :raises ReplacedSecret: this version has just been replaced, or its integration deleted.
        """


def forget_fingerprint_keys() -> None:
    """Have the next task of this process read them anew."""
    _fingerprint_keys.clear()


class LostStage(Exception):
    """A staged version was taken away by another run; plan again."""


class ReplacedSecret(Exception):
    """A version is no longer valid, and gone; read the integration again."""


def check_store(record: RegistryRecord, wanted: str | None) -> None:
    """
    Refuse a store other than the one that the registry has recorded.

    :param wanted: the option ``secret_store``, or nothing.
    :raises IntegrationError: ``secret_store_elsewhere``.
    """
    if wanted and wanted != record.secret_store:
        raise IntegrationError(
            ErrorCode.SECRET_STORE_ELSEWHERE,
            f"This registry keeps its secrets in the store '{record.secret_store}', not in '{wanted}'. "
            "One registry has one secret store; leave secret_store out or set it to what the registry has.",
            secret_store=record.secret_store,
        )


def new_record(
    registry_id: str, kind: str, kept_at: dict[str, str], fingerprint_key: str | None, *, ready: bool
) -> RegistryRecord:
    """Make the row about a new registry; its schema version is filled in where it is created."""
    return RegistryRecord(
        id=registry_id,
        schema_version=0,
        secret_store=kind,
        secrets_kept_at=kept_at,
        secrets_ready=ready,
        fingerprint_key=fingerprint_key,
        created_at=datetime.now(UTC),
    )
