# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several sources of an inventory tell of one tenant: the one that knows most of it is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain
from ansible_collections.msp.kaspersky.plugins.plugin_utils.tenant_hosts import (
    FIELDS,
    VARIABLE_PREFIX,
    Tenant,
    identifier,
)

OF_REGISTRY = (
    "id",
    "registered_name",
    "instance",
    "known",
    "bound",
    "integration",
    "integration_id",
    "platform",
    "bound_at",
    "account",
)
OF_SECURITY_CENTER = ("name", "stale", "enabled")


class EarlierTenants:
    """
    The tenants that other sources have made hosts of.

    :param hosts: every host of the inventory with its variables, also those that are no tenants.
    """

    def __init__(self, hosts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self.host_names: dict[str, str] = {}
        self._told: dict[str, Tenant] = {}
        names = {field: f"{VARIABLE_PREFIX}{field}" for field in FIELDS}
        for host, variables in hosts:
            if variables.keys() >= set(names.values()):
                tenant = {field: plain(variables[name]) for field, name in names.items()}
                self._told[identifier(tenant)] = tenant
                self.host_names[identifier(tenant)] = host

    def merged(self, tenant: Tenant) -> Tenant:
        """Add what other sources have told of a tenant."""
        earlier = self._told.get(identifier(tenant))
        return tenant if earlier is None else merged(earlier, tenant)


def merged(earlier: Tenant, later: Tenant) -> dict[str, Any]:
    """
    Put together what two sources tell of the same tenant.

    What belongs together comes from one of them, so that nothing contradicts itself. The first one is believed unless
    the other knows more: so no integration is ever replaced, and no host has to leave the group of one.

    :param earlier: of the source that was read first.
    """
    told = {**later}
    for fields, knowledge in ((OF_REGISTRY, _of_registry), (OF_SECURITY_CENTER, _of_security_center)):
        better = later if knowledge(later) > knowledge(earlier) else earlier
        told |= {field: better[field] for field in fields}
    return told


def _of_registry(tenant: Tenant) -> tuple[bool, ...]:
    """Rank by whether a registry was looked at, has it, and holds it."""
    return tenant["known"] is not None, tenant["known"] is True, tenant["bound"] is True


def _of_security_center(tenant: Tenant) -> tuple[bool, ...]:
    """Rank by whether Security Center was asked, and has it."""
    return tenant["stale"] is not None, tenant["stale"] is False
