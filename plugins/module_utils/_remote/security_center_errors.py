# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what an answer of Security Center's Open API means (vendor's Open API description, "Some error definitions").

A failure is a ``PxgError`` with a code, mostly with HTTP 200. Its words are shown only as far as ``foreign_text`` lets
them through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.redaction import SecretsInPlay
from .foreign_text import appearance, quote
from .http import Answer, HttpClient, Passing
from .typed_values import UnreadableValue, decode, is_number

UNAVAILABLE = 1195

_TWO_STEP_SCHEME = "KSCMFA"


@dataclass(frozen=True)
class Call:
    """
    A method of the Open API.

    :param method: for example ``VServers.GetVServers``.
    :param right: what an account has to be allowed to do for it; goes on after "has to be allowed to".
    :param repeatable: whether a second time does no harm.
    """

    method: str
    right: str
    repeatable: bool = True


class Forbidden(Exception):
    """
    HTTP 403: the session has ended, or the account may not make the call. The server says the same to both.

    :param looks: what the answer looks like.
    """

    def __init__(self, looks: str) -> None:
        super().__init__()
        self.looks = looks


@dataclass(frozen=True)
class _Fault:
    """A ``PxgError``."""

    code: int
    message: str


class Answers:
    """
    Reads what one server answers.

    :param client: words the errors.
    :param in_play: what must not be shown of the server's texts.
    """

    def __init__(self, client: HttpClient, in_play: SecretsInPlay) -> None:
        self._client = client
        self._in_play = in_play

    def read(self, call: Call, url: str, answer: Answer) -> dict[str, Any]:
        """
        Take the results out of an answer.

        :returns: ``PxgRetVal`` and the other results, by name.
        :raises Forbidden: HTTP 403.
        :raises Passing: the server is not available for now.
        :raises IntegrationError: ``credentials_refused``, ``two_step_verification``, ``right_missing``,
            ``api_unreachable``, ``unexpected_answer``; with ``status`` or ``ksc_code``.
        """
        content, trouble = _content_of(answer)
        fault = _fault_in(content)
        if answer.status == 200 and isinstance(content, dict) and content.get("PxgError") is None:
            return content
        if fault is not None and answer.status not in (401, 403):
            raise self._failed(call, url, fault)
        if answer.status == 200:
            told = f"its answer {trouble}" if trouble else f"it answered with {_looks(answer)}"
            raise self._client.error(ErrorCode.UNEXPECTED_ANSWER, url, f"{told}. Check security_center.url")
        raise self._refused(call, url, answer, fault)

    def forbidden(self, call: Call, url: str, told: str, forbidden: Forbidden) -> IntegrationError:
        """
        Make the error for a call that is not a matter of the session.

        :param told: what the server does not do.
        """
        told = f"{told} (HTTP 403 and {forbidden.looks}). {_RIGHT.format(right=call.right)}"
        return self._client.error(ErrorCode.RIGHT_MISSING, url, told, status=403)

    def _failed(self, call: Call, url: str, fault: _Fault) -> Exception:
        code, told = _MEANINGS.get(fault.code, (ErrorCode.UNEXPECTED_ANSWER, "the call failed{said}"))
        told = told.format(said=self._said(fault), right=call.right, method=call.method)
        error = self._client.error(code, url, told, ksc_code=fault.code)
        return Passing(error) if fault.code == UNAVAILABLE else error

    def _refused(self, call: Call, url: str, answer: Answer, fault: _Fault | None) -> Exception:
        status = answer.status
        if status == 401:
            return self._not_logged_in(call, url, answer, fault)
        if status == 403:
            return Forbidden(_looks(answer))
        looks = f"HTTP {status} and {_looks(answer)}"
        if status >= 500:
            told = f"it failed ({looks}). Look into its log, or try again later"
            return self._client.error(ErrorCode.API_UNREACHABLE, url, told, status=status)
        told = f"it answered with {looks}. Check security_center.url: it has to lead to the Open API"
        return self._client.error(ErrorCode.UNEXPECTED_ANSWER, url, told, status=status)

    def _not_logged_in(self, call: Call, url: str, answer: Answer, fault: _Fault | None) -> Exception:
        if _TWO_STEP_SCHEME in answer.headers.get("WWW-Authenticate", "").upper():
            return self._client.error(ErrorCode.TWO_STEP_VERIFICATION, url, _TWO_STEP, status=answer.status)
        if fault is not None and fault.code in _MEANINGS and fault.code != UNAVAILABLE:
            return self._failed(call, url, fault)
        told = f"it refused the login (HTTP 401). {_CHECK_ACCOUNT}"
        return self._client.error(ErrorCode.CREDENTIALS_REFUSED, url, told, status=answer.status)

    def _said(self, fault: _Fault) -> str:
        reason = quote(fault.message, self._in_play)
        return f" ({reason}, code {fault.code})" if reason else f" (code {fault.code})"


_RIGHT = "The account has to be allowed to {right}"
_CHECK_ACCOUNT = "Check username, password and internal_user in security_center"
_TWO_STEP = (
    "it asks for two-step verification, which a task cannot answer. Make an exception for this account in the "
    "properties of the Administration Server, or use another one"
)
_NO_RIGHT = "the account lacks a right{said}. " + _RIGHT
_UNKNOWN_CALL = (
    "it does not know {method}{said}. Check security_center.url and the version of the Administration Server"
)

_MEANINGS: dict[int, tuple[ErrorCode, str]] = {
    1184: (ErrorCode.RIGHT_MISSING, _NO_RIGHT),
    1193: (ErrorCode.RIGHT_MISSING, _NO_RIGHT),
    1194: (ErrorCode.UNEXPECTED_ANSWER, _UNKNOWN_CALL),
    UNAVAILABLE: (ErrorCode.API_UNREACHABLE, "it starts, stops or is in maintenance{said}. Try again later"),
    1229: (ErrorCode.UNEXPECTED_ANSWER, "a limit of the server or of its licence is reached{said}"),
    1453: (ErrorCode.CREDENTIALS_REFUSED, "it refused the login{said}. " + _CHECK_ACCOUNT),
    2013: (
        ErrorCode.CREDENTIALS_REFUSED,
        "the account is blocked after too many wrong passwords{said}. Do not repeat the task, which may block it for "
        "longer: let an administrator unblock it, then check username and password in security_center",
    ),
}


def _content_of(answer: Answer) -> tuple[Any, str]:
    """Read the body, or tell what is wrong with it if it should be JSON."""
    try:
        return decode(answer.body), ""
    except UnreadableValue as trouble:
        return None, str(trouble) if appearance(answer.body) == "JSON" else ""


def _fault_in(content: Any) -> _Fault | None:
    error = content.get("PxgError") if isinstance(content, dict) else None
    if not isinstance(error, dict) or not is_number(error.get("code")):
        return None
    message = error.get("message")
    return _Fault(error["code"], message if isinstance(message, str) else "")


def _looks(answer: Answer) -> str:
    looks = appearance(answer.body)
    return "JSON of another shape" if looks == "JSON" and answer.status == 200 else looks
