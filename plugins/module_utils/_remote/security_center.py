# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: Kaspersky Security Center (vendor's Open API description).

A session of its Administration Server lists the virtual servers, and sends mail with the server's own settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from types import TracebackType

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Directory
from .._domain.origins import place_of, split_address
from .._domain.redaction import SecretsInPlay
from .._domain.text import clean_name, clean_url
from .envelope import header_text, mail_address
from .foreign_text import visible
from .http import Connection, Endpoint, HttpClient
from .security_center_errors import Call
from .security_center_listing import read_virtual_servers
from .security_center_session import BASE_PATH, Session, authorization
from .typed_values import UnreadableValue

SYSTEM = "Kaspersky Security Center"
DEFAULT_PORT = 13299
LARGEST_LISTING = 128 * 1024 * 1024
"""Bytes, unpacked. A virtual server takes some 450; with a name of 255 escaped characters, 2,000."""

ALL_GROUPS = -1

_HOST_NAME = "KLADMSRV_SERVER_HOSTNAME"
_VIRTUAL_SERVER_ID = "KLADMSRV_VSID"

_GET_STATIC_INFO = Call(
    "HostGroup.GetStaticInfo", "read general information about the Administration Server (Basic functionality: Read)"
)
_GET_VIRTUAL_SERVERS = Call(
    "VServers.GetVServers", "read the list of virtual Administration Servers (Virtual Administration Servers: Read)"
)
_SEND_EMAIL = Call("IWebUsersSrv.SendEmail", "send mail through the Administration Server", repeatable=False)


@dataclass(frozen=True)
class Account:
    """
    Who logs in.

    :param internal_user: whether it is a user of Security Center itself, not of a domain or the operating system.
    """

    username: str
    password: str = field(repr=False)
    internal_user: bool


class SecurityCenter:
    """
    One Administration Server. A context manager: a session is opened with the first call and ended at the exit.

    May be used by several threads; they take turns.

    :param endpoint: without a port in its address, that of the Open API is meant.
    :param in_play: learns the password and what is derived from it.
    :raises IntegrationError: ``invalid_settings``, ``dependency_missing``.
    """

    def __init__(self, endpoint: Endpoint, account: Account, connection: Connection, in_play: SecretsInPlay) -> None:
        address = api_address(endpoint.url)
        login = authorization(account.username, account.password, account.internal_user, in_play)
        self._client = HttpClient(replace(endpoint, url=address), connection, SYSTEM, in_play, LARGEST_LISTING)
        self._session = Session(self._client, address, login, in_play)
        self._in_play = in_play

    def __enter__(self) -> SecurityCenter:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            self._session.end()
        finally:
            self._client.__exit__(_type, _error, _trace)

    def directory(self) -> Directory:
        """
        Ask what there is: one ``HostGroup.GetStaticInfo`` and one ``VServers.GetVServers``, however many there are.

        :returns: the identity of the server, if it tells it, and all virtual servers.
        :raises IntegrationError: ``credentials_refused``, ``two_step_verification``, ``right_missing``,
            ``api_unreachable``, ``throttled``, ``certificate_untrusted``, ``unexpected_answer``.
        """
        identity = self._identity()
        results = self._session.call(_GET_VIRTUAL_SERVERS, {"lParentGroup": ALL_GROUPS})
        try:
            return Directory(identity, read_virtual_servers(results.get("PxgRetVal"), self._in_play))
        except UnreadableValue as trouble:
            raise self._unreadable(_GET_VIRTUAL_SERVERS, str(trouble)) from None

    def send_mail(self, recipient: str, subject: str, body: str, request_id: str) -> None:
        """
        Let the Administration Server send one mail, to exactly one recipient (``IWebUsersSrv.SendEmail``).

        It is handed over once only. Whether it was sent is not known where the answer is lost.

        :param body: plain text; nothing in it becomes markup.
        :param request_id: the same at every attempt.
        :raises IntegrationError: ``invalid_settings`` for the recipient, and as :meth:`directory`.
        """
        try:
            address = mail_address(recipient)
        except ValueError as error:
            told = f"the address of the administrator {error}."
            raise IntegrationError(ErrorCode.INVALID_SETTINGS, told) from None
        mail = {
            "MailRecipients": [address],
            "MailSubject": header_text(subject),
            "MailBodyType": "html",
            "MailBody": html_of(body),
        }
        self._session.call(_SEND_EMAIL, {"pParams": mail, "wstrRequestId": request_id})

    def _identity(self) -> str | None:
        results = self._session.call(_GET_STATIC_INFO, {"pValues": [_HOST_NAME, _VIRTUAL_SERVER_ID]})
        known = results.get("PxgRetVal")
        if not isinstance(known, dict):
            raise self._unreadable(_GET_STATIC_INFO, "tells nothing about the server")
        # An account of a virtual server sees no others: all of them would seem to have vanished.
        if known.get(_VIRTUAL_SERVER_ID):
            told = (
                "the account belongs to one of the virtual servers and cannot see the others. Use an account of the "
                "Administration Server itself"
            )
            raise self._session.error(_GET_STATIC_INFO, ErrorCode.RIGHT_MISSING, told)
        name = known.get(_HOST_NAME)
        try:
            return _without_secret(clean_name(name), self._in_play) if name else None
        except ValueError:
            raise self._unreadable(_GET_STATIC_INFO, f"has no usable {_HOST_NAME}") from None

    def _unreadable(self, call: Call, told: str) -> IntegrationError:
        return self._session.error(call, ErrorCode.UNEXPECTED_ANSWER, f"its answer {told}")


def api_address(url: str) -> str:
    """
    Complete the address of an Administration Server.

    :param url: of the server; the path of its Open API, which the vendor's examples show, may be given as well.
    :returns: the address with port, without that path and without a final slash.
    :raises IntegrationError: ``invalid_settings``: it is no address; the message does not repeat it.
    """
    try:
        cleaned = clean_url(url)
        # What is cleaned has lost the port that is the scheme's own, and 443 may well be meant.
        given_port = split_address(url.strip()).port
        place = place_of(split_address(cleaned))
    except ValueError as error:
        raise IntegrationError(ErrorCode.INVALID_SETTINGS, f"security_center.url: {error}.") from None
    path = split_address(cleaned).path.rstrip("/").removesuffix(BASE_PATH)
    return f"{place.scheme}://{place.bracketed_host}:{given_port or DEFAULT_PORT}{path}"


def _without_secret(text: str, in_play: SecretsInPlay) -> str:
    """Refuse what would outlive, in the registry, the task that masks it."""
    if in_play.redact(text) != text:
        raise ValueError
    return text


def html_of(text: str) -> str:
    """Write a plain text as HTML that shows the same: no character of it is markup, and lines stay lines."""
    return "<br>\n".join(escape(visible(line)) for line in text.splitlines())
