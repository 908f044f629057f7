# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tigerpaw's SOAP service: an ASP.NET page, with the habits of one."""

from __future__ import annotations

import hmac
import html
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree
from starlette.responses import Response

from .answers import MICROSOFT, page
from .records import RecordedRequest
from .state import State
from .users import User, Verdict
from .wsdl import WRITING_OPERATION, answers_with_boolean, describe

PATH = "/api/rmm/tsiws.asmx"
BODY_NAMESPACE = "http://www.tigerpawsoftware.com"
HEADER_NAMESPACE = "http://www.tigerpawsoftware.com/"
MUST_UNDERSTAND = ("1", "true")


@dataclass(frozen=True)
class Version:
    """A version of SOAP."""

    namespace: str
    media_type: str
    sender: str

    def envelope(self, content: str, status: int = 200) -> Response:
        """Answer with an envelope."""
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{self.namespace}"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
            f"<soap:Body>{content}</soap:Body></soap:Envelope>"
        )
        headers = {**MICROSOFT, "Cache-Control": "private, max-age=0"}
        return Response(body, status, headers, media_type=f"{self.media_type}; charset=utf-8")

    def fault(self, message: str, code: str | None = None) -> Response:
        """Answer with a fault, which tells more than people want to know."""
        code = f"soap:{code or self.sender}"
        text = html.escape(
            f"System.Web.Services.Protocols.SoapException: {message}\n"
            "  at tsiWS.Check () [0x00021] in c:\\inetpub\\wwwroot\\api\\rmm\\tsiWS.asmx.cs:118 \n"
            "  at System.Web.Services.Protocols.WebServiceHandler.Invoke () [0x00000] in <filename unknown>:0 ",
            quote=False,
        )
        if self is SOAP_11:
            content = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail />"
        else:
            content = (
                f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code>"
                f'<soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason><soap:Detail />'
            )
        return self.envelope(f"<soap:Fault>{content}</soap:Fault>", 500)


SOAP_11 = Version("http://schemas.xmlsoap.org/soap/envelope/", "text/xml", "Client")
SOAP_12 = Version("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml", "Sender")
VERSIONS = {version.media_type: version for version in (SOAP_11, SOAP_12)}


class Fault(Exception):
    """The request is answered with a fault."""


