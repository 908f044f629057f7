# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: finds tenants by what a task calls them, where nothing but their uids and names counts."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Tenant
from .tenant_references import TenantReference


class TenantLookup:
    """Tenants by uid and by name; several may share a name."""

    def __init__(self, tenants: Iterable[Tenant]) -> None:
        self._found: dict[tuple[str, str], list[Tenant]] = {}
        for tenant in tenants:
            self._found.setdefault(("name", tenant.name), []).append(tenant)
            if tenant.uid:
                self._found.setdefault(("uid", tenant.uid), []).append(tenant)

    def meant_by(self, reference: TenantReference) -> list[Tenant]:
        """Find what has the uid of an entry, or else its name."""
        word = ("uid", reference.uid) if reference.uid else ("name", reference.name or "")
        return self._found.get(word, [])
