# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: an end to conversations that the other side keeps going forever."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextvars import ContextVar
from typing import Any

_CURRENT: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)


class Deadline:
    """
    Ends all that is read from watched sockets when the time is up.

    The timeout of a socket begins anew with every byte, so a server that dribbles is never timed out by it.

    :param seconds: how long the conversation may take as a whole.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._outer = _CURRENT.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()
        _CURRENT.reset(self._outer)

    def watch(self, connection: Any) -> None:
        """
        End this connection as well when the time is up.

        :param connection: a socket, or what a library wraps around one.
        """
        while not isinstance(connection, socket.socket):
            connection = connection.socket
        with self._lock:
            self._sockets.append(connection)
            if self.passed:
                _shut(connection)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            for connection in self._sockets:
                _shut(connection)


def watch(connection: Any) -> None:
    """Put a connection under the deadline of this thread, if there is one."""
    deadline = _CURRENT.get()
    if deadline is not None:
        deadline.watch(connection)


def _shut(connection: socket.socket) -> None:
    # Not the method of the TLS socket, which would first take away what the reading thread works with.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
