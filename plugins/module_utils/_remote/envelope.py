# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: an e-mail message into which no text can inject anything."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from .._domain.text import INVISIBLE_CATEGORIES, clean_email

_NAMED_ADDRESS = re.compile(r'\s*"?([^"<>@,;\\]*)"?\s*<([^<>]+)>\s*')


@dataclass(frozen=True)
class Envelope:
    """
    A message as it is sent, and what mail servers go by, whatever its headers say.
    """

    content: bytes
    sender: str
    recipient: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address can be written only with the extension SMTPUTF8 (RFC 6531)."""
        return not (self.sender + self.recipient).isascii()


def compose(sender: str, recipient: str, subject: str, body: str, message_id: str, date: datetime) -> Envelope:
    """
    Compose a message of plain text.

    Names in subject and body may be anything: header values are put in one line and encoded (RFC 2047), the body is
    encoded as a whole. Domains are written in ASCII, so that only a local part beyond it needs SMTPUTF8.

    :param sender: an address, with or without a display name.
    :param message_id: is completed by the sender's domain if it has none.
    :param date: of what the message is about, so that every attempt sends the same message.
    :raises ValueError: sender or recipient is not exactly one address; the message does not repeat it.
    """
    named = _NAMED_ADDRESS.fullmatch(sender)
    name, address = named.groups() if named else ("", sender)
    from_address, to_address = mail_address(address), mail_address(recipient)
    message = EmailMessage(policy=SMTP if (from_address + to_address).isascii() else SMTPUTF8)
    message["From"] = f'"{header_text(name)}" <{from_address}>' if name.strip() else from_address
    message["To"] = to_address
    message["Subject"] = header_text(subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = _identifier(message_id, from_address)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office notes away
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    return Envelope(message.as_bytes(), from_address, to_address)


def mail_address(value: str) -> str:
    """
    Write an address as mail servers take it, the domain in ASCII.

    :raises ValueError: it is not exactly one address; the message does not repeat it.
    """
    local_part, _at, domain = clean_email(value).rpartition("@")
    return f"{local_part}@{domain.encode('idna').decode('ascii')}"


def _identifier(message_id: str, sender: str) -> str:
    inner = "".join(_one_line(message_id).split()).strip("<>")
    return f"<{inner}>" if "@" in inner else f"<{inner}@{sender.rpartition('@')[2]}>"


def header_text(text: str) -> str:
    """
    Make a header value that means what it says.

    The library decodes an encoded word (RFC 2047) wherever it finds one and writes its line breaks as they are, so that
    a name could bring headers of its own. A full-width question mark makes it none.
    """
    return _one_line(text).replace("=?", "=\uff1f")


def _one_line(text: str) -> str:
    visible = (" " if unicodedata.category(character) in INVISIBLE_CATEGORIES else character for character in text)
    return " ".join("".join(visible).split())
