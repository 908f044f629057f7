# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: tells what a task about an API user would change, in which of the integrations that share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api_users import DesiredCredentials, SharedUser
from .model import Integration
from .plan import NEW_VALUE, STORED


@dataclass(frozen=True)
class CredentialChange:
    """
    What changes in one integration.

    :param settings: all of its settings afterwards, without secrets.
    :param secrets_changed: names of the secrets that get a new value.
    """

    integration: Integration
    settings: dict[str, Any]
    secrets_changed: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.secrets_changed) or self.settings != self.integration.settings

    @property
    def steps(self) -> tuple[str, ...]:
        """What changes, in the words of the history."""
        differences = {
            "settings": self.settings != self.integration.settings,
            "credentials": bool(self.secrets_changed),
        }
        return tuple(step for step, differs in differences.items() if differs)


@dataclass(frozen=True)
class RotationPlan:
    """
    What becomes of every integration that uses an API user.

    :param members: all of them, also those in which nothing changes.
    """

    desired: DesiredCredentials
    shared: SharedUser
    members: tuple[CredentialChange, ...]

    @property
    def changes(self) -> tuple[CredentialChange, ...]:
        """The integrations in which something changes."""
        return tuple(member for member in self.members if member.changed)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes)

    @property
    def secrets_changed(self) -> list[str]:
        """Names of the secrets that get a new value somewhere."""
        return sorted({name for change in self.changes for name in change.secrets_changed})

    @property
    def before(self) -> dict[str, Any]:
        """What the changing integrations have now, as a diff shows it."""
        return {
            _title(change): self._shown(change.integration.settings, dict.fromkeys(change.secrets_changed, STORED))
            for change in self.changes
        }

    @property
    def after(self) -> dict[str, Any]:
        """What the changing integrations are to have, as a diff shows it."""
        return {
            _title(change): self._shown(change.settings, dict.fromkeys(change.secrets_changed, NEW_VALUE))
            for change in self.changes
        }

    def _shown(self, settings: Mapping[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
        return {**{user.name_field: settings.get(user.name_field) for user in self.desired.users}, **secrets}


def plan_rotation(
    desired: DesiredCredentials, shared: SharedUser, differing: Mapping[str, frozenset[str]]
) -> RotationPlan:
    """
    Compare what an API user is given with what the integrations have.

    :param differing: by id of the integration, the given secrets whose fingerprint is not the stored one.
    """
    members = tuple(
        CredentialChange(item, {**item.settings, **desired.names}, tuple(sorted(differing[item.id])))
        for item in shared.integrations
    )
    return RotationPlan(desired, shared, members)


def _title(change: CredentialChange) -> str:
    return f"{change.integration.name} ({change.integration.instance})"
