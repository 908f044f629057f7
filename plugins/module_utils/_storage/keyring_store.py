# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: secrets in the user's keyring (Secret Service, macOS, or a third-party backend).

A keyring cannot list what it holds, so the registry keeps a row for every version that may be in it, from before it is
stored until after it is gone.
"""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from .._domain.errors import ErrorCode, IntegrationError, missing_library
from .process import CLOCKS_DIFFER_BY, is_gone, this_process, this_user
from .reader import RegistryRecord, SecretRecord
from .registry import Registry
from .sealing import SecretValue, seal, unseal
from .secrets import FINGERPRINT_KEY_BYTES, KEYRING, LostStage, ReplacedSecret, SecretStore, new_record

if TYPE_CHECKING:
    from .writer import Writer

Answer = TypeVar("Answer")

FINGERPRINT_KEY = "fingerprint-key"
# A writer that has not finished by then has died, on whatever host it was.
WRITING_TAKES_AT_MOST = timedelta(minutes=10)

_WAYS_OUT = (
    "Install or unlock one (Secret Service on Linux, for example gnome-keyring), or keep the secrets encrypted in the "
    "registry with secret_store: registry and a secret_key_file."
)


class KeyringStore(SecretStore):
    """Keeps every version of an integration's secrets as one entry of the keyring."""

    kind = KEYRING

    def __init__(self) -> None:
        self._backend: Any = None

    def new_registry(self, registry_id: str) -> RegistryRecord:
        """Record which keyring it is; the key follows once the registry is committed."""
        self._get(registry_id, FINGERPRINT_KEY)  # a locked keyring says so before anything is made
        return new_record(registry_id, self.kind, self._place(), None, ready=False)

    def make_ready(self, registry: Registry) -> None:
        """
        Store the fingerprint key, and only then record that it is there, and where.

        What a failed attempt left over is replaced: no fingerprint can have been made with it.
        """
        with registry.writing(None) as writer:
            record = writer.registry()
            if not record.secrets_ready:
                key = base64.b64encode(os.urandom(FINGERPRINT_KEY_BYTES)).decode()
                self._set(record.id, FINGERPRINT_KEY, key)
                writer.change_registry(secrets_ready=True, secrets_kept_at=self._place())

    def stage(
        self, registry: Registry, instance: str, integration_id: str, values: Mapping[str, SecretValue]
    ) -> SecretRecord:
        """Commit a row that says what is being written, then write it."""
        version = str(uuid4())
        staged = SecretRecord(integration_id, version, "writing", None, this_process(), datetime.now(UTC))
        with registry.writing(instance) as writer:
            writer.add_secret(staged)
            registry_id = writer.registry().id
        try:
            self._set(registry_id, _entry(staged), seal(integration_id, version, values))
        except IntegrationError:
            self.abandon(registry, instance, staged)
            raise
        return staged

    def keep(self, writer: Writer, staged: SecretRecord) -> None:
        """Exchange the valid version for the staged one."""
        self.drop(writer, staged.integration_id)
        if not writer.move_secret(staged.integration_id, staged.version, "writing", "current"):
            raise LostStage

    def drop(self, writer: Writer, integration_id: str) -> None:
        """Mark the valid version for removal."""
        if old := writer.current_secret(integration_id):
            writer.move_secret(old.integration_id, old.version, "current", "removing")

    def abandon(self, registry: Registry, instance: str, staged: SecretRecord) -> None:
        """Remove the staged version at once."""
        with registry.writing(instance) as writer:
            writer.move_secret(staged.integration_id, staged.version, "writing", "removing")
        self.sweep(registry, instance)

    def sweep(self, registry: Registry, instance: str) -> None:
        """Delete from the keyring first, drop the row after it."""
        with registry.reading() as reader:
            record, unfinished = reader.registry(), reader.unfinished_secrets()
        if not any(secret.state == "removing" or _is_stale(secret) for secret in unfinished):
            return
        with registry.writing(instance) as writer:
            for secret in unfinished:
                if _is_stale(secret):
                    writer.move_secret(secret.integration_id, secret.version, "writing", "removing")
            # Asked again: a slow writer may have finished after all, and its version is valid then.
            dead = [secret for secret in writer.unfinished_secrets() if secret.state == "removing"]
        self.fingerprint_key(record)  # refuses on a machine whose keyring is not the one that holds them
        for secret in dead:
            self._delete(record.id, _entry(secret))
        with registry.writing(instance) as writer:
            for secret in dead:
                writer.remove_secret(secret.integration_id, secret.version)

    def open(self, registry: Registry, secret: SecretRecord, origins: Mapping[str, str]) -> dict[str, SecretValue]:
        """Read from the keyring; what is missing there has just been replaced, or never was there."""
        with registry.reading() as reader:
            record = reader.registry()
        text = self._get(record.id, _entry(secret))
        if text is None:
            with registry.reading() as reader:
                current = reader.current_secret(secret.integration_id)
            raise self._elsewhere(record) if current and current.version == secret.version else ReplacedSecret
        return unseal(text, secret.integration_id, secret.version, origins)

    def _read_fingerprint_key(self, record: RegistryRecord) -> bytes:
        text = self._get(record.id, FINGERPRINT_KEY)
        if text is None:
            raise self._elsewhere(record)
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            return b""

    def _place(self) -> dict[str, str]:
        return {"host": socket.gethostname(), "user": this_user(), "backend": _backend_name(self._keyring())}

    def _elsewhere(self, record: RegistryRecord) -> IntegrationError:
        kept = record.secrets_kept_at
        return IntegrationError(
            ErrorCode.SECRET_STORE_ELSEWHERE,
            "The secrets of this registry are not in the keyring of this user on this machine. They are in the keyring "
            f"of user {kept.get('user')} on host {kept.get('host')} ({kept.get('backend')}). Run the task there; "
            "nothing was changed.",
            secrets_kept_at=kept,
        )

    def _keyring(self) -> Any:
        if self._backend is None:
            self._backend = _usable_backend()
        return self._backend

    def _get(self, registry_id: str, entry: str) -> str | None:
        backend = self._keyring()
        found: str | None = _asked(lambda: backend.get_password(_service(registry_id), entry))
        return found

    def _set(self, registry_id: str, entry: str, text: str) -> None:
        """Store and read back: some backends swallow silently, some cut long values."""
        backend = self._keyring()
        _asked(lambda: backend.set_password(_service(registry_id), entry, text))
        if self._get(registry_id, entry) != text:
            raise _missing_store(f"The keyring {_backend_name(backend)} does not keep what is stored in it.")

    def _delete(self, registry_id: str, entry: str) -> None:
        backend = self._keyring()
        try:
            if self._get(registry_id, entry) is not None:
                _asked(lambda: backend.delete_password(_service(registry_id), entry))
        except IntegrationError:
            # Another run may have removed it between the two questions.
            if self._get(registry_id, entry) is not None:
                raise


