# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: empties the outbox: delivers what is pending, or discards it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import HistoryEntry, Notification
from .._domain.notifications import CHANNELS, integration_told_of
from .channels import Channels, chosen_channels, configured_channels
from .context import Context
from .deliver import Delivery, deliver, pending_warning
from .find import require_instance
from .history import history_entry
from .results import notification_result


def empty_outbox(context: Context) -> dict[str, Any]:
    """
    Deliver or discard pending messages, oldest first; those of other channels than the task names are left alone.

    :returns: ``changed, delivered, discarded, undelivered, notifications_pending, diff, warnings``.
    :raises IntegrationError: ``registry_missing``, ``instance_unknown``, ``not_found`` for an unknown id.
    """
    names = chosen_channels(context)
    channels = configured_channels(context, names or CHANNELS)
    with context.registry.reading() as reader:
        require_instance(reader, context.instance)
        pending = reader.pending_notifications(context.instance)
    limit = context.options.get("limit")
    if context.options.get("state") == "discarded":
        return _discarded(context, _meant(context, names, pending)[:limit], len(pending))
    _require_known(context)
    # Those that cannot be delivered now come last, so that with a limit they never keep the others waiting.
    chosen = sorted(_meant(context, names, pending), key=lambda item: item.channel not in channels)[:limit]
    return _delivered(context, channels, chosen, len(pending))


def _delivered(context: Context, channels: Channels, chosen: list[Notification], pending: int) -> dict[str, Any]:
    if context.check_mode:
        ready = [item for item in chosen if item.channel in channels]
        return _answer(chosen, delivered=[item.id for item in ready], pending=pending - len(ready))
    delivery = deliver(context, channels, chosen)
    left = pending - len(delivery.delivered)
    after = [_after(item, delivery) for item in chosen]
    answer = _answer(after, delivered=list(delivery.delivered), pending=left, undelivered=_undelivered(delivery))
    answer["warnings"] = [*delivery.warnings, *pending_warning(context.instance, left, delivery)]
    return answer


def _after(notification: Notification, delivery: Delivery) -> Notification:
    """Show a delivered message as it is now."""
    delivered_at = delivery.delivered.get(notification.id)
    if delivered_at is None:
        return notification
    return replace(notification, delivered_at=delivered_at, attempts=notification.attempts + 1, last_error=None)


def _discarded(context: Context, chosen: list[Notification], pending: int) -> dict[str, Any]:
    if chosen and not context.check_mode:
        now = datetime.now(UTC)
        with context.registry.writing(context.instance) as writer:
            # Asked again under the lock: another run may have delivered some of them meanwhile.
            left = {item.id for item in writer.pending_notifications(context.instance)}
            chosen, pending = [item for item in chosen if item.id in left], len(left)
            writer.remove_notifications(item.id for item in chosen)
            for item in chosen:
                writer.add_history(_history(context, item, now))
    return _answer(chosen, discarded=[item.id for item in chosen], pending=pending - len(chosen))


def _answer(
    chosen: list[Notification],
    *,
    pending: int,
    delivered: list[str] | None = None,
    discarded: list[str] | None = None,
    undelivered: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    done = {**dict.fromkeys(delivered or [], "delivered"), **dict.fromkeys(discarded or [], "discarded")}
    results = {item.id: notification_result(item) for item in chosen}
    return {
        "changed": bool(done),
        "delivered": [results[item] for item in delivered or []],
        "discarded": [results[item] for item in discarded or []],
        "undelivered": undelivered or [],
        "notifications_pending": pending,
        "diff": {"before": dict.fromkeys(done, "pending"), "after": done},
        "warnings": [],
    }


def _undelivered(delivery: Delivery) -> list[dict[str, str]]:
    return [{"id": item, "last_error": code} for item, code in delivery.failed.items()]


def _meant(context: Context, names: Collection[str] | None, pending: list[Notification]) -> list[Notification]:
    ids = context.options.get("notification_ids")
    return [item for item in pending if (ids is None or item.id in ids) and (names is None or item.channel in names)]


def _require_known(context: Context) -> None:
    """Refuse to deliver what there is not. To discard it is no fault: that is how a second run finds it."""
    ids = context.options.get("notification_ids") or []
    known = {item.id for item in _all(context)} if ids else set()
    unknown = [item for item in ids if item not in known]
    if unknown:
        raise IntegrationError(
            ErrorCode.NOT_FOUND,
            f"The outbox of the instance '{context.instance}' has no notification {', '.join(unknown)}. "
            "msp.kaspersky.notification_info lists what there is.",
        )


def _all(context: Context) -> list[Notification]:
    with context.registry.reading() as reader:
        return reader.notifications(context.instance)


def _history(context: Context, notification: Notification, now: datetime) -> HistoryEntry:
    integration_id, name = integration_told_of(notification)
    summary = {"channel": notification.channel, "recipient": notification.recipient}
    return history_entry(context, now, "notification_discarded", integration_id or "", name or "", summary)
