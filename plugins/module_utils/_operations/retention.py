# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: drops what a task does not want to keep any longer."""

from __future__ import annotations

from datetime import UTC, datetime

from .context import Context
from .history import instance_history
from .moments import days_ago


def apply_retention(context: Context) -> tuple[int, int]:
    """
    Drop what is older than the task wants to keep; in check mode only count it.

    That something was dropped is itself a part of the history, so that nobody can hide there what he did.

    :returns: how many entries of the history, and how many delivered notifications.
    """
    instance = context.instance
    history_before = days_ago(context.options.get("history_retention"))
    notifications_before = days_ago(context.options.get("notification_retention"))
    with context.registry.reading() as reader:
        history = reader.count_history(instance, history_before)
        notifications = reader.count_delivered_notifications(instance, notifications_before)
    if (history or notifications) and not context.check_mode:
        with context.registry.writing(instance) as writer:
            if history:  # a right that not everybody has
                writer.remove_history(instance, history_before)
            writer.remove_delivered_notifications(instance, notifications_before)
            summary = {"removed_history": history, "removed_notifications": notifications}
            writer.add_history(instance_history(context, datetime.now(UTC), "retention_applied", summary))
    return history, notifications