def _service(registry_id: str) -> str:
    return f"msp.kaspersky/{registry_id}"


def _entry(secret: SecretRecord) -> str:
    return f"{secret.integration_id}/{secret.version}"


def _is_stale(secret: SecretRecord) -> bool:
    """Tell a crashed writer from a slow one: its process is gone, or its time is up."""
    if secret.state != "writing":
        return False
    age = datetime.now(UTC) - secret.created_at
    if age > WRITING_TAKES_AT_MOST or age < -CLOCKS_DIFFER_BY:
        return True
    return is_gone(secret.writer)


def _asked(question: Callable[[], Answer]) -> Answer:
    """Ask the backend; whatever it raises may carry the secret in its text, so only its class is told."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 (third-party backends raise what they like)
        kind = type(error).__name__
    raise _missing_store(f"The keyring could not be used ({kind}); it may be locked.")


def _usable_backend() -> Any:
    try:
        import keyring
    except ImportError:
        raise missing_library("keyring") from None
    backend: Any = _asked(keyring.get_keyring)
    backends = getattr(backend, "backends", None)
    if backends is not None:  # a chain answers with its first member
        backend = next(iter(backends), None)
    if backend is None or type(backend).__module__.startswith("keyring.backends.fail"):
        raise _missing_store("This machine has no keyring backend.")
    if type(backend).__module__.startswith("keyring.backends.null"):
        raise _missing_store("The null keyring is configured: it swallows secrets silently.")
    if "plaintext" in _backend_name(backend).lower():
        raise _missing_store(f"The keyring {_backend_name(backend)} stores secrets unencrypted.")
    return backend


def _backend_name(backend: Any) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _missing_store(told: str) -> IntegrationError:
    return IntegrationError(ErrorCode.SECRET_STORE_MISSING, f"{told} {_WAYS_OUT}")
