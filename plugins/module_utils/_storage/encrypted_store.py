# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: secrets as encrypted rows of the registry itself, for containers that have no keyring."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .reader import RegistryRecord, SecretRecord
from .registry import Registry
from .sealing import SecretValue, damaged, seal, unseal
from .secrets import FINGERPRINT_KEY_BYTES, REGISTRY, SecretStore, new_record

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from .writer import Writer

_SHORTEST_TOKEN = 1 + 8 + 16 + 16 + 32  # version, time, initialisation vector, one block, signature


class EncryptedStore(SecretStore):
    """
    Seals secrets under ``secret_key`` and keeps them in the same transaction as what they belong to.

    :param secret_key: one or more Fernet keys, newest first, separated by commas.
    :raises InvalidSettings: a key is not 32 bytes in base64.
    """

    kind = REGISTRY

    def __init__(self, secret_key: str | None) -> None:
        self._keys = _parsed_keys(secret_key)

    def new_registry(self, registry_id: str) -> RegistryRecord:
        """Wrap a new fingerprint key under the secret key."""
        return new_record(registry_id, self.kind, {}, self._encrypt(os.urandom(FINGERPRINT_KEY_BYTES)), ready=True)

    def make_ready(self, registry: Registry) -> None:
        """Nothing is left to do: the wrapped key was committed with the registry."""

    def stage(
        self, registry: Registry, instance: str, integration_id: str, values: Mapping[str, SecretValue]
    ) -> SecretRecord:
        """Encrypt only; the row is written by :meth:`keep`."""
        version = str(uuid4())
        sealed = self._encrypt(seal(integration_id, version, values).encode())
        return SecretRecord(integration_id, version, "current", sealed, "", datetime.now(UTC))

    def keep(self, writer: Writer, staged: SecretRecord) -> None:
        """
        Put the new row in the place of the old one.

        :raises IntegrationError: ``secret_key_wrong``: the registry was encrypted anew since the version was staged.
        """
        # Asked again under the lock: a row under a key that is about to be thrown away would be lost with it.
        self._decrypt(writer.registry().fingerprint_key or "")
        self.drop(writer, staged.integration_id)
        writer.add_secret(staged)

    def drop(self, writer: Writer, integration_id: str) -> None:
        """Delete the row."""
        if old := writer.current_secret(integration_id):
            writer.remove_secret(old.integration_id, old.version)

    def abandon(self, registry: Registry, instance: str, staged: SecretRecord) -> None:
        """Nothing was stored yet."""

    def sweep(self, registry: Registry, instance: str) -> None:
        """Nothing is ever left behind: rows come and go with their transaction."""

    def open(self, registry: Registry, secret: SecretRecord, origins: Mapping[str, str]) -> dict[str, SecretValue]:
        """Decrypt and check."""
        try:
            text = self._decrypt(secret.sealed or "").decode()
        except ValueError:
            raise damaged(secret.integration_id, "cannot be decrypted") from None
        return unseal(text, secret.integration_id, secret.version, origins)

    def encrypted_anew(self, token: str) -> str | None:
        """
        Encrypt under the newest key what is encrypted under an older one.

        :returns: the new token, or nothing where the old one is under the newest key already.
        :raises IntegrationError: ``secret_key_wrong``, or ``secret_damaged`` for what was never encrypted.
        """
        from cryptography.fernet import Fernet, InvalidToken

        try:
            Fernet(self._require_keys()[0]).decrypt(token.encode())
        except InvalidToken:
            try:
                return self._encrypt(self._decrypt(token))
            except ValueError:
                told = "A secret in the registry is damaged; msp.kaspersky.registry with check_integrity names it."
                raise IntegrationError(ErrorCode.SECRET_DAMAGED, told) from None
        return None

    def _opened_with(self) -> tuple[bytes, ...]:
        return tuple(self._keys)

    def _read_fingerprint_key(self, record: RegistryRecord) -> bytes:
        try:
            return self._decrypt(record.fingerprint_key or "")
        except ValueError:
            return b""

    def _encrypt(self, data: bytes) -> str:
        return self._fernet().encrypt(data).decode()

    def _decrypt(self, token: str) -> bytes:
        """
        Decrypt with whichever key fits.

        :raises ValueError: this was never encrypted, whatever the keys are.
        :raises IntegrationError: ``secret_key_wrong``.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(token.encode())
        except InvalidToken:
            _require_token(token)
            raise IntegrationError(
                ErrorCode.SECRET_KEY_WRONG,
                "None of the keys in secret_key opens the secrets of this registry. Give the key under which they were "
                "encrypted; during a rotation both, the new one first.",
            ) from None

    def _fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._require_keys()])

    def _require_keys(self) -> list[bytes]:
        if not self._keys:
            raise IntegrationError(
                ErrorCode.SECRET_KEY_WRONG,
                "The registry itself keeps the secrets, encrypted, but no key was given. Set secret_key_file or "
                "secret_key to the key under which they were encrypted: a new one opens none of them. For a new "
                "registry, 'openssl rand -base64 32' makes one.",
            )
        return self._keys


def _require_token(text: str) -> None:
    """
    Tell damage from a wrong key: what Fernet makes has a version and a length (specification of Fernet).

    :raises ValueError: this is no token.
    """
    raw = base64.urlsafe_b64decode(text.encode("ascii"))
    if raw[:1] != b"\x80" or len(raw) < _SHORTEST_TOKEN:
        raise ValueError


def _parsed_keys(secret_key: str | None) -> list[bytes]:
    keys = [part.strip() for part in (secret_key or "").split(",") if part.strip()]
    return [_parsed_key(key) for key in keys]


def _parsed_key(key: str) -> bytes:
    """Accept both alphabets of base64: openssl writes the standard one, Fernet wants the other."""
    try:
        raw = base64.b64decode(key.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        told = "is not a key: 32 bytes in base64 are needed, 'openssl rand -base64 32' makes them"
        raise InvalidSettings([Fault("secret_key", told)])
    return base64.urlsafe_b64encode(raw)
