# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: delivers messages of the outbox: at least once, never by two processes at once, always with the same id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Notification
from .channels import Channels, configured_channels
from .context import Context

NOT_CONFIGURED = "channel_not_configured"


@dataclass
class Delivery:
    """
    How a delivery ended.

    :param notified: channel and recipient of each delivered message.
    :param delivered: ids of the delivered messages.
    :param failed: ids of the messages that stay in the outbox, with the code of the error.
    """

    notified: list[dict[str, str | None]] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def deliver(context: Context, notifications: Sequence[Notification]) -> Delivery:
    """
    Deliver messages of the outbox; one that fails does not block the others.

    :param notifications: committed rows of the outbox.
    """
    delivery = Delivery()
    channels = configured_channels(context)
    with channels.opened():
        for notification in notifications:
            if notification.channel not in channels:
                delivery.failed[notification.id] = NOT_CONFIGURED
            elif _leased(context, notification):
                _deliver_one(context, channels, notification, delivery)
    return delivery


def pending_warning(instance: str, pending: int) -> list[str]:
    """Tell that messages wait in the outbox, and how to deliver them."""
    if not pending:
        return []
    messages = "1 notification is" if pending == 1 else f"{pending} notifications are"
    return [
        f"{messages} pending in the outbox of the instance '{instance}', so somebody has not been told yet. "
        "msp.kaspersky.notification_info shows why; msp.kaspersky.notification with smtp_host (or webhook_url) "
        "delivers them."
    ]


def _leased(context: Context, notification: Notification) -> bool:
    """Reserve a message for longer than sending it may take."""
    length = timedelta(seconds=60 + 4 * float(context.options.get("timeout") or 30))
    with context.registry.writing(context.instance) as writer:
        return writer.lease_notification(notification.id, datetime.now(UTC), length)


def _deliver_one(context: Context, channels: Channels, notification: Notification, delivery: Delivery) -> None:
    code = _sent(channels, notification)
    with context.registry.writing(context.instance) as writer:
        writer.end_lease(notification.id, None if code else datetime.now(UTC), code)
    if code:
        delivery.failed[notification.id] = code
    else:
        delivery.delivered.append(notification.id)
        delivery.notified.append({"channel": notification.channel, "recipient": notification.recipient})


def _sent(channels: Channels, notification: Notification) -> str | None:
    """Send one message; returns the code of what went wrong. Whatever one bad row raises, the others go on."""
    try:
        channels.send(notification)
    except IntegrationError as error:
        return str(error.code)
    except Exception:  # noqa: BLE001
        return str(ErrorCode.INTERNAL_ERROR)
    return None
