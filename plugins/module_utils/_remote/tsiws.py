# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: Tigerpaw's web service ``tsiWS`` (ASP.NET), as its WSDL describes it.

User name and password go in a header of each message (vendor's SOAP help, "AuthHeader").
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._domain.text import clean_operation, nearest
from .dependencies import require, silence
from .http import HttpClient
from .kept import Kept
from .soap_answers import Judgement, clean_fault_text, judge_fault, judge_result
from .soap_transport import OTHER_DOCUMENT, Reply, SoapTransport

BODY_NAMESPACE = "http://www.tigerpawsoftware.com"
HEADER_NAMESPACE = "http://www.tigerpawsoftware.com/"
"""The vendor's two namespaces differ by the last slash."""

OPTION = "tigerpaw.soap_check_operation"

_ENTITIES = "it sent a document type or entities, which are never accepted"
_FORBIDDEN = {
    "DTDForbidden": _ENTITIES,
    "EntitiesForbidden": _ENTITIES,
    "ExternalReferenceForbidden": OTHER_DOCUMENT,
}
"""By the names of zeep's exceptions, since not every version has them all."""

_MOST_DESCRIPTIONS = 32

# A WSDL says nothing about anybody's credentials, and parsing the vendor's takes longer than all calls together.
_descriptions: Kept[Any] = Kept(_MOST_DESCRIPTIONS)


class TsiWebService:
    """
    Calls operations that only read, at the configured address whatever the WSDL advertises.

    The first one in a process loads the WSDL; others that reach the same address in the same way use it as well.

    :raises IntegrationError: there is no such service at the address.
    """

    def __init__(self, client: HttpClient, url: str) -> None:
        self._client = client
        self._url = url
        self._zeep = require("zeep")
        self._etree = require("lxml.etree", "lxml")
        silence("zeep")
        self._transport = SoapTransport(client, url, "soap_user_name and soap_password")
        self._settings = self._zeep.Settings(
            strict=True, raw_response=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
        )
        with self._understood("its WSDL is not that of Tigerpaw's tsiWS. Check the setting soap_url"):
            description = _descriptions.get((url, client.way), self._describe)
            self._soap = self._zeep.Client(description, transport=self._transport, settings=self._settings, plugins=[])
            self._soap.get_element(f"{{{HEADER_NAMESPACE}}}AuthHeader")
            self._binding = self._find_binding()

    def call(self, operation: str, credentials: tuple[str, str] | None) -> Judgement:
        """
        Call an operation without arguments.

        :param operation: one that only reads.
        :param credentials: user name and password, or nothing to call as a stranger.
        :returns: what the answer says about the credentials.
        :raises InvalidSettings: there is no such operation, or it needs arguments.
        :raises IntegrationError: no answer of SOAP came.
        """
        self._require(operation)
        headers = [self._header(*credentials)] if credentials else []
        with self._understood("its answer is not a SOAP message"):
            caller = self._soap.create_service(self._binding.name.text, self._url)[operation]
            try:
                reply = caller(_soapheaders=headers)
            except self._zeep.exceptions.ValidationError:
                told = f"the operation {operation} needs arguments, which cannot be guessed: choose one that needs none"
                raise InvalidSettings([Fault(OPTION, told)]) from None
            return self._judge(operation, reply)

    def error(self, code: ErrorCode, told: str) -> IntegrationError:
        """Make an error that is about this service."""
        return self._client.error(code, self._url, told)

    def _describe(self) -> Any:
        return self._zeep.wsdl.Document(self._transport.wsdl_url, self._transport, settings=self._settings)

    def _find_binding(self) -> Any:
        """Find the vendor's SOAP binding, version 1.1 before 1.2 because its faults are better known."""
        soap = require("zeep.wsdl.bindings.soap")
        found = [binding for binding in self._soap.wsdl.bindings.values() if isinstance(binding, soap.SoapBinding)]
        own = [binding for binding in found if binding.name.namespace == BODY_NAMESPACE]
        return min(own, key=lambda binding: isinstance(binding, soap.Soap12Binding))

    def _require(self, operation: str) -> None:
        operations = self._binding.all()
        if operation not in operations:
            similar = " or ".join(nearest(operation, filter(_is_reading, operations)))
            hint = f"did you mean {similar}?" if similar else "ask your Tigerpaw administrator what it can read"
            raise InvalidSettings([Fault(OPTION, f"the service has no operation {operation}: {hint}")])
        known = operations[operation]
        message = known.input.body.name if known.input and known.input.body is not None else None
        if message != operation or str(known.soapaction).rpartition("/")[2] != operation:
            told = f"its WSDL ties {operation} to the message of another operation, so nothing was called"
            raise self.error(ErrorCode.UNEXPECTED_ANSWER, told)

    def _header(self, user_name: str, password: str) -> Any:
        header = self._etree.Element(f"{{{HEADER_NAMESPACE}}}AuthHeader")
        try:
            self._etree.SubElement(header, f"{{{HEADER_NAMESPACE}}}UserName").text = user_name
            self._etree.SubElement(header, f"{{{HEADER_NAMESPACE}}}Password").text = password
        except ValueError:
            told = "soap_user_name or soap_password contains characters that XML cannot carry"
            raise self.error(ErrorCode.INVALID_SETTINGS, told) from None
        return header

    def _judge(self, operation: str, reply: Reply) -> Judgement:
        body = self._parse(reply.content).find("{*}Body")
        fault = body.find("{*}Fault")
        if fault is not None:
            text = fault.findtext("faultstring") or fault.findtext("{*}Reason/{*}Text") or ""
            return judge_fault(clean_fault_text(text))
        response = body.find(f"{{{BODY_NAMESPACE}}}{operation}Response")
        result = response.find(f"{{{BODY_NAMESPACE}}}{operation}Result")
        return judge_result(self._unfold(response if result is None else result))

    def _unfold(self, result: Any) -> Any:
        """Services of this kind like to return XML as a string."""
        text = (result.text or "").strip()
        if len(result) or not text.startswith("<"):
            return result
        try:
            return self._parse(text.encode())
        except self._zeep.exceptions.Error:
            return result

    def _parse(self, content: bytes) -> Any:
        return require("zeep.loader").parse_xml(content, self._transport, settings=self._settings)

    @contextmanager
    def _understood(self, otherwise: str) -> Iterator[None]:
        try:
            yield
        except IntegrationError:
            raise
        except Exception as error:  # noqa: BLE001 (zeep fails with whatever an unexpected document leads to)
            told = _FORBIDDEN.get(type(error).__name__, otherwise)
            raise self.error(ErrorCode.UNEXPECTED_ANSWER, told) from None


def _is_reading(operation: str) -> bool:
    try:
        return clean_operation(operation) == operation
    except ValueError:
        return False
