# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how zeep reaches a SOAP service: through our HTTP client, to one address, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .dependencies import require
from .foreign_text import appearance
from .http import Answer, HttpClient

OTHER_DOCUMENT = "its WSDL wants to load another document, which is never done"


@dataclass(frozen=True)
class Reply:
    """The part of a response of requests that zeep reads."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class SoapTransport:
    """
    Stands in for zeep's own transport, which would follow every address that a WSDL names, and log passwords.

    :param url: of the service; its WSDL is at ``?WSDL``.
    :param credentials: the settings that messages name when the credentials are refused.
    """

    def __init__(self, client: HttpClient, url: str, credentials: str) -> None:
        self._client = client
        self._url = url
        self._credentials = credentials

    @property
    def wsdl_url(self) -> str:
        """Where the service describes itself."""
        return f"{self._url}?WSDL"

    def load(self, url: str) -> bytes:
        """
        Load the WSDL, and no other document.

        :raises IntegrationError: ``unexpected_answer`` if it is none, or if it asks for other documents.
        """
        if url != self.wsdl_url:
            raise self._error(ErrorCode.UNEXPECTED_ANSWER, OTHER_DOCUMENT)
        answer = self._client.send("GET", url, headers=dict)
        looks = appearance(answer.body)
        if answer.status == 200 and looks == "XML":
            return answer.body
        code = ErrorCode.API_UNREACHABLE if answer.status >= 500 else ErrorCode.UNEXPECTED_ANSWER
        told = f"in place of its WSDL it answered with HTTP {answer.status} and {looks}. Check the setting soap_url"
        raise self._error(code, told, answer.status)

    def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> Reply:
        """
        Call an operation that only reads, and may therefore be called again.

        :returns: an answer that looks like one of SOAP's, with HTTP status 200 or 500.
        :raises IntegrationError: the call failed, or was answered with something else.
        """
        if address != self._url:
            raise self._error(ErrorCode.UNEXPECTED_ANSWER, "its WSDL names another address, which is never called")
        message = require("lxml.etree", "lxml").tostring(envelope, xml_declaration=True, encoding="utf-8")
        answer = self._client.send("POST", self._url, headers=lambda: headers, body=message)
        self._refuse_other_than_soap(answer)
        return Reply(answer.status, answer.headers, answer.body)

    def _refuse_other_than_soap(self, answer: Answer) -> None:
        status = answer.status
        looks = appearance(answer.body)
        if status in (200, 500) and looks == "XML":
            return
        if status == 401:
            told = f"it refused the credentials (HTTP 401). Check {self._credentials}"
            raise self._error(ErrorCode.CREDENTIALS_REFUSED, told, status)
        if status == 403:
            told = f"the user lacks a right (HTTP 403 and {looks}). Check what the user may do"
            raise self._error(ErrorCode.RIGHT_MISSING, told, status)
        code = ErrorCode.API_UNREACHABLE if status >= 500 else ErrorCode.UNEXPECTED_ANSWER
        raise self._error(code, f"in place of a SOAP message it answered with HTTP {status} and {looks}", status)

    def _error(self, code: ErrorCode, told: str, status: int | None = None) -> IntegrationError:
        details = {} if status is None else {"status": status}
        return self._client.error(code, self._url, told, **details)
