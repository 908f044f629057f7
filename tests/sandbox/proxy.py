# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An HTTP proxy for ``CONNECT``, to this machine alone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from http import HTTPStatus
from http.client import responses

from .records import RecordedRequest
from .state import State

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PIECE = 64 * 1024


def parse_head(head: bytes) -> RecordedRequest:
    """Return the request that its first lines make."""
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, *_version = [*first.split(" "), "", ""]
    headers = {
        name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in rest if line)
    }
    return RecordedRequest("proxy", method, target, headers=headers)


class Proxy:
    """Opens tunnels for clients."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = parse_head(await reader.readuntil(b"\r\n\r\n"))
        self._state.record(request)
        request.status = await self._misbehaviour(writer) or self._refusal(request)
        if request.status is None:
            await self._tunnel(request, reader, writer)
        else:
            await self._reply(writer, request.status)

    async def _misbehaviour(self, writer: asyncio.StreamWriter) -> int | None:
        due = self._state.take_misbehaviour("proxy")
        if due is None:
            return None
        if due.kind == "slow":
            await asyncio.sleep(float(due.options["seconds"]))
            return None
        if due.kind == "dropped":
            writer.transport.abort()
            raise ConnectionAbortedError
        return int(due.options["status"])

    def _refusal(self, request: RecordedRequest) -> int | None:
        if not self._may_pass(request.headers.get("proxy-authorization")):
            return int(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
        if request.method != "CONNECT":
            return int(HTTPStatus.METHOD_NOT_ALLOWED)
        host, _colon, port = request.path.rpartition(":")
        return None if host.lower() in LOOPBACK and port.isdigit() else int(HTTPStatus.FORBIDDEN)

    def _may_pass(self, authorization: str | None) -> bool:
        if authorization is None:
            return not self._state.settings.proxy_login_required
        own = self._state.credentials
        plain = f"{own.proxy_username}:{own.proxy_password}"
        # The scheme leaves the character set open, and clients differ.
        right = [f"Basic {base64.b64encode(plain.encode(encoding)).decode()}" for encoding in ("utf-8", "latin-1")]
        return authorization in right

    async def _reply(self, writer: asyncio.StreamWriter, status: int) -> None:
        lines = [f"HTTP/1.1 {status} {responses.get(status, 'Other')}", "Content-Length: 0", "Connection: close"]
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            lines.append('Proxy-Authenticate: Basic realm="sandbox"')
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()

    async def _tunnel(
        self, request: RecordedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _colon, port = request.path.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except (OSError, OverflowError):
            request.status = int(HTTPStatus.BAD_GATEWAY)
            await self._reply(writer, request.status)
            return
        request.status = int(HTTPStatus.OK)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_relay(reader, far_writer), _relay(far_reader, writer))


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, until nothing comes any more."""
    try:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()
