# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: smtplib's clients, with bounds to what they read and a login that tries a password once."""

from __future__ import annotations

import base64
import smtplib
import socket
from typing import Any

from .deadline import Deadline

LONGEST_REPLY = 64 * 1024
"""Bytes."""


class MechanismMissing(Exception):
    """The server offers no way to log in that we know."""


class _Replies:
    """The reading end of a connection. Gives up on a reply that does not end."""

    def __init__(self, connection: Any) -> None:
        self._file = connection.makefile("rb")
        self._left = LONGEST_REPLY

    def begin(self) -> None:
        self._left = LONGEST_REPLY

    def readline(self, limit: int) -> bytes:
        line: bytes = self._file.readline(min(limit, self._left))
        self._left -= len(line)
        if not self._left:
            raise ConnectionError
        return line

    def close(self) -> None:
        self._file.close()


class Smtp(smtplib.SMTP):
    """A connection whose replies are bounded in size and time."""

    file: Any
    sock: Any

    def getreply(self) -> tuple[int, bytes]:
        """
        Read one reply.

        :raises TimeoutError: it is not complete in time.
        """
        self.file = self.file or _Replies(self.sock)
        self.file.begin()
        with Deadline(self.timeout) as deadline:
            deadline.watch(self.sock)
            try:
                return super().getreply()
            except smtplib.SMTPServerDisconnected as error:
                if deadline.passed or isinstance(error.__context__, TimeoutError):
                    raise TimeoutError from None
                raise


class SecureSmtp(Smtp, smtplib.SMTP_SSL):
    """The same, TLS from its beginning."""


def log_in(connection: smtplib.SMTP, username: str, password: str) -> None:
    """
    Log in, with any characters, by one mechanism: smtplib tries a refused password by each, which locks users out.

    :raises MechanismMissing: the server offers neither PLAIN nor LOGIN.
    :raises smtplib.SMTPAuthenticationError: it refused.
    """
    connection.ehlo_or_helo_if_needed()
    offered = connection.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        code, reply = connection.docmd("AUTH PLAIN", _encoded(f"\0{username}\0{password}"))
    elif "LOGIN" in offered:
        code, reply = connection.docmd("AUTH LOGIN", _encoded(username))
        if code == 334:
            code, reply = connection.docmd(_encoded(password))
    else:
        raise MechanismMissing
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)


def own_name() -> str:
    """Say who we are without asking name servers, as smtplib would; that may take long."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
