# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where every HTTP request comes in: it is recorded, then answered, rightly or not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .connection import Connection
from .exchange import Exchange
from .http_misbehaviour import misbehave
from .records import RecordedRequest
from .state import State

LOGGER = logging.getLogger("sandbox")


class System(Protocol):
    """A system that speaks HTTP."""

    def recognise(self, request: RecordedRequest) -> None:
        """Complete a request: the system's name, the operation, whether it is writing."""

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request as the real system would."""


class Gate:
    """The ASGI application in front of one system."""

    def __init__(self, state: State, system: System, pause: Callable[[RecordedRequest], float] | None = None) -> None:
        """
        Make the gate.

        :param pause: How many seconds the right answer to a request takes.
        """
        self._state = state
        self._system = system
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        connection = Connection(scope, receive, send)
        request = await connection.read()
        self._system.recognise(request)
        self._state.record(request)
        try:
            await self._respond(connection, request)
        except Exception:
            LOGGER.exception("The sandbox itself failed at %s %s", request.method, request.path)
            raise
        finally:
            connection.release()

    async def _respond(self, connection: Connection, request: RecordedRequest) -> None:
        misbehaviour = self._state.take_misbehaviour(request.system, operation=request.operation, path=request.path)
        if misbehaviour is None:
            await self._answer(connection, request)
            return
        exchange = Exchange(
            request=request,
            connection=connection,
            genuine=lambda: self._system.answer(request),
            state=self._state,
            options=misbehaviour.options,
        )
        await misbehave(misbehaviour.kind, exchange)

    async def _answer(self, connection: Connection, request: RecordedRequest) -> None:
        answer = self._system.answer(request)
        seconds = self._pause(request) if self._pause else 0.0
        if seconds and await connection.gone(within=seconds):
            return
        await connection.reply(answer)
