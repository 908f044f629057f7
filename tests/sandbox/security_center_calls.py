# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The methods of Security Center's Open API."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from .records import Mail
from .security_center_sessions import MAIN_SERVER, LogIn
from .security_center_values import BAD_FORMAT, NOT_EXIST, NOT_PERMITTED, Arguments, OpenApiError, to_json, typed
from .state import State
from .users import User
from .virtual_servers import VirtualServer

WRITING = frozenset({"IWebUsersSrv.SendEmail"})
ALL_USERS = -1
ALL_SERVERS = -1
SENDER = "security-center@msp.example"


class Calls:
    """What can be called. Each takes arguments and returns JSON, or nothing."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._calls: dict[str, Callable[[LogIn, Arguments], bytes | None]] = {
            "HostGroup.GetStaticInfo": self._get_static_info,
            "IWebUsersSrv.SendEmail": self._send_email,
            "SecurityPolicy.GetUsers": self._get_users,
            "VServers.GetVServerInfo": self._get_virtual_server,
            "VServers.GetVServers": self._get_virtual_servers,
        }

    def find(self, name: str) -> Callable[[LogIn, Arguments], bytes | None] | None:
        """Return the method of a name; capitals matter."""
        return self._calls.get(name)

    def _get_virtual_servers(self, login: LogIn, arguments: Arguments) -> bytes:
        group = arguments.integer("lParentGroup")
        # Virtual servers do not nest.
        if login.virtual_server != MAIN_SERVER:
            raise OpenApiError(NOT_PERMITTED)
        return self._state.virtual_servers.listing(group, self._wrapped)

    def _get_virtual_server(self, _login: LogIn, arguments: Arguments) -> bytes:
        number, fields = arguments.integer("lVServer"), arguments.texts("pFields2Return")
        server = self._virtual_server(number).as_answer()
        return to_json({name: server[name] for name in fields if name in server})

    def _virtual_server(self, number: int) -> VirtualServer:
        for server in self._state.virtual_servers.all():
            if server.id == number:
                return server
        raise OpenApiError(NOT_EXIST)

    def _get_static_info(self, login: LogIn, arguments: Arguments) -> bytes:
        known = {**self._static_info(login), **self._state.settings.static_info}
        names = list(known) if arguments.omitted("pValues") else arguments.texts("pValues")
        return to_json({name: known[name] for name in names if known.get(name) is not None})

    def _static_info(self, login: LogIn) -> dict[str, Any]:
        about = {
            "KLADMSRV_SERVER_HOSTNAME": self._state.server_identity,
            "KLADMSRV_PRODUCT_NAME": "1093",
            "KLADMSRV_PRODUCT_VERSION": "1.0.0.0",
            "KLADMSRV_PRODUCT_FULL_VERSION": "14.2.0.26967",
            "KLADMSRV_SERVER_VERSION_ID": 26967,
            "KLADMSRV_B2B_CLOUD_MODE": False,
            "KLADMSRV_MAINTENANCE_SUPPORTED": True,
            "KLADMSRV_EV_EV_SIZE": typed("double", 0.75),
            "KLSRV_NETSIZE": 42,
        }
        if login.virtual_server == MAIN_SERVER:
            own = {"VSID": MAIN_SERVER, "VSUID": "", "IS_VIRTUAL": False}
            groups = {"GRP_ROOT": 0, "GRP_SUPER": 1, "GRP_UNASSIGNED": 3}
        else:
            server = self._virtual_server(login.virtual_server).as_answer()
            own = {"VSID": server["KLVSRV_ID"], "VSUID": server["KLVSRV_UID"], "IS_VIRTUAL": True}
            places = {"ROOT": "GROUPS", "SUPER": "SUPER", "UNASSIGNED": "UNASSIGNED"}
            groups = {f"GRP_{name}": server[f"KLVSRV_{place}"] for name, place in places.items()}
        return about | {f"KLADMSRV_{name}": value for name, value in (own | groups).items()}

    def _get_users(self, _login: LogIn, arguments: Arguments) -> bytes:
        number, server = arguments.integer("lUserId"), arguments.integer("lVsId")
        if server not in (ALL_SERVERS, MAIN_SERVER):
            self._virtual_server(server)
            return to_json([])
        internal = [user for user in self._state.users.of("security_center") if user.internal]
        numbered = enumerate(internal, start=1)
        found = [_describe(user, each) for each, user in numbered if number in (ALL_USERS, each)]
        if not found and number != ALL_USERS:
            raise OpenApiError(NOT_EXIST)
        return to_json([typed("params", each) if self._wrapped else each for each in found])

    def _send_email(self, login: LogIn, arguments: Arguments) -> None:
        arguments.text("wstrRequestId")
        wanted = arguments.container("pParams")
        recipients = wanted.texts("MailRecipients")
        if not recipients or wanted.text("MailBodyType") != "html":
            raise OpenApiError(BAD_FORMAT)
        mail = EmailMessage(policy=SMTP)
        try:
            mail["From"], mail["To"] = SENDER, ", ".join(recipients)
            mail["Subject"] = wanted.text("MailSubject")
        except ValueError:
            raise OpenApiError(BAD_FORMAT) from None
        mail.set_content(wanted.text("MailBody"), subtype="html")
        self._state.record_mail(Mail(SENDER, recipients, mail.as_bytes(), "security_center", False, login.user))

    @property
    def _wrapped(self) -> bool:
        return self._state.settings.containers == "wrapped"


def _describe(user: User, number: int) -> dict[str, Any]:
    return {
        "KLSPL_USER_ID": number,
        "KLSPL_USER_NAME": user.name,
        "KLSPL_USER_FULL_NAME": "",
        "KLSPL_USER_MAIL": f"{user.name}@msp.example",
        "KLSPL_USER_ENABLED": not user.blocked,
    }
