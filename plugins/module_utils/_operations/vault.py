# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the secrets of a task: chosen store, fingerprints, staging, and everything opened made known for masking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.fingerprints import fingerprint, same_fingerprint
from .._domain.model import Integration
from .._domain.platforms import stored_platform
from .._domain.redaction import SecretsInPlay
from .._domain.rules import secret_origins
from .._storage.reader import RegistryRecord, SecretRecord
from .._storage.registry import Registry
from .._storage.sealing import SecretValue
from .._storage.secrets import KEYRING, REGISTRY, ReplacedSecret, SecretStore, check_store


class Overtaken(IntegrationError):
    """Another run deleted an integration, or gave it another address, before its secrets were opened; plan again."""

    def __init__(self, integration: Integration) -> None:
        told = f"Another run changed or deleted the integration '{integration.name}' meanwhile. Run the task again."
        super().__init__(ErrorCode.REGISTRY_BUSY, told)


@dataclass
class Vault:
    """
    The secret store of a registry as one task uses it.

    :param wanted_store: the option ``secret_store``; nothing means what the registry has, and a keyring at first use.
    """

    registry: Registry
    instance: str
    wanted_store: str | None
    secret_key: str | None = field(repr=False)
    in_play: SecretsInPlay
    _store: SecretStore | None = None

    def establish(self) -> tuple[bool, bool]:
        """
        Create or upgrade the registry, its store included.

        :returns: whether it was created, and whether it was upgraded.
        """
        changes = self.registry.establish(self.new_record() if self.registry.is_missing() else None)
        record = self._record()
        store = self.store(record)
        if not record.secrets_ready:
            store.make_ready(self.registry)
        return changes

    def new_record(self) -> RegistryRecord:
        """
        Describe the registry that a first use would create; creates nothing.

        :raises IntegrationError: its secret store cannot be used here: ``secret_store_missing``, ``secret_key_wrong``.
        """
        return self._first_store().new_registry(str(uuid4()))

    def require_store(self, record: RegistryRecord | None) -> None:
        """
        Make sure that secrets can be kept here; changes nothing.

        :param record: nothing where there is no registry yet.
        :raises IntegrationError: ``secret_store_missing``, ``secret_store_elsewhere`` or ``secret_key_wrong``.
        """
        if record is None:
            self.new_record()
            return
        store = self.store(record)
        if record.secrets_ready:
            store.fingerprint_key(record)

    def store(self, record: RegistryRecord) -> SecretStore:
        """
        Choose the store that the registry has recorded.

        :raises IntegrationError: ``secret_store_elsewhere`` when the task asks for another.
        """
        check_store(record, self.wanted_store)
        if self._store is None or self._store.kind != record.secret_store:
            self._store = self._made(record.secret_store)
        return self._store

    def current_store(self) -> SecretStore:
        """Choose the store of a registry that is known to be there."""
        return self.store(self._record())

    def differing(
        self, record: RegistryRecord, stored: Integration, given: Mapping[str, str], *, always: bool
    ) -> frozenset[str]:
        """
        Tell which given secrets are not the stored ones, without opening those.

        :param always: count every given secret as differing (``update_secrets: always``).
        :returns: names of fields.
        """
        if always or not given:
            return frozenset(given)
        fingerprints = self.fingerprints(record, stored.id, given)
        same = {
            name for name, value in fingerprints.items() if same_fingerprint(value, stored.fingerprints.get(name, ""))
        }
        return frozenset(set(given) - same)

    def fingerprints(self, record: RegistryRecord, integration_id: str, secrets: Mapping[str, str]) -> dict[str, str]:
        """Compute the fingerprints of secrets, by field name."""
        key = self.store(record).fingerprint_key(record)
        return {name: fingerprint(key, integration_id, name, value) for name, value in secrets.items()}

    def open(self, record: RegistryRecord, integration: Integration, secret: SecretRecord | None) -> dict[str, str]:
        """
        Open all secrets of an integration, for the addresses that are stored now.

        :raises IntegrationError: ``secret_damaged``, ``secret_key_wrong`` or ``secret_store_elsewhere``.
        :raises Overtaken: it was deleted or given another address meanwhile.
        """
        if secret is None:
            raise IntegrationError(
                ErrorCode.SECRET_DAMAGED,
                f"The registry holds no secrets of '{integration.name}'. Give all of them again with "
                "update_secrets: always.",
            )
        origins = secret_origins(stored_platform(integration.platform, integration.name), integration.settings)
        try:
            opened = self.store(record).open(self.registry, secret, origins)
        except ReplacedSecret:
            return self._open_again(integration, origins)
        values = {name: item.value for name, item in opened.items()}
        self.in_play.add(*values.values())
        return values

    def _open_again(self, integration: Integration, origins: Mapping[str, str]) -> dict[str, str]:
        """Open what another run has stored meanwhile, unless it is for other addresses than those that we know."""
        with self.registry.reading() as reader:
            record, found = reader.registry(), reader.integration(integration.id)
            secret = reader.current_secret(integration.id)
        if found is None or secret_origins(stored_platform(found.platform, found.name), found.settings) != origins:
            raise Overtaken(integration)
        return self.open(record, found, secret)

    def stage(self, integration_id: str, secrets: Mapping[str, str], origins: Mapping[str, str]) -> SecretRecord:
        """Store a new version of an integration's secrets without making it valid yet."""
        values = {name: SecretValue(secrets[name], origins[name]) for name in origins}
        return self.current_store().stage(self.registry, self.instance, integration_id, values)

    def sweep(self) -> list[str]:
        """
        Remove secrets for good that are no longer valid.

        :returns: a warning where the store could not be used; a later run removes them then.
        """
        try:
            self.current_store().sweep(self.registry, self.instance)
        except IntegrationError as error:
            return [f"Secrets that are no longer used could not be removed yet; the next run will. {error.message}"]
        return []

    def _record(self) -> RegistryRecord:
        with self.registry.reading() as reader:
            return reader.registry()

    def _first_store(self) -> SecretStore:
        if self._store is None:
            self._store = self._made(self.wanted_store or KEYRING)
        return self._store

    def _made(self, kind: str) -> SecretStore:
        # A registry has one store; the other one is not imported.
        if kind == REGISTRY:
            from .._storage.encrypted_store import EncryptedStore

            return EncryptedStore(self.secret_key)
        if kind == KEYRING:
            from .._storage.keyring_store import KeyringStore

            return KeyringStore()
        raise IntegrationError(
            ErrorCode.REGISTRY_NEWER,
            f"The registry keeps its secrets in the store '{kind}', which this version of the collection does not "
            "know. Upgrade the collection msp.kaspersky; nothing was changed.",
        )
