# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listens, with a web server behind it."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from .certificates import Authority
from .connection import Protocol

HOST = "127.0.0.1"


def listen() -> socket.socket:
    """Open a socket on a free port of the loopback interface."""
    # asyncio spares itself the 40 ms of Nagle's algorithm only where the protocol is named.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((HOST, 0))
    return opened


def web_server(application: ASGIApp, authority: Authority | None) -> uvicorn.Server:
    """
    Make a web server.

    :param authority: Whose certificate it presents; without one it does not encrypt.
    """
    config = uvicorn.Config(
        application,
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=0,
    )
    config.load()
    config.ssl = None if authority is None else authority.server_context()
    return uvicorn.Server(config)


def stop_web_server(server: uvicorn.Server) -> None:
    """Stop a server without waiting for clients that keep their connections."""
    for connection in list(server.server_state.connections):
        transport = connection.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
    server.should_exit = server.force_exit = True
