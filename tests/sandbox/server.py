# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and stops everything, in one thread with one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from .applications import HTTPS_LISTENERS, PLAIN_LISTENERS, applications
from .certificates import Authority
from .directory import Directory
from .listening import HOST, listen, stop_web_server, web_server
from .proxy import Proxy
from .records import Mail, RecordedRequest, overlapping
from .settings import Settings
from .smtp import LISTENERS, start_mail
from .state import Addresses, State
from .users import User
from .virtual_servers import VirtualServers

START_SECONDS = 30
CLOSED = "closed"


class Sandbox(Directory):
    """
    All systems that the collection talks to, on this machine.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
        self._authority = Authority(Path(self._folder.name), "ca")
        self._unknown_authority = Authority(Path(self._folder.name), "unknown-ca")
        names = [*HTTPS_LISTENERS, *PLAIN_LISTENERS, *LISTENERS, CLOSED]
        self._sockets = {name: listen() for name in names}
        super().__init__(State(self._addresses()), self._authority.path, self._unknown_authority.path)
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    # Life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """
        Start all listeners; they answer when this returns.

        :raises RuntimeError: They could not be started.
        """
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._failure is not None:
            raise RuntimeError("The sandbox could not be started.") from self._failure

    def stop(self) -> None:
        """Stop all listeners, cut all connections, and remove all files."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(START_SECONDS)
        for opened in self._sockets.values():
            opened.close()
        self._folder.cleanup()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - start() raises it in the thread that waits for it
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Clients that hang up in the middle are what this is for: no reason to say so each time.
        self._loop.set_exception_handler(lambda _loop, context: logging.getLogger("sandbox").debug("%s", context))
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._stopping = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            await start_mail(stack, self.state, self._sockets, self._authority)
            await self._start_proxy(stack)
            servers = list(self._web_servers())
            tasks = [asyncio.create_task(server.serve([opened])) for server, opened in servers]
            while not all(server.started for server, _opened in servers):
                await asyncio.sleep(0.01)
            self._ready.set()
            await self._stopping.wait()
            for server, _opened in servers:
                stop_web_server(server)
            await asyncio.gather(*tasks)

    async def _start_proxy(self, stack: contextlib.AsyncExitStack) -> None:
        server = await asyncio.start_server(Proxy(self.state).serve, sock=self._sockets["proxy"])
        stack.callback(server.close)

    def _web_servers(self) -> Iterator[tuple[uvicorn.Server, socket.socket]]:
        listening = applications(self.state, self.details, self._authority, self._unknown_authority)
        for name, (application, authority) in listening.items():
            yield web_server(application, authority), self._sockets[name]

    def _port(self, name: str) -> int:
        return int(self._sockets[name].getsockname()[1])

    def _addresses(self) -> Addresses:
        urls = {name: f"https://{HOST}:{self._port(name)}" for name in HTTPS_LISTENERS}
        urls |= {name: f"http://{HOST}:{self._port(name)}" for name in PLAIN_LISTENERS}
        urls[CLOSED] = f"https://{HOST}:{self._port(CLOSED)}"
        return Addresses(**urls, smtp_ports={name: self._port(name) for name in LISTENERS})

    # What happened, and what shall happen

    @property
    def settings(self) -> Settings:
        """The settings as they are now; assign to change one."""
        return self.state.settings

    def requests(self, system: str | None = None, writing: bool | None = None) -> list[RecordedRequest]:
        """
        Return what was received, oldest first.

        :param system: ``rest``, ``soap``, ``security_center``, ``connectwise_manage``, ``autotask``, ``smtp``,
            ``webhook``, ``proxy``, ``foreign`` or ``unknown_ca``.
        :param writing: Only what would change something (``True``), or only what would not (``False``).
        """
        return self.state.requests(system, writing)

    def overlapping_requests(self, system: str | None = None) -> list[RecordedRequest]:
        """Return those that came by a connection, or in a session of Security Center, that was still busy."""
        return overlapping(self.state.requests(system))

    def mails(self) -> list[Mail]:
        """Return the mails that were accepted, oldest first; those that Security Center sent as well."""
        return self.state.mails()

    def webhooks(self) -> list[RecordedRequest]:
        """Return what the webhook receiver got, oldest first."""
        return self.state.requests("webhook")

    def users(self) -> list[User]:
        """Return the users of the APIs, with what is held against them."""
        return self.state.users.all()

    @property
    def virtual_servers(self) -> VirtualServers:
        """The virtual servers of Security Center as they are now, to list and to change them."""
        return self.state.virtual_servers

    def misbehave(
        self, system: str, kind: str, times: int | str | None = None, only: str | None = None, **options: Any
    ) -> None:
        """
        Switch a misbehaviour on. Several stand in a queue: a request gets the first that fits.

        :param system: ``rest``, ``soap``, ``security_center``, ``connectwise_manage``, ``autotask``, ``smtp``,
            ``webhook``, ``proxy`` or ``foreign``.
        :param kind: One of :data:`sandbox.misbehaviour.KINDS`.
        :param times: How often; always if omitted.
        :param only: The beginning of a path, a SOAP operation, ``WSDL``, or a method of Security Center.
        :param options: What the kind lets one set.
        :raises ValueError: There is no such thing.
        """
        self.state.misbehave(system, kind, times, only, **options)

    def behave(self, system: str | None = None) -> None:
        """Switch all misbehaviours off, or all of one system."""
        self.state.behave(system)

    def add_user(self, system: str, **details: Any) -> User:
        """
        Add a user of an API, or replace the one of that name (to change its secret, say).

        :param system: ``rest``, ``soap``, ``security_center``, ``connectwise_manage`` or ``autotask``.
        :param details: ``name``, ``secret``, ``lacks``, ``new_for_calls``, ``new_for_seconds``; for Security Center
            ``internal``, ``two_step``, ``blocked`` as well.
        """
        return self.state.add_user(system, **details)

    def change_settings(self, **values: Any) -> None:
        """
        Change settings, all or none.

        :raises ValueError: There is no such setting, or not with such a value.
        """
        self.state.change_settings(**values)

    def forget(self) -> None:
        """Forget what was received, and keep everything else."""
        self.state.forget_requests()
        self.state.forget_mails()

    def reset(self) -> None:
        """Forget all that happened and was set; addresses and the first credentials stay."""
        self.state.reset()
