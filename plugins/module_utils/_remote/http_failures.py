# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what is said when a request fails.

Everything in our own words: texts of servers and libraries may contain anything, secrets included.
"""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlsplit

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.origins import origin_of
from .trouble import causes, distrust, trouble


class HttpFailures:
    """
    Words the failures of one system.

    :param system: how messages call it.
    :param shown: what they say in place of its address, if that is a secret.
    :param timeout: seconds, as the user set them.
    """

    def __init__(self, system: str, shown: str | None, timeout: float) -> None:
        self._system = system
        self._shown = shown
        self._timeout = timeout

    def error(self, code: ErrorCode, url: str, told: str, **details: Any) -> IntegrationError:
        """
        Say which system and which address a failure is about; a query is left out.

        :param told: what is wrong and what to do, without the final dot.
        """
        parts = urlsplit(url)
        address = self._shown or f"{parts.scheme}://{parts.netloc}{parts.path}"
        return IntegrationError(code, f"{self._system} ({address}): {told}.", **details)

    def unusable(self, told: str) -> IntegrationError:
        """Refuse a configured address, without repeating it: it may contain anything."""
        return IntegrationError(ErrorCode.INVALID_SETTINGS, f"{self._system}: the address {told}.")

    def untrusted(self, url: str, error: Exception) -> IntegrationError | None:
        """Tell that a certificate is not trusted, if that is what is wrong."""
        told = distrust(error, _is_about_proxy(error))
        return self.error(ErrorCode.CERTIFICATE_UNTRUSTED, url, told) if told else None

    def no_answer(self, url: str, error: Exception, too_slow: bool) -> IntegrationError:
        """Tell why no answer came."""
        if too_slow:
            return self.error(ErrorCode.API_UNREACHABLE, url, f"it did not answer within {self._limit}")
        return self.error(ErrorCode.API_UNREACHABLE, url, _proxy_trouble(error) or trouble(error))

    def half_answer(self, url: str, too_slow: bool) -> IntegrationError:
        """Tell that an answer ended too early or not at all."""
        if too_slow:
            return self.error(ErrorCode.API_UNREACHABLE, url, f"it did not finish its answer within {self._limit}")
        return self.error(ErrorCode.UNEXPECTED_ANSWER, url, "its answer was cut off. Try again")

    def redirect(self, url: str, location: str) -> IntegrationError:
        """Tell where a server wants to send us, as far as that is a server; the rest may hold tokens."""
        target = ""
        if "://" in location and not self._shown:
            with contextlib.suppress(ValueError):
                target = f" to {origin_of(location)}"
        told = (
            f"it redirects{target}, and credentials follow no redirect. Maybe a proxy or a login page is in between, "
            "or the address has changed: give the final one"
        )
        return self.error(ErrorCode.UNEXPECTED_ANSWER, url, told)

    def busy(self, url: str, status: int, pause: float | None) -> IntegrationError:
        """
        Tell that a server wants to be left alone for now.

        :param pause: seconds that it asks for.
        """
        throttled = status == 429
        code = ErrorCode.THROTTLED if throttled else ErrorCode.API_UNREACHABLE
        told = "it got too many requests" if throttled else "it is overloaded or in maintenance, or its gateway fails"
        details: dict[str, Any] = {"status": status}
        if pause is not None:
            details["retry_after"] = round(pause)
        when = f"in {pause:.0f} s" if pause else "later"
        return self.error(code, url, f"{told} (HTTP {status}). Try again {when}", **details)

    @property
    def _limit(self) -> str:
        return f"{self._timeout:g} s (option timeout)"


def _proxy_trouble(error: Exception) -> str | None:
    # Texts of causes are looked at and not shown: they are the proxy's. Types go by name, to load no library here.
    found = causes(error)
    if any("Tunnel connection failed: 407" in str(cause) for cause in found):
        return "the proxy asks for other credentials. Check proxy_username and proxy_password"
    if any("Tunnel connection failed" in str(cause) for cause in found):
        return "the proxy does not lead there. Check the option proxy, and what the proxy allows"
    return "the proxy cannot be reached. Check the option proxy" if _is_about_proxy(error) else None


def _is_about_proxy(error: Exception) -> bool:
    return any(type(cause).__name__ == "ProxyError" for cause in causes(error))
