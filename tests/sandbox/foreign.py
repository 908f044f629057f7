# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An origin that nobody configured: whatever reaches it was diverted. It answers as an attacker would."""

from __future__ import annotations

from starlette.responses import Response

from .answers import json_answer
from .records import RecordedRequest
from .security_center import called as called_method
from .state import State
from .tigerpaw_rest import is_writing
from .tigerpaw_soap import SOAP_11, VERSIONS, TigerpawSoap, called_operation

EMPTY_SCHEMA = '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:foreign" />'
EMPTY_WSDL = '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:foreign" />'
FILES = {".xsd": EMPTY_SCHEMA, ".wsdl": EMPTY_WSDL, ".dtd": '<!ENTITY sandbox "diverted">', "/entity": "diverted"}


class Foreign:
    """Says yes to everything, without asking for credentials."""

    def __init__(self, state: State) -> None:
        self._soap = TigerpawSoap(state)
        self._own_address = state.addresses.foreign

    def recognise(self, request: RecordedRequest) -> None:
        """Tell what a request wants."""
        request.system = "foreign"
        is_soap = request.path.lower().endswith(".asmx")
        request.operation = called_operation(request) if is_soap else called_method(request)
        request.writing = is_writing(request.method, request.path)

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request as its sender hopes."""
        for ending, content in FILES.items():
            if request.path.endswith(ending):
                return Response(content, media_type="text/xml")
        if called_method(request):
            return json_answer({"PxgRetVal": "diverted"})
        if request.operation == "WSDL":
            return self._soap.describe(f"{self._own_address}{request.path}")
        if request.operation:
            media_type = request.headers.get("content-type", "").partition(";")[0].strip()
            return self._soap.succeed(VERSIONS.get(media_type, SOAP_11), request.operation)
        return json_answer({"Success": True, "Message": None})
