# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: a login at Security Center's Open API (vendor's Open API description, class ``Session``)."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.redaction import SecretsInPlay
from .http import HttpClient
from .security_center_errors import Answers, Call, Forbidden
from .typed_values import encode

BASE_PATH = "/api/v1.0"
LONGEST_FAREWELL = 5.0
"""Seconds. Whoever interrupts a task, or waited in vain for the server already, waits for its end as well."""

_START = Call("Session.StartSession", "log in to the Administration Server")
_END = Call("Session.EndSession", "end its session")
_LOGINS_OF_A_CALL = 2
_LOCKING = frozenset({ErrorCode.CREDENTIALS_REFUSED, ErrorCode.TWO_STEP_VERIFICATION})
_TOKEN = re.compile("[!-~]{1,4096}")


class Session:
    """
    A session, opened with the first call and renewed when it has ended. Calls are made one at a time.

    :param address: of the server, with port and without a final slash.
    :param authorization: the header of the login.
    :param in_play: learns the session's token.
    """

    def __init__(self, client: HttpClient, address: str, authorization: str, in_play: SecretsInPlay) -> None:
        self._client = client
        self._address = f"{address}{BASE_PATH}"
        self._authorization = authorization
        self._in_play = in_play
        self._answers = Answers(client, in_play)
        self._token: str | None = None
        self._refusal: IntegrationError | None = None
        self._lock = threading.Lock()

    def call(self, call: Call, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """
        Make a call.

        :returns: its results by name; what the method itself returns is ``PxgRetVal``.
        :raises IntegrationError: as :meth:`Answers.read` tells, and :meth:`HttpClient.send`.
        """
        with self._lock:
            for _login in range(_LOGINS_OF_A_CALL):
                self._token = self._token or self._start()
                try:
                    return self._ask(call, arguments, {"X-KSC-Session": self._token})
                except Forbidden as forbidden:
                    refusal = forbidden
                    self._leave()
            told = "it does not allow the call, not even after another login"
            raise self._answers.forbidden(call, self._url(call), told, refusal)

    def end(self) -> None:
        """End the session, if there is one. Whether that works makes no difference to anyone, so nothing is raised."""
        with self._lock:
            self._leave()

    def error(self, call: Call, code: ErrorCode, told: str, **details: Any) -> IntegrationError:
        """Make an error about the answer to a call."""
        return self._client.error(code, self._url(call), told, **details)

    def _start(self) -> str:
        if self._refusal is not None:  # tried once for each of many mails, a wrong password locks its account out
            raise self._refusal
        try:
            results = self._ask(_START, {}, {"Authorization": self._authorization})
        except Forbidden as forbidden:
            told = "it does not let the account in"
            raise self._answers.forbidden(_START, self._url(_START), told, forbidden) from None
        except IntegrationError as error:
            self._refusal = error if error.code in _LOCKING else None
            raise
        token = results.get("PxgRetVal")
        if not _is_token(token):
            raise self.error(_START, ErrorCode.UNEXPECTED_ANSWER, "its answer to the login is no session")
        self._in_play.add(token)
        return str(token)

    def _leave(self) -> None:
        token, self._token = self._token, None
        if token is None:
            return
        headers = _headers({"X-KSC-Session": token})
        with suppress(Exception):
            self._client.send(
                "POST",
                self._url(_END),
                headers=lambda: headers,
                body=encode({}),
                repeatable=False,
                timeout=LONGEST_FAREWELL,
            )

    def _ask(self, call: Call, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        url = self._url(call)
        return self._client.exchange(
            "POST",
            url,
            headers=lambda: _headers(headers),
            understand=lambda answer: self._answers.read(call, url, answer),
            body=encode(arguments),
            repeatable=call.repeatable,
        )

    def _url(self, call: Call) -> str:
        return f"{self._address}/{call.method}"


def authorization(username: str, password: str, internal_user: bool, in_play: SecretsInPlay) -> str:
    """
    Make the header ``Authorization`` of a login.

    :param internal_user: whether the account is one of Security Center itself, not of a domain or the system.
    :param in_play: learns the password and both encoded parts, which is all of the header that is not the same for all.
    """
    user, secret = _encoded(username), _encoded(password)
    in_play.add(password, user, secret)
    return f'KSCBasic user="{user}", pass="{secret}", internal="{int(internal_user)}"'


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def _headers(own: Mapping[str, str]) -> dict[str, str]:
    # A listing of thousands of virtual servers shrinks to a twentieth.
    return {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip", **own}


def _is_token(value: object) -> bool:
    # It becomes the value of a header.
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
