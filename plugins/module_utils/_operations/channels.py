# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the ways to reach people that a task configures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from .._domain.errors import Fault, InvalidSettings
from .._domain.model import Notification
from .._domain.notifications import (
    MAIL,
    SECURITY_CENTER,
    WEBHOOK,
    letter_for,
    webhook_payload,
)
from .._remote.mail import MailChannel, MailServer
from .._remote.webhook import WebhookChannel
from .context import Context
from .security_center import certificate_warnings, open_security_center
from .verify import connection_of

NEEDED_OPTIONS = {MAIL: "smtp_host", WEBHOOK: "webhook_url", SECURITY_CENTER: "security_center"}
"""The option without which a channel is not configured; of a secret, a file will do."""


@dataclass(frozen=True)
class Channel:
    """
    One way to reach people.

    :param connection: is made with the first message, kept for the others, and ended as a context manager.
    :param send: sends one message; raises an ``IntegrationError`` if it was not accepted.
    :param longest: seconds that sending one message may take, short pauses between attempts aside.
    :param warnings: what has to be said wherever it is used.
    """

    connection: AbstractContextManager[object]
    send: Callable[[Notification], None]
    longest: float
    warnings: tuple[str, ...] = ()


Channels = Mapping[str, Channel]
"""The channels of a task, by name; one that is not configured is not among them."""


@contextmanager
def opened(channels: Channels) -> Iterator[None]:
    """Keep one connection for all messages of a channel, and end it whatever happens."""
    with ExitStack() as stack:
        for channel in channels.values():
            stack.enter_context(channel.connection)
        yield


def chosen_channels(context: Context) -> tuple[str, ...] | None:
    """
    Tell which channels the task names, configured or not.

    :returns: each once, or nothing if the task leaves the choice to us.
    :raises InvalidSettings: it names none.
    """
    names = context.options.get("notify_through")
    if names is None:
        return None
    if not names:
        told = "must not be empty, which would tell nobody; leave it out to tell people in the usual way"
        raise InvalidSettings([Fault("notify_through", told)])
    return tuple(dict.fromkeys(names))


def is_configured(context: Context, name: str) -> bool:
    """Tell whether the task configures a channel."""
    needed = NEEDED_OPTIONS[name]
    return any(context.options.get(option) is not None for option in (needed, f"{needed}_file"))


def configured_channels(context: Context, names: Iterable[str]) -> Channels:
    """
    Make the channels that the task configures; connects to nothing yet.

    :param names: of those that are of interest.
    :raises IntegrationError: ``invalid_settings`` with the faults of all, or ``dependency_missing``.
    """
    ready: dict[str, Channel] = {}
    faults: list[Fault] = []
    for name in names:
        if not is_configured(context, name):
            continue
        try:
            ready[name] = _BUILDERS[name](context)
        except InvalidSettings as refusal:
            faults += refusal.faults
    if faults:
        raise InvalidSettings(faults)
    return ready


def _mail(context: Context) -> Channel:
    options = context.options
    if not options.get("mail_from"):
        raise InvalidSettings([Fault("mail_from", "is required beside smtp_host: the address that letters come from")])
    [password] = context.secret_options("smtp_password")
    server = MailServer(
        host=options["smtp_host"],
        sender=options["mail_from"],
        port=options.get("smtp_port"),
        encryption=options.get("smtp_encryption") or "starttls",
        username=options.get("smtp_username"),
        password=password,
        validate_certs=options.get("smtp_validate_certs", True),
        ca_path=options.get("smtp_ca_path"),
        timeout=connection_of(options, None).timeout,
    )
    channel = MailChannel(server)

    def send(notification: Notification) -> None:
        letter = letter_for(notification)
        recipient = notification.recipient or ""
        channel.send(recipient, letter.subject, letter.body, notification.message_id, notification.created_at)

    return Channel(channel, send, longest=4 * server.timeout)


def _webhook(context: Context) -> Channel:
    options = context.options
    url, secret, proxy_password = context.secret_options("webhook_url", "webhook_secret", "proxy_password")
    connection = connection_of(options, proxy_password)
    channel = WebhookChannel(
        url or "",
        secret,
        connection,
        validate_certs=options.get("webhook_validate_certs", True),
        ca_path=options.get("webhook_ca_path"),
        in_play=context.in_play,
    )

    def send(notification: Notification) -> None:
        channel.send(webhook_payload(notification), notification.message_id)

    return Channel(channel, send, longest=(1 + connection.retries) * connection.timeout)


def _security_center(context: Context) -> Channel:
    server, connection = open_security_center(context), connection_of(context.options[SECURITY_CENTER], None)

    def send(notification: Notification) -> None:
        letter = letter_for(notification)
        server.send_mail(notification.recipient or "", letter.subject, letter.body, notification.message_id)

    # A login, which is repeated where that helps, and the mail, which is not; both once more if the session has ended.
    longest = 2 * (1 + connection.retries + 1) * connection.timeout
    return Channel(server, send, longest, tuple(certificate_warnings(context)))


_BUILDERS: dict[str, Callable[[Context], Channel]] = {
    MAIL: _mail,
    WEBHOOK: _webhook,
    SECURITY_CENTER: _security_center,
}
