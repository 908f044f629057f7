# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what a task writes into the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .._domain.model import HistoryEntry
from .context import Context


def history_entry(
    context: Context, at: datetime, action: str, integration_id: str, integration_name: str, summary: dict[str, Any]
) -> HistoryEntry:
    """
    Say what the task of this context did to an integration.

    :param action: one word for what was done, for example ``created``.
    :param summary: what exactly; JSON-ready, without secrets.
    """
    return HistoryEntry(
        at=at,
        actor=context.actor,
        instance=context.instance,
        integration_id=integration_id,
        integration_name=integration_name,
        action=action,
        summary=summary,
        job=context.job,
    )


def instance_history(context: Context, at: datetime, action: str, summary: dict[str, Any]) -> HistoryEntry:
    """
    Say what the task of this context did to its instance, and to no single integration.

    :param action: one word for what was done, for example ``server_recorded``.
    :param summary: what exactly; JSON-ready, without secrets.
    """
    return history_entry(context, at, action, "", "", summary)
