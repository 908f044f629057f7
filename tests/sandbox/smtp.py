# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mail server with three listeners: ``starttls``, ``tls`` (encrypted from the start) and ``none``."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import ssl
import weakref
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .certificates import Authority
from .records import Mail, RecordedRequest
from .state import State

LISTENERS = ("starttls", "tls", "none")


def hang_up(server: SMTP) -> None:
    """Cut a connection."""
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


async def forever() -> None:
    """Wait until the connection is gone, which ends its coroutine."""
    await asyncio.Event().wait()


class Desk:
    """What the server decides and remembers, for one listener."""

    def __init__(self, state: State, listener: str) -> None:
        self._state = state
        self._listener = listener

    def is_due(self, kind: str, **options: str) -> bool:
        """Tell whether a misbehaviour is due now."""
        return self._state.take_misbehaviour("smtp", kinds=(kind,), **options) is not None

    async def misbehave(self, at: str) -> str | None:
        """
        Hang or refuse, if that is due at this point.

        :returns: The refusal, if any.
        """
        if self.is_due("hang", at=at):
            await forever()
        return "451 4.3.0 Try again later" if self.is_due("temporary_failure", at=at) else None

    async def dawdle(self) -> None:
        """Be slow, if that is due."""
        slow = self._state.take_misbehaviour("smtp", kinds=("slow",))
        if slow is not None:
            await asyncio.sleep(float(slow.options["seconds"]))

    def record(self, method: str, body: bytes = b"", writing: bool = False) -> None:
        """Remember a step of the dialogue."""
        self._state.record(RecordedRequest("smtp", method, self._listener, body=body, writing=writing))

    def login_required(self) -> bool:
        """Tell whether mail is taken only after a login."""
        return self._state.settings.smtp_login_required[self._listener]

    def check_login(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        """Decide about a login."""
        own = self._state.credentials
        right = isinstance(data, LoginPassword) and all(
            [
                hmac.compare_digest(data.login, own.smtp_username.encode()),
                hmac.compare_digest(data.password, own.smtp_password.encode()),
            ]
        )
        return AuthResult(success=right and not self.is_due("refuse_login"), handled=False, auth_data=data)

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        refusal = await self.misbehave("mail")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient."""
        if self.is_due("refuse_recipient", recipient=address):
            return "550 5.1.1 No such mailbox"
        refusal = await self.misbehave("rcpt")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        raw = envelope.original_content or b""
        self.record("DATA", raw, writing=True)
        refusal = await self.misbehave("data")
        if refusal:
            return refusal
        self._state.record_mail(self._mail(session, envelope, raw))
        if self.is_due("drop_after_data"):
            hang_up(server)
            await forever()
        return "250 2.0.0 OK, accepted"

    def _mail(self, session: Session, envelope: Envelope, raw: bytes) -> Mail:
        auth: Any = session.auth_data
        return Mail(
            sender=envelope.mail_from or "",
            recipients=[str(address) for address in envelope.rcpt_tos],
            raw=raw,
            listener=self._listener,
            encrypted=self._listener == "tls" or session.ssl is not None,
            login=auth.login.decode() if isinstance(auth, LoginPassword) else None,
        )


class MailServer(SMTP):
    """One connection to one of the listeners."""

    def __init__(self, desk: Desk, context: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop) -> None:
        """
        Make a server for a new connection.

        :param context: With what to encrypt after ``STARTTLS``; without one it is not offered.
        """
        self._desk = desk
        super().__init__(
            desk,
            hostname="localhost",
            ident="Sandbox",
            enable_SMTPUTF8=True,
            tls_context=context,
            # Elsewhere the login is offered as it is: not to send it in clear is the client's business.
            auth_require_tls=context is not None,
            authenticator=desk.check_login,
            loop=loop,
        )

    async def _handle_client(self) -> None:
        self._desk.record("CONNECT")
        await self._desk.dawdle()
        refusal = await self._desk.misbehave("connect")
        if refusal:
            await self.push(refusal)
            hang_up(self)
        else:
            await super()._handle_client()

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """Start to encrypt, or say that it cannot be done."""
        if self._desk.is_due("starttls_refused"):
            await self.push("454 4.7.0 TLS not available due to temporary reason")
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        """Log in; the attempt is recorded even where it is not allowed, because the password was sent."""
        self._desk.record("AUTH", (arg or "").encode(errors="surrogateescape"))
        await super().smtp_AUTH(arg)

    async def check_auth_needed(self, caller_method: str) -> bool:
        """Refuse a command that needs encryption or a login."""
        # Not left to ``require_starttls``, which would hide a password that is sent too early.
        if self.tls_context is not None and self.session is not None and self.session.ssl is None:
            await self.push("530 Must issue a STARTTLS command first")
            return True
        self._auth_required = self._desk.login_required()
        return await super().check_auth_needed(caller_method)


class Post:
    """All connections to one listener."""

    def __init__(self, state: State, listener: str, context: ssl.SSLContext) -> None:
        """
        Make the listener's side of it.

        :param context: With what to encrypt after ``STARTTLS``, where that is the listener's way.
        """
        self._state = state
        self._listener = listener
        self._context = context
        self._connections: weakref.WeakSet[MailServer] = weakref.WeakSet()

    def connect(self) -> MailServer:
        """Make the server for a new connection. An attacker on the way would take the offer to encrypt out."""
        desk = Desk(self._state, self._listener)
        offers_starttls = self._listener == "starttls" and not desk.is_due("no_starttls")
        server = MailServer(desk, self._context if offers_starttls else None, asyncio.get_running_loop())
        self._connections.add(server)
        return server

    def hang_up(self) -> None:
        """Cut all connections."""
        for server in self._connections:
            hang_up(server)


async def start_mail(
    stack: contextlib.AsyncExitStack, state: State, sockets: dict[str, socket.socket], authority: Authority
) -> None:
    """
    Start all listeners.

    :param stack: What stops them in the end.
    :param sockets: Where they listen, by name.
    """
    loop = asyncio.get_running_loop()
    for listener in LISTENERS:
        context = authority.server_context()
        post = Post(state, listener, context)
        encryption = context if listener == "tls" else None
        server = await loop.create_server(post.connect, sock=sockets[listener], ssl=encryption)
        stack.callback(post.hang_up)
        stack.callback(server.close)
