# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: delivers messages of the outbox: at least once, never by two processes at once, always with the same id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Notification
from .._domain.progress import Progress
from .channels import NEEDED_OPTIONS, Channels, opened
from .context import Context

NOT_CONFIGURED = "channel_not_configured"
# What is wrong with a channel or with the registry, and not with one message.
_TROUBLE = (
    ErrorCode.API_UNREACHABLE,
    ErrorCode.CERTIFICATE_UNTRUSTED,
    ErrorCode.REGISTRY_BUSY,
    ErrorCode.REGISTRY_UNREACHABLE,
)
# What another attempt in the same run can only make worse.
_REFUSED = (ErrorCode.CREDENTIALS_REFUSED, ErrorCode.TWO_STEP_VERIFICATION, ErrorCode.RIGHT_MISSING)
# Seconds that the registry and the pauses between attempts may take.
_RESERVE = 60


@dataclass
class Delivery:
    """
    How a delivery ended.

    :param notified: channel and recipient of each delivered message.
    :param delivered: when each delivered message was delivered, by its id.
    :param failed: ids of the messages that stay in the outbox, with the code of the error.
    :param missing: channels that had messages and are not configured.
    :param codes: what went wrong, by channel, where one that is configured failed.
    :param warnings: what has to be said about the channels that were used.
    """

    notified: list[dict[str, str | None]] = field(default_factory=list)
    delivered: dict[str, datetime] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    codes: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def deliver(context: Context, channels: Channels, notifications: Sequence[Notification]) -> Delivery:
    """
    Deliver messages of the outbox; one that fails does not block the others.

    :param notifications: committed rows of the outbox.
    """
    troubles = {notification.channel: _Trouble() for notification in notifications}
    delivery = Delivery(
        missing=[name for name in troubles if name not in channels],
        warnings=[warning for name in troubles if name in channels for warning in channels[name].warnings],
    )
    progress = Progress("handled", "notifications", len(notifications), context.tell)
    with opened(channels):
        for number, notification in enumerate(notifications):
            progress.reached(number)
            trouble = troubles[notification.channel]
            if notification.channel not in channels:
                delivery.failed[notification.id] = NOT_CONFIGURED
            elif trouble.hopeless:
                delivery.failed[notification.id] = trouble.code
            else:
                trouble.note(_attempt(context, channels, notification, delivery))
    delivery.codes = _codes(channels, notifications, delivery.failed)
    return delivery


def _codes(
    channels: Channels, notifications: Iterable[Notification], failed: Mapping[str, str]
) -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {}
    for channel, code in sorted({(item.channel, failed[item.id]) for item in notifications if item.id in failed}):
        if channel in channels:
            codes.setdefault(channel, []).append(code)
    return codes


class _Trouble:
    """
    Tells when a channel is not worth another attempt in this run.

    A dead server would be waited for once a message, and a wrong password, tried once a message, locks its user out.
    One message that breaks the connection must not keep the others waiting, so it takes two in a row.
    """

    def __init__(self) -> None:
        self.code = ""
        self._in_a_row = 0

    @property
    def hopeless(self) -> bool:
        return self.code in _REFUSED or self._in_a_row > 1

    def note(self, code: str | None) -> None:
        self.code = code or ""
        self._in_a_row = self._in_a_row + 1 if code in _TROUBLE else 0


def pending_warning(instance: str, pending: int, delivery: Delivery) -> list[str]:
    """
    Tell that messages wait in the outbox, why those of this task do, and how to deliver them.

    :param delivery: what this task delivered, and what it did not.
    """
    if not pending:
        return []
    messages = "1 notification is" if pending == 1 else f"{pending} notifications are"
    failures = " and ".join(f"{name} ({', '.join(codes)})" for name, codes in delivery.codes.items())
    return [
        f"{messages} pending in the outbox of the instance '{instance}', so somebody has not been told yet. "
        f"{f'This task gave {lacking(delivery.missing)}. ' if lacking(delivery.missing) else ''}"
        f"{f'It failed to deliver through {failures}. ' if failures else ''}"
        "msp.kaspersky.notification_info shows why; msp.kaspersky.notification delivers them."
    ]


def lacking(missing: Iterable[str]) -> str:
    """
    Name the options without which channels are not configured.

    :returns: for example ``no smtp_host and no webhook_url``; nothing for channels of a newer version.
    """
    return " and ".join(f"no {NEEDED_OPTIONS[name]}" for name in missing if name in NEEDED_OPTIONS)


def _leased(context: Context, channels: Channels, notification: Notification) -> bool:
    """Reserve a message for longer than sending it may take."""
    length = timedelta(seconds=_RESERVE + channels[notification.channel].longest)
    with context.registry.writing(context.instance) as writer:
        return writer.lease_notification(notification.id, datetime.now(UTC), length)


def _attempt(context: Context, channels: Channels, notification: Notification, delivery: Delivery) -> str | None:
    """Deliver one message unless another run does; returns the code of what went wrong."""
    try:
        leased = _leased(context, channels, notification)
        code = _deliver_one(context, channels, notification, delivery) if leased else None
    except IntegrationError as error:  # the registry; what was to be told about has happened all the same
        code = str(error.code)
    if code:
        delivery.failed[notification.id] = code
    return code


def _deliver_one(context: Context, channels: Channels, notification: Notification, delivery: Delivery) -> str | None:
    code = _sent(channels, notification)
    with context.registry.writing(context.instance) as writer:
        now = datetime.now(UTC)
        was_pending = writer.end_lease(notification.id, None if code else now, code)
    if code:
        return code if was_pending else None
    if not was_pending:
        delivery.warnings.append(_sent_twice(notification))
    delivery.delivered[notification.id] = now
    delivery.notified.append({"channel": notification.channel, "recipient": notification.recipient})
    return None


def _sent_twice(notification: Notification) -> str:
    return (
        f"The notification {notification.message_id} took so long to send that another run took it over, and sent or "
        "discarded it meanwhile. Who gets it twice can tell by this identifier, which is the same both times."
    )


def _sent(channels: Channels, notification: Notification) -> str | None:
    """Send one message; returns the code of what went wrong. Whatever one bad row raises, the others go on."""
    try:
        channels[notification.channel].send(notification)
    except IntegrationError as error:
        return str(error.code)
    except Exception:  # noqa: BLE001
        return str(ErrorCode.INTERNAL_ERROR)
    return None
