# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the mail server that letters are handed to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Literal

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.origins import split_host
from .envelope import compose
from .mail_failures import failure_of
from .smtp import MechanismMissing, SecureSmtp, Smtp, log_in, own_name
from .tls import tls_context

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class MailServer:
    """
    A mail server and how to use it.

    :param host: a name or an IP address.
    :param sender: an address, with or without a display name.
    :param port: 587 for ``starttls``, 465 for ``tls`` and 25 for ``none`` if not given.
    :param timeout: seconds that connecting and each reply may take.
    """

    host: str
    sender: str | None
    port: int | None = None
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 30.0


class MailChannel:
    """
    Hands letters to a mail server, all through one connection. A context manager.

    :raises IntegrationError: ``invalid_settings``, for example for a login without encryption.
    """

    def __init__(self, server: MailServer) -> None:
        if server.encryption == "none" and (server.username or server.password):
            told = "smtp_encryption: a login needs starttls or tls; without encryption the password would be readable."
            raise IntegrationError(ErrorCode.INVALID_SETTINGS, told)
        try:
            self._host, port = split_host(server.host)
        except ValueError as error:
            raise IntegrationError(ErrorCode.INVALID_SETTINGS, f"smtp_host: {error}.") from None
        self._port = server.port or port or _PORTS[server.encryption]
        self._server = server
        self._connection: Smtp | None = None

    def __enter__(self) -> MailChannel:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._connection is not None and _error is None:
            with contextlib.suppress(OSError):
                self._connection.quit()
        self._drop()

    def send(self, recipient: str, subject: str, body: str, message_id: str, date: datetime) -> None:
        """
        Hand over one letter, to exactly one recipient.

        A refusal concerns this letter only; the next one can be sent all the same.

        :param message_id: the same at every attempt, as is the date.
        :raises IntegrationError: ``invalid_settings``, ``api_unreachable``, ``certificate_untrusted``,
            ``credentials_refused``, ``throttled`` (try again later), ``unexpected_answer``; where the server gave a
            code, with ``smtp_code``.
        """
        try:
            envelope = compose(self._server.sender or "", recipient, subject, body, message_id, date)
        except ValueError as error:
            told = f"mail_from or the address of the administrator {error}."
            raise IntegrationError(ErrorCode.INVALID_SETTINGS, told) from None
        try:
            # Not send_message(), which would write ">From" for "From" at the beginning of a line.
            options = ("SMTPUTF8", "BODY=8BITMIME") if envelope.needs_smtputf8 else ()
            self._connected().sendmail(envelope.sender, [envelope.recipient], envelope.content, options)
        except (OSError, ValueError, MechanismMissing) as error:  # smtplib's own errors are OSErrors
            raise failure_of(error, f"Mail server {self._host}:{self._port}") from None

    def _connected(self) -> Smtp:
        # Lost with the last letter, or closed since then: servers end idle connections, and those that brought enough.
        if self._connection is not None and not _is_alive(self._connection):
            self._drop()
        if self._connection is None:
            self._connection = self._connect()
            try:
                self._secure(self._connection)
                if self._server.username:
                    log_in(self._connection, self._server.username, self._server.password or "")
            except BaseException:
                self._drop()
                raise
        return self._connection

    def _connect(self) -> Smtp:
        server = self._server
        if server.encryption == "tls":
            context = tls_context(server.validate_certs, server.ca_path)
            return SecureSmtp(self._host, self._port, own_name(), timeout=server.timeout, context=context)
        return Smtp(self._host, self._port, own_name(), timeout=server.timeout)

    def _secure(self, connection: Smtp) -> None:
        if self._server.encryption == "starttls":
            # Fails if it is not offered, whoever took the offer out on the way: nothing is ever sent in clear instead.
            connection.starttls(context=tls_context(self._server.validate_certs, self._server.ca_path))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _is_alive(connection: Smtp) -> bool:
    try:
        return connection.rset()[0] == 250
    except OSError:
        return False
