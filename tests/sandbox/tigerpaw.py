# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Tigerpaw server: both APIs, and a page to log in by hand, on one origin."""

from __future__ import annotations

from starlette.responses import Response

from .answers import login_page
from .records import RecordedRequest
from .state import State
from .tigerpaw_rest import TigerpawRest, is_writing
from .tigerpaw_soap import TigerpawSoap, called_operation

LOGIN = "/login"
SOAP = "/api/rmm/"


class Tigerpaw:
    """Hands each request to the API that it is for."""

    def __init__(self, state: State, recorded_as: str | None = None) -> None:
        """
        Make the server.

        :param recorded_as: The system that requests are recorded for, instead of ``rest`` and ``soap``.
        """
        self._rest = TigerpawRest(state)
        self._soap = TigerpawSoap(state)
        self._recorded_as = recorded_as

    def recognise(self, request: RecordedRequest) -> None:
        """Tell which API a request is for, and what it wants there."""
        if self._is_soap(request):
            request.system = "soap"
            request.operation = called_operation(request)
            request.writing = self._soap.is_writing(request)
        else:
            request.system = "rest"
            request.writing = is_writing(request.method, request.path)
        request.system = self._recorded_as or request.system

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        if request.path.lower() == LOGIN:
            return login_page()
        return self._soap.answer(request) if self._is_soap(request) else self._rest.answer(request)

    def _is_soap(self, request: RecordedRequest) -> bool:
        return request.path.lower().startswith(SOAP)
