# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
TLS in front of a PostgreSQL server that was built without it, as a connection pooler offers it.

A client asks for TLS before its first message (PostgreSQL manual, "SSL Session Encryption").
"""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class _Front(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.context = context
        self.behind = ("127.0.0.1", port)


class _Connection(socketserver.BaseRequestHandler):
    server: _Front

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(self.server.behind) as behind:
            begun = self.request.recv(8, socket.MSG_WAITALL)
            if begun == SSL_REQUEST:
                self.request.sendall(b"S")
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
            else:
                behind.sendall(begun)
            relay(self.request, behind)

    def finish(self) -> None:
        self.request.close()


def relay(client: socket.socket, behind: socket.socket) -> None:
    """Hand on what either side says, until one of them ends."""
    while True:
        for speaker in select.select([client, behind], [], [])[0]:
            said = speaker.recv(65536)  # more than a TLS record holds, so that none waits unseen
            if not said:
                return
            (behind if speaker is client else client).sendall(said)


@contextmanager
def tls_front(context: ssl.SSLContext, port: int) -> Iterator[int]:
    """
    Speak TLS for a server, and without it to those who do not ask for it.

    :param context: the certificate, and whose certificates are demanded.
    :param port: of the server, on the loopback.
    :returns: the port to connect to.
    """
    with _Front(context, port) as front:
        thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield front.server_address[1]
        finally:
            front.shutdown()
            thread.join()
