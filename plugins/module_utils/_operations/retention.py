# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: drops what a task does not want to keep any longer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .._domain.model import RETENTION_APPLIED
from .._storage.reader import Reader
from .context import Context
from .history import instance_history
from .moments import days_ago
from .results import utc


def apply_retention(context: Context) -> tuple[int, int]:
    """
    Drop what is older than the task wants to keep; in check mode only count it.

    That something was dropped is itself a part of the history, and stays there, so that nobody can hide what he did.

    :returns: how many entries of the history, and how many delivered notifications.
    """
    instance = context.instance
    history_before = days_ago(context.options.get("history_retention"))
    notifications_before = days_ago(context.options.get("notification_retention"))
    with context.registry.reading() as reader:
        found = _too_old(reader, instance, history_before, notifications_before)
    if not any(found) or context.check_mode:
        return found
    with context.registry.writing(instance) as writer:
        history, notifications = _too_old(writer, instance, history_before, notifications_before)
        summary: dict[str, Any] = {"removed_history": history, "removed_notifications": notifications}
        if history:  # a right that not everybody has
            writer.remove_history(instance, history_before)
            summary["history_before"] = utc(history_before)
        if notifications:
            writer.remove_delivered_notifications(instance, notifications_before)
            summary["notifications_before"] = utc(notifications_before)
        if history or notifications:
            writer.add_history(instance_history(context, datetime.now(UTC), RETENTION_APPLIED, summary))
    return history, notifications


def _too_old(reader: Reader, instance: str, history: datetime, notifications: datetime) -> tuple[int, int]:
    return reader.count_history(instance, history), reader.count_delivered_notifications(instance, notifications)
