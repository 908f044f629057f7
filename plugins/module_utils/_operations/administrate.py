# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: adds, edits or removes one person as an administrator of many integrations, at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .._domain.administrators import AdministratorPlan, desired_administrator, plan_administrator
from .._domain.model import Integration
from .._domain.plan import shown_administrators
from .._storage.reader import Reader
from .context import Context
from .find import require_instance
from .history import history_entry
from .operation import Operation

if TYPE_CHECKING:
    from .._storage.writer import Writer

AdministratorSnapshot = list[Integration]


class KeepAdministrator(Operation[AdministratorSnapshot, AdministratorPlan]):
    """The module ``administrator``."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._desired = desired_administrator(context.options)

    def read(self, reader: Reader) -> AdministratorSnapshot:
        """Read every integration of the instance."""
        require_instance(reader, self.context.instance)
        return reader.integrations(self.context.instance)

    def basis(self, snapshot: AdministratorSnapshot) -> object:
        """Leave out what bindings and credentials change: it is not written here."""
        return [(item.id, item.name, item.administrators) for item in snapshot]

    def plan(self, snapshot: AdministratorSnapshot) -> AdministratorPlan:
        """Judge every integration before anything is written."""
        return plan_administrator(self._desired, snapshot)

    def apply(self, writer: Writer, snapshot: AdministratorSnapshot, plan: AdministratorPlan) -> None:
        """Change all integrations, or none."""
        now = datetime.now(UTC)
        summary = {"steps": ["administrators"], "administrator": self._desired.email}
        for change in plan.changes:
            integration = replace(change.integration, administrators=change.administrators)
            writer.change_administrators(integration)
            writer.add_history(history_entry(self.context, now, "changed", integration.id, integration.name, summary))
        writer.touch_integrations([change.integration.id for change in plan.changes], now)


def keep_administrator(context: Context) -> dict[str, Any]:
    """
    Make one person an administrator of integrations, or no longer one.

    :returns: ``changed, integrations, diff, warnings``.
    :raises IntegrationError: see the module ``administrator``; nothing was changed then.
    """
    _snapshot, plan = KeepAdministrator(context).run()
    integrations = [
        {
            "id": member.integration.id,
            "name": member.integration.name,
            "changed": member.changed,
            "administrators": shown_administrators(member.administrators),
        }
        for member in plan.members
    ]
    return {
        "changed": plan.changed,
        "integrations": integrations,
        "diff": {"before": plan.before, "after": plan.after},
        "warnings": [],
    }
