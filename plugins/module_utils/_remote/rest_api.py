# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what the REST APIs of all platforms have in common: statuses, JSON, and how failures are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from .._domain.errors import ErrorCode
from .._domain.redaction import SecretsInPlay
from .foreign_text import appearance, quote
from .http import Answer, HttpClient

Headers = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Advice:
    """
    What to check, in the words of a platform's settings.

    :param credentials: where the API refuses them.
    :param right: where the user lacks a right.
    :param address: where something else answers.
    """

    credentials: str
    right: str
    address: str


class RestApi:
    """
    Asks one REST API for JSON.

    :param client: whom to ask.
    :param headers: of each attempt, credentials included.
    :param in_play: what the API says is redacted by it.
    :param hint: tells from a refusal what else may be the reason, as the end of a sentence.
    """

    def __init__(
        self,
        client: HttpClient,
        headers: Headers,
        in_play: SecretsInPlay,
        advice: Advice,
        hint: Callable[[Answer], str] = lambda _answer: "",
    ) -> None:
        self._client = client
        self._headers = headers
        self._in_play = in_play
        self._advice = advice
        self._hint = hint

    def get(self, url: str, meaningful: Container[int] = (200,)) -> tuple[Any, Answer]:
        """
        Ask by ``GET``.

        :param meaningful: statuses that are not refused; those of failures only with JSON.
        :returns: the JSON, and the answer around it.
        :raises IntegrationError: ``credentials_refused``, ``right_missing``, ``api_unreachable``, ``throttled``,
            ``certificate_untrusted`` or ``unexpected_answer``.
        """
        return self._asked("GET", url, self._headers, None, meaningful)

    def search(self, url: str, question: object) -> Any:
        """
        Ask by ``POST``, for what changes nothing and may be repeated.

        :param question: goes out as JSON.
        :returns: the JSON of the answer.
        :raises IntegrationError: as :meth:`get` does.
        """
        headers = self._headers

        def with_type() -> Mapping[str, str]:
            return {**headers(), "Content-Type": "application/json"}

        return self._asked("POST", url, with_type, json.dumps(question).encode())[0]

    def refuse(self, code: ErrorCode, url: str, told: str, **details: Any) -> NoReturn:
        """
        Fail with what is wrong with an answer.

        :param told: without the final dot.
        """
        raise self._client.error(code, url, told, **details)

    def unexpected(self, url: str, told: str) -> NoReturn:
        """Fail because something else came than was asked for."""
        self.refuse(ErrorCode.UNEXPECTED_ANSWER, url, f"it answered with {told}. {self._advice.address}")

    def refuse_status(self, url: str, answer: Answer, content: Any) -> NoReturn:
        """Fail because of the status of an answer, with what the API says of it."""
        status, reason = answer.status, quote(reason_given(content), self._in_play)
        looks = f"HTTP {status}: {reason}" if reason else f"HTTP {status} and {appearance(answer.body)}"
        if status == 401:
            told = f"it refused the credentials ({looks}). {self._advice.credentials}{self._hint(answer)}"
            self.refuse(ErrorCode.CREDENTIALS_REFUSED, url, told, status=status)
        if status == 403:
            told = f"the user lacks a right ({looks}). {self._advice.right}"
            self.refuse(ErrorCode.RIGHT_MISSING, url, told, status=status)
        if status >= 500:
            told = f"it failed ({looks}). Look into its log, or try again later"
            self.refuse(ErrorCode.API_UNREACHABLE, url, told, status=status)
        told = f"it answered with {looks}. {self._advice.address}"
        self.refuse(ErrorCode.UNEXPECTED_ANSWER, url, told, status=status)

    def _asked(
        self, method: str, url: str, headers: Headers, body: bytes | None, meaningful: Container[int] = (200,)
    ) -> tuple[Any, Answer]:
        answer = self._client.send(method, url, headers=headers, body=body)
        content = parse(answer.body)
        readable = content is not None or answer.body.strip() == b"null"
        if answer.status not in meaningful or (answer.status >= 400 and not readable):
            self.refuse_status(url, answer, content)
        if not readable:
            self.unexpected(url, "damaged JSON" if (looks := appearance(answer.body)) == "JSON" else looks)
        return content, answer


def parse(body: bytes) -> Any:
    """Read JSON; nothing where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def reason_given(content: Any) -> str:
    """
    Find what an API says of its failure.

    ConnectWise Manage has ``message`` and ``errors`` with messages of their own, Autotask ``errors`` that are texts,
    Tigerpaw ``Message``.
    """
    if not isinstance(content, dict):
        return ""
    errors = content.get("errors")
    listed = errors if isinstance(errors, list) else []
    inner = [item.get("message") if isinstance(item, dict) else item for item in listed]
    texts = [content.get("message"), content.get("Message"), *inner]
    return "; ".join(text for text in texts if isinstance(text, str) and text)
