# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: checks that a registry is sound and that its secrets can be opened."""

from __future__ import annotations

from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Integration
from .._domain.platforms import PLATFORMS
from .._domain.progress import Progress
from .._domain.rules import secret_origins
from .._storage.reader import RegistryRecord, SecretRecord
from .context import Context
from .vault import Overtaken


def check_integrity(context: Context) -> dict[str, Any]:
    """
    Check that the database is sound and that every secret can be opened where it belongs.

    :raises IntegrationError: ``registry_damaged`` naming everything that is wrong; ``secret_key_wrong`` or
        ``secret_store_elsewhere`` where the secrets cannot be looked at from here.
    """
    faults = context.registry.database.faults()
    with context.registry.reading() as reader:
        record = reader.registry()
        integrations = [item for name in reader.instance_names() for item in reader.integrations(name)]
        secrets = {secret.integration_id: secret for secret in reader.current_secrets()}
    # A wrong key is a fault of the task, not of every secret in the registry.
    context.vault.store(record).fingerprint_key(record)
    known = {integration.id for integration in integrations}
    faults += [f"secrets without an integration: {owner}" for owner in secrets if owner not in known]
    progress = Progress("checked", "integrations", len(integrations), context.tell)
    for number, integration in enumerate(integrations):
        progress.reached(number)
        faults += _lasting_faults_of(context, record, integration, secrets.get(integration.id))
    if faults:
        raise IntegrationError(
            ErrorCode.REGISTRY_DAMAGED,
            f"The registry {context.registry.location} is damaged: {'; '.join(faults)}. Restore it from a "
            "backup (SQLite: without the files that end in -wal and -shm), or give the secrets of the named "
            "integrations again.",
            faults=faults,
        )
    return {"checked_integrations": len(integrations), "faults": []}


def _lasting_faults_of(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> list[str]:
    """Look again at what another run has changed meanwhile: what did not fit together then is no damage."""
    while faults := _faults_of(context, record, integration, secret):
        with context.registry.reading() as reader:
            now, secret_now = reader.integration(integration.id), reader.current_secret(integration.id)
        if now is None or (now, secret_now) == (integration, secret):
            return faults if now else []
        integration, secret = now, secret_now
    return []


def _faults_of(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> list[str]:
    try:
        opened = context.vault.open(record, integration, secret)
    except Overtaken as overtaken:
        return [overtaken.message]
    except IntegrationError as error:
        if error.code not in (ErrorCode.SECRET_DAMAGED, ErrorCode.SECRET_KEY_WRONG):
            raise
        return [f"'{integration.name}': {error.message.removesuffix('.')}"]
    expected = set(secret_origins(PLATFORMS[integration.platform], integration.settings))
    differing = context.vault.differing(record, integration, opened, always=False)
    missing = [f"'{integration.name}' lacks the secret {name}" for name in sorted(expected - set(opened))]
    return missing + [f"'{integration.name}': the fingerprint of {name} is not its own" for name in sorted(differing)]
