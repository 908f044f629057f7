# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the ways to reach people that a task configures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from .._domain.errors import Fault, InvalidSettings
from .._domain.model import Notification
from .._domain.notifications import letter_for, webhook_payload
from .._remote.mail import MailChannel, MailServer
from .._remote.webhook import WebhookChannel
from .context import Context
from .verify import connection_of

MAIL, WEBHOOK = "smtp", "webhook"


@dataclass(frozen=True)
class Channels:
    """The channels of a task; one that is not configured is nothing."""

    mail: MailChannel | None
    webhook: WebhookChannel | None

    def __contains__(self, name: str) -> bool:
        return {MAIL: self.mail, WEBHOOK: self.webhook}.get(name) is not None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep the connection to the mail server from letter to letter; it is made with the first."""
        with self.mail or nullcontext(), self.webhook or nullcontext():
            yield

    def send(self, notification: Notification) -> None:
        """
        Send one message through its channel, which has to be configured.

        :raises IntegrationError: it was not accepted.
        """
        if notification.channel == MAIL and self.mail:
            letter = letter_for(notification)
            recipient = notification.recipient or ""
            self.mail.send(recipient, letter.subject, letter.body, notification.message_id, notification.created_at)
        if notification.channel == WEBHOOK and self.webhook:
            self.webhook.send(webhook_payload(notification), notification.message_id)


def configured_channels(context: Context) -> Channels:
    """
    Make the channels that the task configures; connects to nothing yet.

    :raises IntegrationError: ``invalid_settings``.
    """
    options = context.options
    return Channels(
        mail=_mail(context) if options.get("smtp_host") else None,
        webhook=_webhook(context) if options.get("webhook_url") else None,
    )


def _mail(context: Context) -> MailChannel:
    options = context.options
    if not options.get("mail_from"):
        raise InvalidSettings([Fault("mail_from", "is required beside smtp_host: the address that letters come from")])
    server = MailServer(
        host=options["smtp_host"],
        sender=options["mail_from"],
        port=options.get("smtp_port"),
        encryption=options.get("smtp_encryption") or "starttls",
        username=options.get("smtp_username"),
        password=context.secret_option("smtp_password"),
        validate_certs=options.get("smtp_validate_certs", True),
        ca_path=options.get("smtp_ca_path"),
        timeout=connection_of(options).timeout,
    )
    return MailChannel(server)


def _webhook(context: Context) -> WebhookChannel:
    options = context.options
    return WebhookChannel(
        options["webhook_url"],
        options.get("webhook_secret"),
        connection_of(options),
        validate_certs=options.get("webhook_validate_certs", True),
        ca_path=options.get("webhook_ca_path"),
        in_play=context.in_play,
    )
