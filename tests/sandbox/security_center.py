# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Center's Administration Server: its Open API, with both ways to log in."""

from __future__ import annotations

import hmac
import json
from typing import Any

from starlette.responses import Response

from .answers import login_page
from .records import RecordedRequest
from .security_center_calls import WRITING, Calls
from .security_center_sessions import MAIN_SERVER, LogIn, decode, parse_authorization
from .security_center_values import (
    BLOCKED,
    MEDIA_TYPE,
    NO_ACCESS,
    NOT_FOUND,
    Arguments,
    OpenApiError,
    open_api_answer,
    to_json,
)
from .state import State
from .users import User, Verdict

BASE = "/api/v1.0/"
LOGIN = "login"
START_SESSION = "Session.StartSession"
END_SESSION = "Session.EndSession"
SESSION = "x-ksc-session"


class Refusal(Exception):
    """The request is answered with another status than 200."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(status)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = Response(text, status, sent, media_type="text/plain")


def called(request: RecordedRequest) -> str:
    """Name the method that a request calls, right or wrong."""
    return request.path.removeprefix(BASE) if request.path.startswith(BASE) else ""


def second_step() -> Refusal:
    """Ask for a second step of logging in."""
    return Refusal(401, "Authentication not finished", WWW_Authenticate="KSCMFA")


class SecurityCenter:
    """Answers what is sent to the Administration Server."""

    def __init__(self, state: State, recorded_as: str = "security_center") -> None:
        """
        Make the server.

        :param recorded_as: The system that requests are recorded for.
        """
        self._state = state
        self._calls = Calls(state)
        self._recorded_as = recorded_as

    def recognise(self, request: RecordedRequest) -> None:
        """Tell what a request wants."""
        request.system = self._recorded_as
        request.operation = called(request)
        request.writing = request.operation in WRITING

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        if request.path.lower() == "/login":
            return login_page()
        try:
            result = self._result(request)
            body = b"{}" if result is None else b'{"PxgRetVal":' + result + b"}"
        except OpenApiError as error:
            body = to_json(error.as_answer())
        except Refusal as refusal:
            return refusal.response
        return open_api_answer(body, pack=self._packs(request))

    def _packs(self, request: RecordedRequest) -> bool:
        setting = self._state.settings.gzip
        asked = "gzip" in request.headers.get("accept-encoding", "").lower()
        return setting == "always" or (setting == "asked" and asked)

    def _result(self, request: RecordedRequest) -> bytes | None:
        self._check_request(request)
        if request.operation == LOGIN:
            self._log_in_connection(request)
            return None
        if request.operation == START_SESSION:
            return to_json(self._state.sessions.start(self._log_in(request)))
        login = self._who_calls(request)
        if request.operation == END_SESSION:
            self._end_session(request)
            return None
        return self._call(request, login)

    def _check_request(self, request: RecordedRequest) -> None:
        if not request.operation:
            raise Refusal(404, "Not Found")
        if request.method != "POST":
            raise Refusal(405, "Method Not Allowed", Allow="POST")
        if request.early:
            raise Refusal(400, "The previous request is not answered yet", Connection="close")
        if request.headers.get("content-type", MEDIA_TYPE) != MEDIA_TYPE:
            raise Refusal(415, "Unsupported Media Type")

    # Who somebody is

    def _log_in_connection(self, request: RecordedRequest) -> None:
        sessions = self._state.sessions
        sessions.release(request.connection)
        sessions.bind(request.connection, self._log_in(request))

    def _log_in(self, request: RecordedRequest) -> LogIn:
        user = self._authenticate(request.headers.get("authorization", ""))
        if user.two_step:
            raise second_step()
        return LogIn(user.name, self._asked_virtual_server(request.headers.get("x-ksc-vserver", "")))

    def _authenticate(self, authorization: str) -> User:
        refused = Refusal(401, "Unauthorized", WWW_Authenticate="KSCBasic")
        given = parse_authorization(authorization)
        user = given and self._state.users.get("security_center", given.name)
        if not given or not user or user.internal is not given.internal:
            raise refused
        if user.blocked or user.refusals >= self._state.settings.lockout_after:
            raise OpenApiError(BLOCKED)

        def proves(known: User) -> bool:
            return hmac.compare_digest(known.secret.encode(), given.password.encode())

        if self._state.judge("security_center", given.name, "", proves) is Verdict.REFUSED:
            raise refused
        return user

    def _asked_virtual_server(self, header: str) -> int:
        """Return the number of the virtual server that somebody logs in to."""
        if header in ("", "x"):
            return MAIN_SERVER
        try:
            name = decode(header)
        except ValueError:
            raise Refusal(401, "Unauthorized") from None
        for server in self._state.virtual_servers.all():
            if server.name == name:
                return server.id
        raise Refusal(401, "Unauthorized")

    def _who_calls(self, request: RecordedRequest) -> LogIn:
        token, settings = request.headers.get(SESSION), self._state.settings
        if token is None:
            login = self._state.sessions.of_connection(request.connection)
            missing = Refusal(401, "Unauthorized", WWW_Authenticate="KSCBasic")
        else:
            login = self._state.sessions.use(token, settings.session_seconds, settings.session_calls)
            missing = Refusal(403, "Forbidden")
        if login is None:
            raise missing
        return login

    def _end_session(self, request: RecordedRequest) -> None:
        if SESSION not in request.headers:
            raise Refusal(403, "Forbidden")
        self._state.sessions.end(request.headers[SESSION])

    # What somebody wants

    def _call(self, request: RecordedRequest, login: LogIn) -> bytes | None:
        call = self._calls.find(request.operation)
        if call is None:
            if self._state.settings.unknown_call == "error":
                raise OpenApiError(NOT_FOUND)
            raise Refusal(404, "Not Found")
        user = self._state.users.get("security_center", login.user)
        if user is None or not user.may(request.operation):
            raise OpenApiError(NO_ACCESS)
        if user.blocked:
            raise OpenApiError(BLOCKED)
        return call(login, Arguments(self._arguments(request)))

    def _arguments(self, request: RecordedRequest) -> dict[str, Any]:
        try:
            arguments = json.loads(request.body or b"{}")
        except ValueError:
            raise Refusal(400, "Bad Request") from None
        if not isinstance(arguments, dict):
            raise Refusal(400, "Bad Request")
        return arguments
