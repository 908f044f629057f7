# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the one way in which HTTP requests leave the collection.

HTTPS only (plain HTTP on loopback alone), to the configured origin only, without redirects, cookies, ``.netrc`` and
environment variables, with limits on time and size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.origins import place_of, split_address
from .._domain.redaction import SecretsInPlay
from .body import LARGEST_ANSWER, UnreadableBody, read_body
from .deadline import Deadline
from .dependencies import require, silence
from .http_failures import HttpFailures
from .proxy import read_proxy
from .retry_after import seconds_to_wait
from .tls import tls_context

Understood = TypeVar("Understood")

FIRST_PAUSE = 0.5
"""Seconds before the first repetition; doubled each time, with a random part so that many runs do not keep step."""

LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
"""Seconds. A server that asks for more gets no second request in this run."""

_PASSING_STATUSES = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "msp.kaspersky (Ansible collection)", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True)
class Connection:
    """
    How to connect, whatever the system; the options of the group ``verification``.

    :param timeout: seconds that one request may take, its answer included.
    :param retries: how often a request that may be repeated is repeated.
    :param proxy: for HTTPS; without credentials in it.
    """

    timeout: float = 30.0
    retries: int = 3
    proxy: str | None = None
    proxy_username: str | None = None
    proxy_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Endpoint:
    """
    A system and how it is trusted.

    :param url: all requests go to its origin (scheme, host, port).
    :param ca_path: authorities to trust in place of the usual ones.
    :param shown: what messages say in place of the address, if that is a secret.
    """

    url: str = field(repr=False)
    validate_certs: bool = True
    ca_path: str | None = None
    shown: str | None = None