def parse(body: bytes) -> Any:
    """
    Parse a request as .NET does: without any document type.

    :raises Fault: It is no XML, or more than XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise Fault("Server was unable to read request. ---> There is an error in XML document (1, 1).") from None
    if root.getroottree().docinfo.doctype:
        raise Fault("Server was unable to read request. ---> For security reasons DTD is prohibited.")
    return root


def sent_action(request: RecordedRequest) -> str:
    """Return the SOAP action of a request, of either version, without quotes."""
    if "soapaction" in request.headers:
        return request.headers["soapaction"].strip().strip('"')
    found = re.search(r'action="?([^";]*)', request.headers.get("content-type", ""))
    return found[1] if found else ""


def called_operation(request: RecordedRequest) -> str:
    """Name what a request asks for, right or wrong: for the records, not for the answer."""
    if request.method != "POST":
        return "WSDL" if request.query.lower() == "wsdl" else ""
    try:
        body = parse(request.body).find("{*}Body")
        return str(etree.QName(body[0]).localname)
    except (Fault, TypeError, IndexError, ValueError):
        return sent_action(request).rpartition("/")[2]


def boolean(value: bool) -> str:
    """Write a boolean as XML does."""
    return "true" if value else "false"


class TigerpawSoap:
    """Answers what is sent to the SOAP service."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def _operations(self) -> list[str]:
        return [*self._state.settings.soap_check_operations, WRITING_OPERATION]

    def is_writing(self, request: RecordedRequest) -> bool:
        """Tell whether a request would change something: all but the reading operations does."""
        return request.method == "POST" and request.operation not in self._state.settings.soap_check_operations

    def describe(self, address: str | None = None) -> Response:
        """Answer with the WSDL."""
        settings = self._state.settings
        wsdl = describe(settings.soap_check_operations, address or settings.advertised_address)
        return Response(wsdl, headers=MICROSOFT, media_type="text/xml; charset=utf-8")

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        if request.path.lower() != PATH:
            return page("The resource cannot be found.", "HTTP Error 404", 404)
        if request.method in ("GET", "HEAD"):
            return self.describe() if request.operation == "WSDL" else page("tsiWS", "The following is supported.")
        if request.method != "POST":
            return page("Method not allowed", "HTTP Error 405", 405)
        version = VERSIONS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if version is None:
            return Response(status_code=415, headers=MICROSOFT)
        try:
            return self._call(request, version)
        except Fault as fault:
            return version.fault(*fault.args)

    def _call(self, request: RecordedRequest, version: Version) -> Response:
        envelope = parse(request.body)
        name = etree.QName(envelope)
        if (name.namespace, name.localname) != (version.namespace, "Envelope"):
            text = "Possible SOAP version mismatch: Envelope namespace was unexpected."
            raise Fault(text, "VersionMismatch")
        operation = self._route(request, version, envelope)
        user_name, password = self._credentials(version, envelope)

        def proves(user: User) -> bool:
            return hmac.compare_digest(user.secret.encode(), password.encode())

        verdict = self._state.judge("soap", user_name, operation, proves)
        if verdict is Verdict.REFUSED:
            return self._refuse(version, operation)
        if verdict is Verdict.RIGHT_MISSING:
            raise Fault(f"The user is not allowed to call {operation} through the API.")
        return self.succeed(version, operation)

    def _route(self, request: RecordedRequest, version: Version, envelope: Any) -> str:
        """Return the operation that action and body agree on."""
        content = envelope.find(f"{{{version.namespace}}}Body")
        if content is None or len(content) == 0:
            raise Fault("Server was unable to read request. ---> The body is empty.")
        name = etree.QName(content[0])
        action = sent_action(request)
        # SOAP 1.2 may leave the action out: then the body decides.
        if not action and version is SOAP_12:
            action = f"{name.namespace}/{name.localname}"
        operation = action.removeprefix(f"{BODY_NAMESPACE}/")
        if operation == action or operation not in self._operations:
            header = "SOAPAction" if version is SOAP_11 else "Content-Type"
            raise Fault(f"Server did not recognize the value of HTTP Header {header}: {action}.")
        if (name.namespace, name.localname) != (BODY_NAMESPACE, operation):
            unexpected = f"<{name.localname} xmlns='{name.namespace}'>"
            raise Fault(f"Server was unable to read request. ---> {unexpected} was not expected.")
        for argument in content[0].iterchildren(tag=etree.Element):
            if argument.tag != f"{{{BODY_NAMESPACE}}}Params" or answers_with_boolean(operation):
                raise Fault("Server was unable to read request. ---> An argument was not expected.")
        return operation

    def _credentials(self, version: Version, envelope: Any) -> tuple[str, str]:
        """Return user name and password, which count only in the header's own namespace."""
        header = envelope.find(f"{{{version.namespace}}}Header")
        known = f"{{{HEADER_NAMESPACE}}}AuthHeader"
        for element in [] if header is None else header.iterchildren(tag=etree.Element):
            if element.tag == known:
                values = [element.findtext(f"{{{HEADER_NAMESPACE}}}{name}") for name in ("UserName", "Password")]
                return values[0] or "", values[1] or ""
            if element.get(f"{{{version.namespace}}}mustUnderstand") in MUST_UNDERSTAND:
                raise Fault("SOAP header was not understood.", "MustUnderstand")
        return "", ""

    def _refuse(self, version: Version, operation: str) -> Response:
        style = self._state.settings.soap_refusal
        if style == "unauthorized":
            return Response(status_code=401, headers=MICROSOFT)
        if style == "fault":
            raise Fault("Invalid user name or password.")
        if answers_with_boolean(operation):
            return self._result(version, operation, boolean(False))
        message = "<Success>false</Success><Message>Invalid user name or password.</Message>"
        return self._result(version, operation, f'<Response xmlns="">{message}</Response>')

    def succeed(self, version: Version, operation: str) -> Response:
        """Answer as after a call that went well."""
        if answers_with_boolean(operation):
            return self._result(version, operation, boolean(True))
        if operation == WRITING_OPERATION:
            return self._result(version, operation, '<Response xmlns=""><Success>true</Success></Response>')
        accounts = "".join(
            f"<Account><AccountNumber>{account.number}</AccountNumber><Name>{html.escape(account.name)}</Name></Account>"
            for account in self._state.accounts
        )
        return self._result(version, operation, f'<Accounts xmlns="">{accounts}</Accounts>')

    def _result(self, version: Version, operation: str, content: str) -> Response:
        result = f"<{operation}Result>{content}</{operation}Result>"
        return version.envelope(f'<{operation}Response xmlns="{BODY_NAMESPACE}">{result}</{operation}Response>')
