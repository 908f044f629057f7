# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: compares an integration as it is wanted with the one that is stored, and tells what would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .model import Administrator, Integration, Tenant
from .rules import DesiredIntegration, secret_origins

# What a diff shows in place of secrets.
STORED, NEW_VALUE = "(stored)", "(new value)"


@dataclass(frozen=True)
class IntegrationPlan:
    """
    What has to be done to reach the wanted state.

    :param steps: what changes, a subset of ``create, rename, settings, administrators, credentials``; none when
        nothing does.
    :param secrets_changed: names of the secrets that get a new value.
    :param seals_anew: whether a new version of the secrets is needed: a value or an address it may be sent to changes.
    """

    stored: Integration | None
    desired: DesiredIntegration
    steps: tuple[str, ...]
    secrets_changed: tuple[str, ...]
    seals_anew: bool

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    @property
    def changes_connection(self) -> bool:
        """Whether the connection to the platform would be another one, and has to be proven."""
        return bool({"create", "settings", "credentials"} & set(self.steps))

    @property
    def before(self) -> dict[str, Any]:
        """The stored state as a diff shows it; empty before the creation."""
        return shown_integration(self.stored) if self.stored else {}

    @property
    def after(self) -> dict[str, Any]:
        """The wanted state as a diff shows it."""
        wanted = self.desired
        secrets = {
            field.name: NEW_VALUE if field.name in self.secrets_changed else STORED
            for field in wanted.platform.secret_fields
        }
        return {
            "name": wanted.name,
            "platform": wanted.platform.name,
            "solution": str(wanted.solution),
            "settings": wanted.settings,
            "administrators": shown_administrators(wanted.administrators),
            "secrets": secrets,
        }


def plan_integration(
    desired: DesiredIntegration, stored: Integration | None, differing: frozenset[str]
) -> IntegrationPlan:
    """
    Compare what is wanted with what is stored.

    :param differing: names of the given secrets whose fingerprint is not the stored one.
    """
    if stored is None:
        return IntegrationPlan(None, desired, ("create",), tuple(sorted(desired.secrets)), seals_anew=True)
    moved = secret_origins(desired.platform, stored.settings) != secret_origins(desired.platform, desired.settings)
    differences = {
        "rename": stored.name != desired.name,
        "settings": stored.settings != desired.settings,
        "administrators": stored.administrators != desired.administrators,
        "credentials": bool(differing),
    }
    steps = tuple(step for step, differs in differences.items() if differs)
    return IntegrationPlan(stored, desired, steps, tuple(sorted(differing)), seals_anew=moved or bool(differing))


def shown_administrators(administrators: tuple[Administrator, ...]) -> list[dict[str, str]]:
    """Write administrators as options and results have them."""
    return [{"email": item.email, "alias": item.alias} for item in administrators]


def shown_integration(stored: Integration, tenants: Iterable[Tenant] | None = None) -> dict[str, Any]:
    """
    Write a stored integration as a diff shows it.

    :param tenants: those that it holds, where the diff is about them.
    """
    shown: dict[str, Any] = {
        "name": stored.name,
        "platform": stored.platform,
        "solution": str(stored.solution),
        "settings": stored.settings,
        "administrators": shown_administrators(stored.administrators),
        "secrets": dict.fromkeys(sorted(stored.fingerprints), STORED),
    }
    if tenants is not None:
        shown["tenants"] = [tenant.name for tenant in tenants]
    return shown
