# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: delivers messages of the outbox: at least once, never by two processes at once, always with the same id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Notification
from .._domain.notifications import letter_for, webhook_payload
from .._remote.mail import MailChannel, MailServer
from .._remote.webhook import WebhookChannel
from .context import Context
from .verify import connection_of

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
    warnings: list[str] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """How many messages stay in the outbox."""
        return len(self.failed)


class Channel(Protocol):
    """A way to reach people."""

    def send(self, notification: Notification) -> None:
        """
        Send one message.

        :raises IntegrationError: it was not accepted.
        """


class _Mail:
    """E-mail to one administrator."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    @contextmanager
    def opened(self) -> Iterator[Channel]:
        with MailChannel(self._server) as self._channel:
            yield self

    def send(self, notification: Notification) -> None:
        letter = letter_for(notification)
        recipient = notification.recipient or ""
        self._channel.send(recipient, letter.subject, letter.body, notification.message_id, notification.created_at)


class _Webhook:
    """A signed request to the address that the user configured."""

    def __init__(self, channel: WebhookChannel) -> None:
        self._channel = channel

    @contextmanager
    def opened(self) -> Iterator[Channel]:
        yield self

    def send(self, notification: Notification) -> None:
        self._channel.send(webhook_payload(notification), notification.message_id)


def configured_channels(context: Context) -> Mapping[str, _Mail | _Webhook]:
    """
    Make the channels that the task configures; connects to nothing yet.

    :returns: by name of the channel.
    :raises IntegrationError: ``invalid_settings``.
    """
    channels: dict[str, _Mail | _Webhook] = {}
    options = context.options
    if options.get("smtp_host"):
        channels["smtp"] = _Mail(_mail_server(context))
    if options.get("webhook_url"):
        channels["webhook"] = _Webhook(
            WebhookChannel(
                options["webhook_url"],
                options.get("webhook_secret"),
                connection_of(options),
                validate_certs=options.get("webhook_validate_certs", True),
                ca_path=options.get("webhook_ca_path"),
            )
        )
    return channels


def deliver(context: Context, notifications: Sequence[Notification]) -> Delivery:
    """
    Deliver messages of the outbox; one that fails does not block the others.

    :param notifications: committed rows of the outbox.
    """
    delivery = Delivery()
    available = configured_channels(context)
    with ExitStack() as stack:
        opened: dict[str, Channel | None] = {}
        for notification in notifications:
            name = notification.channel
            if name not in available:
                delivery.failed[notification.id] = NOT_CONFIGURED
                continue
            if name not in opened:
                opened[name] = stack.enter_context(available[name].opened())
            _deliver_one(context, opened[name], notification, delivery)
    return delivery


def pending_warning(instance: str, pending: int) -> list[str]:
    """Tell that messages wait in the outbox, and how to deliver them."""
    if not pending:
        return []
    messages = "1 notification is" if pending == 1 else f"{pending} notifications are"
    return [
        f"{messages} pending in the outbox of the instance '{instance}': nobody was told through them yet. "
        "msp.kaspersky.notification_info shows why; msp.kaspersky.notification with smtp_host (or webhook_url) "
        "delivers them."
    ]


def _deliver_one(context: Context, channel: Channel | None, notification: Notification, delivery: Delivery) -> None:
    lease = timedelta(seconds=60 + 4 * float(context.options.get("timeout") or 30))
    with context.registry.writing(context.instance) as writer:
        if not writer.lease_notification(notification.id, datetime.now(UTC), lease):
            return
    code = _sent(channel, notification)
    with context.registry.writing(context.instance) as writer:
        writer.end_lease(notification.id, None if code else datetime.now(UTC), code)
    if code:
        delivery.failed[notification.id] = code
    else:
        delivery.delivered.append(notification.id)
        delivery.notified.append({"channel": notification.channel, "recipient": notification.recipient})


def _sent(channel: Channel | None, notification: Notification) -> str | None:
    """Send one message; returns the code of what went wrong. Whatever one bad row raises, the others go on."""
    try:
        assert channel is not None
        channel.send(notification)
    except IntegrationError as error:
        return str(error.code)
    except Exception:  # noqa: BLE001
        return str(ErrorCode.INTERNAL_ERROR)
    return None


def _mail_server(context: Context) -> MailServer:
    options: Mapping[str, Any] = context.options
    return MailServer(
        host=options["smtp_host"],
        port=options.get("smtp_port"),
        encryption=options.get("smtp_encryption") or "starttls",
        username=options.get("smtp_username"),
        password=context.secret_option("smtp_password"),
        sender=options.get("mail_from"),
        validate_certs=options.get("smtp_validate_certs", True),
        ca_path=options.get("smtp_ca_path"),
        timeout=float(options.get("timeout") or 30),
    )