@dataclass(frozen=True)
class Answer:
    """
    What a server answered.

    :param headers: by name, in any case.
    :param body: unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Passing(Exception):
    """A failure that may pass by itself, and how many seconds the server asks for."""

    def __init__(self, error: IntegrationError, pause: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.pause = pause or 0.0


class HttpClient:
    """
    Sends requests to one system. A context manager.

    :param system: how messages call it, for example ``Tigerpaw REST API``.
    :param in_play: learns the credentials of the proxy.
    :param largest: bytes that an answer may have.
    :raises IntegrationError: ``invalid_settings`` if address, proxy or ``ca_path`` cannot be used,
        ``dependency_missing``.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        connection: Connection,
        system: str,
        in_play: SecretsInPlay | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        self._failures = HttpFailures(system, endpoint.shown, connection.timeout)
        self._connection = connection
        self.way = (endpoint, connection.proxy)
        """Whom it asks, how that one is trusted, and through which proxy; without credentials."""
        self._largest = largest
        self._origin = self._origin_of(endpoint.url)
        self._tenacity = require("tenacity")
        self._requests = require("requests")
        # Older ones cannot verify a server by its IP address with a TLS context of ours.
        of_requests, of_urllib3 = self._requests.exceptions, require("urllib3", major=2).exceptions
        silence("urllib3")
        self._foreign = (of_requests.RequestException, of_urllib3.HTTPError, OSError, ValueError)
        self._timeouts = (of_requests.Timeout, of_urllib3.TimeoutError, TimeoutError)
        self._session = self._open(endpoint, in_play or SecretsInPlay())

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._session.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]],
        body: bytes | None = None,
        repeatable: bool = True,
        timeout: float | None = None,
    ) -> Answer:
        """
        Send a request and read its answer.

        :param url: an address of the configured origin.
        :param headers: is called anew for each attempt, so that each is signed anew.
        :param repeatable: whether a second attempt does no harm.
        :param timeout: seconds for an attempt, if fewer than those of the connection.
        :returns: an answer of any status other than a redirect, 429, 502, 503 and 504.
        :raises IntegrationError: ``api_unreachable``, ``certificate_untrusted``, ``throttled``, ``unexpected_answer``.
        """
        seconds = min(timeout or self._connection.timeout, self._connection.timeout)
        return self._repeated(url, repeatable, lambda: self._attempt(method, url, headers, body, seconds))

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Callable[[], Mapping[str, str]],
        understand: Callable[[Answer], Understood],
        body: bytes | None = None,
        repeatable: bool = True,
    ) -> Understood:
        """
        Send a request and understand its answer: for systems that tell of failures in words of their own.

        :param understand: may raise :class:`Passing`. Then the request is repeated as after a status of 503.
        :returns: what ``understand`` made of the answer; all else is as with :meth:`send`.
        """
        timeout = self._connection.timeout
        return self._repeated(url, repeatable, lambda: understand(self._attempt(method, url, headers, body, timeout)))

    def error(self, code: ErrorCode, url: str, told: str, **details: Any) -> IntegrationError:
        """
        Make an error that says which system and which address it is about.

        :param told: what is wrong and what to do, without the final dot and without any secret.
        """
        return self._failures.error(code, url, told, **details)

    def _repeated(self, url: str, repeatable: bool, attempt: Callable[[], Understood]) -> Understood:
        if self._origin_of(url) != self._origin:
            told = "it leads elsewhere than the configured address, so nothing was sent"
            raise self.error(ErrorCode.UNEXPECTED_ANSWER, url, told)
        retrying = self._tenacity.Retrying(
            stop=self._tenacity.stop_after_attempt(1 + (self._connection.retries if repeatable else 0)),
            wait=self._pause,
            retry=self._tenacity.retry_if_exception_type(Passing),
            sleep=time.sleep,
            reraise=True,
        )
        try:
            understood: Understood = retrying(attempt)
        except Passing as passing:
            raise passing.error from None
        return understood

    def _origin_of(self, url: str) -> str:
        try:
            place = place_of(split_address(url))
        except ValueError as error:
            raise self._failures.unusable(str(error)) from None
        if place.scheme != "https" and not place.is_loopback:
            raise self._failures.unusable("must begin with https:// (plain HTTP is for the loopback interface only)")
        return place.origin

    def _open(self, endpoint: Endpoint, in_play: SecretsInPlay) -> Any:
        from .session import open_session

        connection = self._connection
        proxy = read_proxy(connection.proxy, connection.proxy_username, connection.proxy_password, in_play)
        tls = tls_context(endpoint.validate_certs, endpoint.ca_path)
        # A proxy gets credentials of its own, so it has to prove who it is even where the system need not.
        proxy_tls = tls_context(True, endpoint.ca_path) if proxy and proxy.is_secure else None
        return open_session(tls, proxy, proxy_tls)

    def _pause(self, state: Any) -> float:
        growing = self._tenacity.wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)
        jitter = self._tenacity.wait_random(0, FIRST_PAUSE)
        asked: float = state.outcome.exception().pause
        return max(float((growing + jitter)(state)), asked)

    def _attempt(
        self, method: str, url: str, headers: Callable[[], Mapping[str, str]], body: bytes | None, timeout: float
    ) -> Answer:
        sent = {**_HEADERS, **headers()}
        with Deadline(timeout) as deadline:
            response = self._ask(method, url, sent, body, deadline)
            with closing(response):
                self._refuse_status(url, response)
                return Answer(response.status_code, response.headers, self._read(url, response, deadline))

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline) -> Any:
        prepared = self._prepare(method, url, headers, body)
        try:
            return self._session.send(prepared, timeout=deadline.seconds, stream=True)
        except self._foreign as error:
            too_slow = deadline.passed or isinstance(error, self._timeouts)
            passing = Passing(self._failures.no_answer(url, error, too_slow))
            raise self._failures.untrusted(url, error) or passing from None

    def _prepare(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        try:
            for value in headers.values():
                value.encode("latin-1")  # which http.client would do, after connecting
            return self._session.prepare_request(self._requests.Request(method, url, headers, data=body))
        except self._foreign:
            told = "one of the settings contains characters that an HTTP request cannot carry"
            raise self.error(ErrorCode.INVALID_SETTINGS, url, told) from None

    def _read(self, url: str, response: Any, deadline: Deadline) -> bytes:
        def read(size: int) -> bytes:
            piece: bytes = response.raw.read(size, decode_content=False)
            return piece

        try:
            body = read_body(read, response.headers.get("Content-Encoding", ""), self._largest)
        except UnreadableBody as error:
            raise self.error(ErrorCode.UNEXPECTED_ANSWER, url, f"its answer {error}") from None
        except self._foreign as error:
            too_slow = deadline.passed or isinstance(error, self._timeouts)
            raise self._failures.half_answer(url, too_slow) from None
        if deadline.passed:  # an answer without a stated length looks complete when its connection ends
            raise self._failures.half_answer(url, too_slow=True)
        return body

    def _refuse_status(self, url: str, response: Any) -> None:
        status = response.status_code
        if status in _REDIRECTS:
            raise self._failures.redirect(url, response.headers.get("Location", ""))
        if status in _PASSING_STATUSES:
            pause = seconds_to_wait(response.headers.get("Retry-After"), datetime.now(UTC))
            error = self._failures.busy(url, status, pause)
            if pause is not None and pause > LONGEST_RETRY_AFTER:
                raise error
            raise Passing(error, pause)
