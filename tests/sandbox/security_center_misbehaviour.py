# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Security Center alone misbehaves."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

from .exchange import Exchange
from .security_center import SESSION, Refusal, second_step
from .security_center_values import OpenApiError, open_api_answer, to_json, typed

VirtualServers = list[dict[str, Any]]


async def _error(exchange: Exchange) -> None:
    error = OpenApiError(int(exchange.options["code"]), exchange.options.get("message"))
    await exchange.connection.reply(open_api_answer(to_json(error.as_answer())))


async def _session_ended(exchange: Exchange) -> None:
    exchange.state.sessions.end(exchange.request.headers.get(SESSION, ""))
    await exchange.connection.reply(Refusal(403, "Forbidden").response)


async def _two_step(exchange: Exchange) -> None:
    await exchange.connection.reply(second_step().response)


async def _change_servers(exchange: Exchange, change: Callable[[VirtualServers], None]) -> None:
    """Send the right list of virtual servers with a change in it; anything else is sent as it is."""
    genuine = exchange.genuine()
    body = bytes(genuine.body)
    answer = json.loads(gzip.decompress(body) if "content-encoding" in genuine.headers else body)
    found = answer.get("PxgRetVal")
    if isinstance(found, list) and found:
        change([each["value"] if each.get("type") == "params" else each for each in found])
    await exchange.connection.reply(open_api_answer(to_json(answer)))


async def _duplicate_uid(exchange: Exchange) -> None:
    def change(servers: VirtualServers) -> None:
        servers[-1]["KLVSRV_UID"] = servers[0]["KLVSRV_UID"]

    await _change_servers(exchange, change)


async def _bad_datetime(exchange: Exchange) -> None:
    def change(servers: VirtualServers) -> None:
        for server in servers:
            server["KLVSRV_CREATED"] = typed("datetime", exchange.options["value"])

    await _change_servers(exchange, change)


async def _odd_server(exchange: Exchange) -> None:
    def change(servers: VirtualServers) -> None:
        servers[0].update(exchange.options["fields"])
        for name in exchange.options["missing"]:
            servers[0].pop(name, None)

    await _change_servers(exchange, change)


HANDLERS: dict[str, Callable[[Exchange], Awaitable[None]]] = {
    "error": _error,
    "busy": _error,
    "session_ended": _session_ended,
    "two_step": _two_step,
    "duplicate_uid": _duplicate_uid,
    "bad_datetime": _bad_datetime,
    "odd_server": _odd_server,
}
