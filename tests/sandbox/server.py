# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and stops everything, in one thread with one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
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
from .listening import HOST, listen, stop_web_server, web_server
from .proxy import Proxy
from .records import Mail, RecordedRequest, overlapping
from .settings import Settings
from .smtp import LISTENERS, start_mail
from .state import Addresses, State
from .users import User
from .virtual_servers import VirtualServers

SOAP_PATH = "/api/rmm/tsiWS.asmx"
START_SECONDS = 30
CLOSED = "closed"


class Sandbox:
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
        self.state = State(self._addresses())
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

    # Where things are

    def _port(self, name: str) -> int:
        return int(self._sockets[name].getsockname()[1])

    def _addresses(self) -> Addresses:
        urls = {name: f"https://{HOST}:{self._port(name)}" for name in HTTPS_LISTENERS}
        urls |= {name: f"http://{HOST}:{self._port(name)}" for name in PLAIN_LISTENERS}
        return Addresses(**urls, smtp_ports={name: self._port(name) for name in LISTENERS})

    @property
    def tigerpaw_url(self) -> str:
        """The base of Tigerpaw's REST API."""
        return self.state.addresses.tigerpaw

    @property
    def soap_url(self) -> str:
        """The address of Tigerpaw's SOAP service."""
        return f"{self.tigerpaw_url}{SOAP_PATH}"

    @property
    def security_center_url(self) -> str:
        """The address of Security Center's Administration Server."""
        return self.state.addresses.security_center

    @property
    def security_center_unknown_ca_url(self) -> str:
        """The same, with a certificate that nobody trusts."""
        return self.state.addresses.security_center_unknown_ca

    @property
    def connectwise_manage_url(self) -> str:
        """The address of ConnectWise Manage."""
        return self.state.addresses.connectwise_manage

    @property
    def autotask_url(self) -> str:
        """The address at which Autotask tells of zones; they are all at the same."""
        return self.state.addresses.autotask

    @property
    def webhook_url(self) -> str:
        """The address of the webhook receiver; it is a secret."""
        return f"{self.state.addresses.webhook}/hooks/{self.state.credentials.webhook_token}"

    @property
    def foreign_url(self) -> str:
        """An origin that nobody configured, under the same certificate authority."""
        return self.state.addresses.foreign

    @property
    def foreign_plain_url(self) -> str:
        """The same, without encryption: where external entities point to."""
        return self.state.addresses.foreign_plain

    @property
    def unknown_ca_url(self) -> str:
        """Tigerpaw's REST API with a certificate that nobody trusts."""
        return self.state.addresses.unknown_ca

    @property
    def closed_url(self) -> str:
        """An address at which nobody listens, nor will as long as the sandbox runs."""
        return f"https://{HOST}:{self._port(CLOSED)}"

    @property
    def proxy_url(self) -> str:
        """The address of the proxy, without credentials."""
        return self.state.addresses.proxy

    @property
    def control_url(self) -> str:
        """The base of the control API."""
        return self.state.addresses.control

    @property
    def smtp_host(self) -> str:
        """The host of the mail server."""
        return HOST

    @property
    def smtp_ports(self) -> dict[str, int]:
        """The ports of the mail server's listeners ``starttls``, ``tls`` and ``none``."""
        return self.state.addresses.smtp_ports

    @property
    def ca_path(self) -> Path:
        """The certificate authority that clients are told to trust."""
        return self._authority.path

    @property
    def unknown_ca_path(self) -> Path:
        """The certificate authority behind what nobody trusts."""
        return self._unknown_authority.path

    # What to put where

    def tigerpaw_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``tigerpaw`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "soap_user_name": own.soap_user_name,
            "soap_password": own.soap_password,
            "rest_public_key": own.rest_public_key,
            "rest_private_key": own.rest_private_key,
            "url": self.tigerpaw_url,
            "soap_url": self.soap_url,
            "soap_check_operation": "GetAccountList",
            "ca_path": str(self.ca_path),
            **changes,
        }
        return {name: value for name, value in settings.items() if value is not None}

    def connectwise_manage_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``connectwise_manage`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "host": self.connectwise_manage_url.removeprefix("https://"),
            "company_id": own.connectwise_company_id,
            "client_id": own.connectwise_client_id,
            "public_key": own.connectwise_public_key,
            "private_key": own.connectwise_private_key,
            "ca_path": str(self.ca_path),
            **changes,
        }
        return {name: value for name, value in settings.items() if value is not None}

    def autotask_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``autotask`` of the module ``integration``.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "url": self.autotask_url,
            "user_name": own.autotask_user_name,
            "password": own.autotask_password,
            "api_integration_code": own.autotask_integration_code,
            "ca_path": str(self.ca_path),
            **changes,
        }
        return {name: value for name, value in settings.items() if value is not None}

    def security_center_settings(self, **changes: Any) -> dict[str, Any]:
        """
        Return settings for the option ``security_center`` of a module.

        :param changes: Settings to put in place of those of the sandbox; ``None`` leaves one out.
        """
        own = self.state.credentials
        settings = {
            "url": self.security_center_url,
            "username": own.security_center_username,
            "password": own.security_center_password,
            "internal_user": True,
            "ca_path": str(self.ca_path),
            **changes,
        }
        return {name: value for name, value in settings.items() if value is not None}

    def smtp_settings(self, encryption: str = "starttls") -> dict[str, Any]:
        """
        Return the mail options of a module.

        :param encryption: The listener: ``starttls``, ``tls`` or ``none`` (which comes without a login).
        """
        own = self.state.credentials
        settings = {
            "smtp_host": self.smtp_host,
            "smtp_port": self.smtp_ports[encryption],
            "smtp_encryption": encryption,
            "mail_from": "integrations@msp.example",
        }
        if encryption != "none":
            login = {"smtp_username": own.smtp_username, "smtp_password": own.smtp_password}
            settings |= {**login, "smtp_ca_path": str(self.ca_path)}
        return settings

    def webhook_settings(self) -> dict[str, Any]:
        """Return the webhook options of a module."""
        return {
            "webhook_url": self.webhook_url,
            "webhook_secret": self.state.credentials.webhook_secret,
            "webhook_ca_path": str(self.ca_path),
        }

    def proxy_settings(self) -> dict[str, Any]:
        """Return the proxy options of a module. The proxy asks for a login only if it is set to."""
        own = self.state.credentials
        return {
            "proxy": self.proxy_url,
            "proxy_username": own.proxy_username,
            "proxy_password": own.proxy_password,
        }

    def details(self) -> dict[str, Any]:
        """Return all that somebody needs to know to use the sandbox, as plain data."""
        return {
            "pid": os.getpid(),
            "control_url": self.control_url,
            "ca_path": str(self.ca_path),
            "unknown_ca_url": self.unknown_ca_url,
            "security_center_unknown_ca_url": self.security_center_unknown_ca_url,
            "unknown_ca_path": str(self.unknown_ca_path),
            "foreign_url": self.foreign_url,
            "foreign_plain_url": self.foreign_plain_url,
            "closed_url": self.closed_url,
            "smtp_ports": self.smtp_ports,
            "tigerpaw": self.tigerpaw_settings(),
            "security_center": self.security_center_settings(),
            "connectwise_manage": self.connectwise_manage_settings(),
            "autotask": self.autotask_settings(),
            "smtp": self.smtp_settings(),
            "webhook": self.webhook_settings(),
            "proxy": self.proxy_settings(),
        }

    def secrets(self) -> list[str]:
        """Return every secret that there is, added users' included, to look for them where they must not be."""
        own = self.state.credentials
        platforms = [own.connectwise_private_key, own.autotask_password, own.autotask_integration_code]
        secrets = [*platforms, own.smtp_password, own.proxy_password, own.webhook_token, own.webhook_secret]
        first = [own.rest_private_key, own.soap_password, own.security_center_password]
        users = [user.secret for user in self.users()]
        # As they are sent to Security Center.
        encoded = [user.encoded_secret for user in self.state.users.of("security_center")]
        return list(dict.fromkeys([*first, *secrets, *users, *encoded, *self.state.sessions.tokens]))

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
