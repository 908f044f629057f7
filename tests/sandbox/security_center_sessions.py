# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has logged in to Security Center: sessions with a token, and connections that were authenticated."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from dataclasses import dataclass, field

HEADER = re.compile(r'KSCBasic (\w+="[^"]*"(?:, ?\w+="[^"]*")*)')
PAIR = re.compile(r'(\w+)="([^"]*)"')
MAIN_SERVER = 0


@dataclass(frozen=True)
class LogInData:
    """What somebody logs in with."""

    name: str
    password: str = field(repr=False)
    internal: bool


def decode(text: str) -> str:
    """
    Return what was written in base64.

    :raises ValueError: It is no text in base64.
    """
    return base64.b64decode(text, validate=True).decode()


def parse_authorization(header: str) -> LogInData | None:
    """Return user and password from an ``Authorization`` header, or nothing where it is malformed."""
    found = HEADER.fullmatch(header)
    pairs = dict(PAIR.findall(found[1])) if found else {}
    # Those who leave it out mean a user of the operating system.
    internal = pairs.get("internal", "0")
    if not {"user", "pass"} <= pairs.keys() or internal not in ("0", "1"):
        return None
    try:
        return LogInData(decode(pairs["user"]), decode(pairs["pass"]), internal == "1")
    except (binascii.Error, UnicodeDecodeError):
        return None


@dataclass
class LogIn:
    """Somebody who has logged in."""

    user: str
    virtual_server: int = MAIN_SERVER
    """The number of the virtual server that it is for."""
    calls: int = 0
    used_at: float = field(default_factory=time.monotonic)


class Sessions:
    """Everybody who has logged in."""

    def __init__(self) -> None:
        self._by_token: dict[str, LogIn] = {}
        self._by_connection: dict[int, LogIn] = {}
        self.tokens: list[str] = []
        """Every token that was handed out, whatever became of it."""

    def start(self, login: LogIn) -> str:
        """Start a session and return its token."""
        token = base64.b64encode(secrets.token_bytes(16)).decode()
        self._by_token[token] = login
        self.tokens.append(token)
        return token

    def use(self, token: str, most_seconds: float, most_calls: int) -> LogIn | None:
        """
        Return who has a session, for one call more.

        :param most_seconds: After so many without a call it has ended.
        :param most_calls: After so many calls it has ended; without end if 0.
        """
        login = self._by_token.get(token)
        if login is None:
            return None
        login.calls += 1
        now = time.monotonic()
        if now - login.used_at > most_seconds or 0 < most_calls < login.calls:
            self.end(token)
            return None
        login.used_at = now
        return login

    def end(self, token: str) -> None:
        """Forget a session."""
        self._by_token.pop(token, None)

    def bind(self, connection: int, login: LogIn) -> None:
        """Authenticate a connection, for as long as it lives."""
        self._by_connection[connection] = login

    def release(self, connection: int) -> None:
        """Take a connection's authentication back."""
        self._by_connection.pop(connection, None)

    def of_connection(self, connection: int) -> LogIn | None:
        """Return who has authenticated a connection."""
        return self._by_connection.get(connection)
