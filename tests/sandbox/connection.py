# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP exchange, with more control over the connection than a web framework gives."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from typing import Any, cast

import h11
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .records import RecordedRequest, now

TRANSPORT = "sandbox.transport"
NUMBER = "sandbox.connection"
EARLY = "sandbox.early"
NUMBERS = itertools.count(1)
RawHeaders = Iterable[tuple[bytes, bytes]]


class Protocol(H11Protocol):
    """uvicorn's protocol; it also tells the application about the connection, which that may want to cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection."""
        super().connection_made(transport)
        application = cast(ASGIApp, self.app)
        number = next(NUMBERS)
        self._hurried: Scope | None = None

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            early = self._hurried is not None and self._hurried is not scope
            if early:
                self._hurried = None
            about = {TRANSPORT: transport, NUMBER: number, EARLY: early}
            await application({**scope, **about}, receive, send)

        self.app = cast(Any, with_connection)

    def data_received(self, data: bytes) -> None:
        """Take what comes, and note whether a request is followed by another before it is answered."""
        super().data_received(data)
        following, _closed = self.conn.trailing_data
        if following and self.conn.their_state is h11.DONE:
            self._hurried = cast(Scope, self.scope)


class Connection:
    """The server's side of one request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport = scope[TRANSPORT]
        self._watch: asyncio.Task[None] | None = None
        self._request: RecordedRequest | None = None

    async def read(self) -> RecordedRequest:
        """Read the whole request. The system is not known yet."""
        scope = self._scope
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        self._request = RecordedRequest(
            system="",
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=await self._read_body(),
            connection=scope[NUMBER],
            early=scope[EARLY],
        )
        return self._request

    async def _read_body(self) -> bytes:
        body = bytearray()
        while True:
            message = await self._receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                return bytes(body)

    async def reply(self, response: Response) -> None:
        """Send a whole answer."""
        await self.start(response.status_code, response.raw_headers)
        await self.write(bytes(response.body), more=False)

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send status and headers."""
        if self._request is not None:
            self._request.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, content: bytes, more: bool = True) -> None:
        """Send a part of the body."""
        if not more:
            self._finish()
        await self._send({"type": "http.response.body", "body": content, "more_body": more})

    async def gone(self, within: float | None = None) -> bool:
        """
        Wait until the client has hung up.

        :param within: How many seconds to wait at most; without end if omitted.
        :returns: Whether it has.
        """
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_client())
        done, _pending = await asyncio.wait({self._watch}, timeout=within)
        return bool(done)

    async def _watch_client(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def close(self) -> None:
        """Hang up after what was sent so far."""
        self._finish()
        self._transport.close()
        await self.gone()

    async def abort(self) -> None:
        """Cut the connection at once."""
        self._finish()
        self._transport.abort()
        await self.gone()

    def release(self) -> None:
        """Stop watching the client."""
        self._finish()
        if self._watch is not None:
            self._watch.cancel()

    def _finish(self) -> None:
        """Note that the request is answered, before its client can know."""
        if self._request is not None and self._request.answered is None:
            self._request.answered = now()
