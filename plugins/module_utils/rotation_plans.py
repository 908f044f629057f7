# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells which API users get new secrets in many integrations at once, for the role ``integrations``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ._domain.shared_rotations import Rehearsed, shared_rotations

Known = Mapping[str, Any]


def shared_rotation_plan(
    results: Sequence[Known], keep: Sequence[Known], integrations: Sequence[Known], api_users: Sequence[Known]
) -> list[dict[str, Any]]:
    """
    Find the API users that several integrations share and that a description gives new secrets.

    :param results: of the module ``integration`` in check mode, one for each integration of the description.
    :param keep: what ``instance_plan`` tells of the same integrations.
    :param integrations: as ``integration_info`` returns them.
    :param api_users: as it returns them as well.
    :returns: ``number, platform, user_name, address, secrets``, one for each user; without secrets, only their names.
    """
    stored = {item["id"]: item["settings"] for item in integrations}
    rehearsed = [_rehearsed(number, *pair, stored) for number, pair in enumerate(zip(results, keep, strict=True))]
    return [asdict(rotation) for rotation in shared_rotations(rehearsed, api_users)]


def _rehearsed(number: int, result: Known, kept: Known, stored: Mapping[str, Known]) -> Rehearsed:
    integration = result["integration"]
    return Rehearsed(
        number=number,
        id=integration["id"],
        platform=integration["platform"],
        settings=integration["settings"],
        stored=stored.get(integration["id"]),
        given=frozenset(kept["required_secrets"]),
        changed=frozenset(result["secrets_changed"]),
    )
