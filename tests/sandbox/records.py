# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sandbox remembers of what it received."""

from __future__ import annotations

import base64
import email
import email.policy
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def readable(content: bytes) -> str:
    """Show bytes as text, whatever they are."""
    return content.decode("utf-8", errors="backslashreplace")


@dataclass
class RecordedRequest:
    """
    One request, as it arrived.

    SMTP is recorded too: ``CONNECT`` (path: the listener), ``AUTH`` (body: the argument) and ``DATA`` (body: the mail).
    """

    system: str
    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case; a header that came twice is joined by a comma."""
    body: bytes = b""
    operation: str = ""
    """The SOAP operation, ``WSDL``, or the method of Security Center's Open API; empty elsewhere."""
    writing: bool = False
    """Whether the real system would change something for it."""
    arrived: datetime = field(default_factory=now)
    status: int | None = None
    """The HTTP status it was answered with, as far as there was one."""
    answered: datetime | None = None
    """When the last of the answer was sent, or the connection cut."""
    connection: int = 0
    """The number of the connection that it came by, for HTTP."""
    early: bool = False
    """Whether it came before the one before it on the same connection was answered."""

    @property
    def text(self) -> str:
        """The body as text."""
        return readable(self.body)

    def json(self) -> Any:
        """
        Return the body, parsed.

        :raises ValueError: It is no JSON.
        """
        return json.loads(self.body)

    def as_dict(self) -> dict[str, Any]:
        """Return the request as plain data, the body both as text and in base64."""
        return {
            **asdict(self),
            "body": self.text,
            "body_base64": base64.b64encode(self.body).decode(),
            "arrived": self.arrived.isoformat(),
            "answered": self.answered and self.answered.isoformat(),
        }


def overlapping(requests: Iterable[RecordedRequest]) -> list[RecordedRequest]:
    """Return those that came by a connection, or in a session of Security Center, that was still busy with another."""
    busy_until: dict[object, datetime] = {}
    found = []
    for request in requests:
        used = [each for each in (request.connection, request.headers.get("x-ksc-session")) if each]
        if request.early or any(each in busy_until and busy_until[each] > request.arrived for each in used):
            found.append(request)
        for each in used:
            answered = request.answered or datetime.max.replace(tzinfo=UTC)
            busy_until[each] = max(answered, busy_until.get(each, answered))
    return found


@dataclass
class Mail:
    """One mail, as it was accepted."""

    sender: str
    recipients: list[str]
    """The recipients of the envelope, whatever the headers say."""
    raw: bytes
    listener: str
    """Which listener took it: ``starttls``, ``tls`` or ``none``; or ``security_center``, which sent it itself."""
    encrypted: bool
    """Whether it came encrypted; how Security Center sends is not known."""
    login: str | None
    """The user who had logged in."""
    arrived: datetime = field(default_factory=now)

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The decoded headers in their order; a name may come more than once."""
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["subject"] or "")

    def part(self, subtype: str) -> str | None:
        """
        Return the decoded text of one part.

        :param subtype: ``plain`` or ``html``.
        """
        part = self.message.get_body(preferencelist=(subtype,))
        return None if part is None else str(part.get_content())

    def as_dict(self) -> dict[str, Any]:
        """Return the mail as plain data, the raw message both as text and in base64."""
        return {
            "sender": self.sender,
            "recipients": self.recipients,
            "listener": self.listener,
            "encrypted": self.encrypted,
            "login": self.login,
            "arrived": self.arrived.isoformat(),
            "headers": self.headers,
            "subject": self.subject,
            "text": self.part("plain"),
            "html": self.part("html"),
            "raw": readable(self.raw),
            "raw_base64": base64.b64encode(self.raw).decode(),
        }
