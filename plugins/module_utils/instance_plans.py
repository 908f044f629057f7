# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what has to be done so that an instance becomes as it is described, for the role ``integrations``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ._domain.instance_plan import Found, Prune, plan_instance


def instance_plan(
    description: Mapping[str, Any],
    integrations: Sequence[Mapping[str, Any]],
    tenants: Sequence[Mapping[str, Any]],
    prune: bool = False,
    confirmed: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """
    Compare the description of an instance with what there is.

    :param integrations: as ``integration_info`` returns them.
    :param tenants: as ``tenant_info`` returns them.
    :param prune: whether what is not described goes.
    :param confirmed: names of what goes, as ``integrations`` and ``tenants``.
    :returns: ``option, faults, keep, bindings, unbind, delete, left``; without secrets, by construction.
    """
    names = {kind: [str(name) for name in (confirmed or {}).get(kind) or []] for kind in ("integrations", "tenants")}
    return asdict(plan_instance(description, Found(integrations, tenants), Prune(prune, **names)))
