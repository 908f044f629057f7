# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that the sandbox knows at a moment; one lock guards it, because clients and tests run in many threads."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .accounts import Account, default_accounts
from .companies import PLATFORMS, Company, default_companies
from .credentials import Credentials
from .misbehaviour import Misbehaviour, Misbehaviours, make_misbehaviour
from .records import Mail, RecordedRequest
from .security_center_sessions import Sessions
from .settings import Settings
from .users import User, Users, Verdict, make_user
from .virtual_servers import VirtualServers


@dataclass(frozen=True)
class Addresses:
    """Where everything listens."""

    tigerpaw: str
    security_center: str
    security_center_unknown_ca: str
    connectwise_manage: str
    autotask: str
    webhook: str
    foreign: str
    foreign_plain: str
    unknown_ca: str
    control: str
    proxy: str
    closed: str
    """Where nobody listens, nor will as long as the sandbox runs."""
    smtp_ports: dict[str, int]
    """The ports of the three listeners ``starttls``, ``tls`` and ``none``."""


class State:
    """What was received, who may come in, what is set, and what goes wrong."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.credentials = Credentials()
        self.server_identity = str(uuid.uuid4())
        """What Security Center's Administration Server is told apart by."""
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget all that happened and was set; addresses and the first credentials stay."""
        with self._lock:
            self.settings = Settings()
            self.misbehaviours = Misbehaviours()
            self.users = Users()
            self.accounts: list[Account] = default_accounts()
            self.companies: dict[str, list[Company]] = {platform: default_companies() for platform in PLATFORMS}
            self.autotask_requests = 0
            self.sessions = Sessions()
            self.virtual_servers = VirtualServers()
            self._requests: list[RecordedRequest] = []
            self._mails: list[Mail] = []
            own = self.credentials
            self.users.add(make_user("rest", own.rest_public_key, own.rest_private_key))
            self.users.add(make_user("soap", own.soap_user_name, own.soap_password))
            self.users.add(make_user("connectwise_manage", own.connectwise_public_key, own.connectwise_private_key))
            self.users.add(make_user("autotask", own.autotask_user_name, own.autotask_password))
            administrator = own.security_center_username, own.security_center_password
            self.users.add(make_user("security_center", *administrator))

    def count_autotask_request(self) -> int:
        """Count one more request against Autotask's threshold; says how many there are by now."""
        with self._lock:
            self.autotask_requests += 1
            return self.autotask_requests

    def record(self, request: RecordedRequest) -> None:
        """Remember a request."""
        with self._lock:
            self._requests.append(request)

    def record_mail(self, mail: Mail) -> None:
        """Remember a mail."""
        with self._lock:
            self._mails.append(mail)

    def requests(self, system: str | None = None, writing: bool | None = None) -> list[RecordedRequest]:
        """
        Return what was received, oldest first.

        :param system: Only what this system received.
        :param writing: Only what would change something, or only what would not.
        """
        with self._lock:
            return [
                request
                for request in self._requests
                if system in (None, request.system) and writing in (None, request.writing)
            ]

    def mails(self) -> list[Mail]:
        """Return the mails that were accepted, oldest first."""
        with self._lock:
            return list(self._mails)

    def forget_requests(self) -> None:
        """Forget the requests, webhooks included."""
        with self._lock:
            self._requests.clear()

    def forget_mails(self) -> None:
        """Forget the mails."""
        with self._lock:
            self._mails.clear()

    def judge(self, system: str, name: str, right: str, proves: Callable[[User], bool]) -> Verdict:
        """Decide about the credentials of a request; see :meth:`Users.judge`."""
        with self._lock:
            return self.users.judge(system, name, right, proves, self.settings.lockout_after)

    def add_user(self, system: str, **details: Any) -> User:
        """Add or replace an API user; see :func:`make_user`."""
        with self._lock:
            return self.users.add(make_user(system, **details))

    def change_settings(self, **values: Any) -> None:
        """Change settings; see :meth:`Settings.change`."""
        with self._lock:
            self.settings.change(values)

    def misbehave(
        self, system: str, kind: str, times: int | str | None = None, only: str | None = None, **options: Any
    ) -> None:
        """Switch a misbehaviour on; see :data:`KINDS` for what there is."""
        with self._lock:
            self.misbehaviours.add(make_misbehaviour(system, kind, times, only, options))

    def behave(self, system: str | None = None) -> None:
        """Switch all misbehaviours off, or all of one system."""
        with self._lock:
            self.misbehaviours.clear(system)

    def take_misbehaviour(self, system: str, **about: Any) -> Misbehaviour | None:
        """Return the misbehaviour that a request gets; see :meth:`Misbehaviours.take`."""
        with self._lock:
            return self.misbehaviours.take(system, **about)
