# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: hands out the saved settings of integrations, secrets included. Writes nothing and sends nothing."""

from __future__ import annotations

from typing import Any

from .._domain.errors import Fault, InvalidSettings
from .._domain.model import Integration
from .._domain.platforms import effective_settings, stored_platform
from .._domain.text import clean_name, cleaned
from .._storage.reader import Reader, RegistryRecord, SecretRecord
from .context import Context
from .find import required_integration


def saved_settings(context: Context) -> dict[str, Any]:
    """
    Find integrations and open their secrets.

    :returns: ``integrations`` in the order in which they were asked for, each with secrets in its ``settings``.
    :raises IntegrationError: ``not_found`` with near matches, ``instance_unknown``, ``instance_mismatch``,
        ``registry_missing``, ``secret_store_elsewhere``, ``secret_key_wrong`` or ``secret_damaged``.
    """
    names = _names(context)
    with context.registry.reading() as reader:
        record = reader.registry()
        found = _wanted(reader, context, names)
        secrets = {item.id: reader.current_secret(item.id) for item in found}
    return {"changed": False, "integrations": [_opened(context, record, item, secrets[item.id]) for item in found]}


def _names(context: Context) -> list[str]:
    """
    Bring the names that are asked for into the form in which names are kept.

    :raises InvalidSettings: nothing can have one of these names.
    """
    faults: list[Fault] = []
    names = [
        cleaned(faults, f"_terms[{position}]", clean_name, name)
        for position, name in enumerate(context.options.get("_terms") or ())
    ]
    if faults:
        raise InvalidSettings(faults)
    return [name for name in names if name is not None]


def _wanted(reader: Reader, context: Context, names: list[str]) -> list[Integration]:
    integration_id = context.options.get("integration_id")
    if integration_id is not None:
        return [required_integration(reader, context.instance, None, integration_id)]
    return [required_integration(reader, context.instance, name, None) for name in names]


def _opened(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> dict[str, Any]:
    platform = stored_platform(integration.platform, integration.name)
    secrets = context.vault.open(record, integration, secret)
    return {
        "id": integration.id,
        "name": integration.name,
        "platform": integration.platform,
        "solution": str(integration.solution),
        "instance": integration.instance,
        "settings": {**effective_settings(platform, integration.settings), **secrets},
    }
