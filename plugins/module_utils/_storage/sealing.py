# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: ties stored secrets to the place they belong to.

What is stored is each value together with its integration, version, field and the origin it may be sent to. All are
checked when it is opened, so that nobody who can write the database can swap secrets or send one elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .._domain.errors import ErrorCode, IntegrationError


@dataclass(frozen=True)
class SecretValue:
    """
    One secret and the only origin (scheme, host, port) it may be sent to.

    :param origin: as :func:`origin_of` writes it.
    """

    value: str
    origin: str

    def __repr__(self) -> str:
        """Never show the value, not even in a debugger's output or a test's failure."""
        return f"SecretValue(origin={self.origin!r})"


def seal(integration_id: str, version: str, values: Mapping[str, SecretValue]) -> str:
    """
    Write secrets together with what they belong to.

    :param values: by field name.
    :returns: text for :func:`unseal`; not encrypted.
    """
    fields = {name: {"value": item.value, "origin": item.origin} for name, item in values.items()}
    return json.dumps({"integration": integration_id, "version": version, "fields": fields})


def unseal(text: str, integration_id: str, version: str, origins: Mapping[str, str]) -> dict[str, SecretValue]:
    """
    Read what :func:`seal` wrote, and check where it belongs.

    :param origins: where each field would be sent now, by field name.
    :returns: the secrets by field name.
    :raises IntegrationError: ``secret_damaged``; its message names what differs, never a value.
    """
    try:
        sealed = json.loads(text)
        owner = (sealed["integration"], sealed["version"])
        values = {name: SecretValue(item["value"], item["origin"]) for name, item in sealed["fields"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged(integration_id, "cannot be read") from None
    if owner != (integration_id, version):
        raise damaged(integration_id, "belong to another integration or version")
    if missing := sorted(set(origins) - set(values)):
        raise damaged(integration_id, f"lack {', '.join(missing)}")
    if moved := sorted(name for name in origins if values[name].origin != origins[name]):
        raise damaged(integration_id, f"were given for another address than the one stored now ({', '.join(moved)})")
    return values


def damaged(integration_id: str, told: str) -> IntegrationError:
    """
    Make the error for secrets that are not what was stored.

    :param told: goes on after "The stored secrets of integration ...".
    """
    return IntegrationError(
        ErrorCode.SECRET_DAMAGED,
        f"The stored secrets of integration {integration_id} {told}; nothing was sent. Somebody changed the registry "
        "by other means. Give all secrets again with update_secrets: always.",
    )
