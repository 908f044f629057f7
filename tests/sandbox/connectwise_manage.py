# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ConnectWise Manage: where a company's API is, and the API itself."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from starlette.responses import Response

from .answers import json_answer, login_page
from .companies import Company
from .connectwise_conditions import meets
from .records import RecordedRequest
from .state import State
from .users import User, Verdict

SYSTEM = "connectwise_manage"
CODEBASE = "v4_6_release/"
API = f"/{CODEBASE}apis/3.0"
LARGEST_PAGE = 1000
DEFAULT_PAGE = 25
AGREEMENTS = [{"id": 1, "name": "Managed security"}]

Query = dict[str, str]


class ConnectwiseManage:
    """Answers what is sent to the server of ConnectWise Manage."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., Response]], ...] = (
            (re.compile(r"/system/info"), self._info),
            (re.compile(r"/company/companies"), self._list_companies),
            (re.compile(r"/company/companies/(\d+)"), self._company),
            (re.compile(r"/finance/agreements"), self._list_agreements),
        )

    def recognise(self, request: RecordedRequest) -> None:
        """Tell whose request it is, and whether it would change something."""
        request.system = SYSTEM
        request.writing = request.method not in ("GET", "HEAD", "OPTIONS")

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        if request.path.lower() == "/login":
            return login_page()
        if info := re.fullmatch(r"/login/companyinfo/([^/]+)", request.path):
            return self._company_info(unquote(info[1]))
        for pattern, handle in self._routes:
            if request.path.startswith(API) and (match := pattern.fullmatch(request.path.removeprefix(API))):
                if request.method != "GET":
                    return _error(405, "MethodNotAllowed", "The requested resource does not support this method.")
                return self._refusal(request) or handle(request, *match.groups())
        return _error(404, "NotFound", "The requested resource was not found.")

    def _company_info(self, company: str) -> Response:
        own = self._state.credentials
        if company.lower() != own.connectwise_company_id.lower():
            return json_answer(None)
        place = urlsplit(self._state.addresses.connectwise_manage).netloc
        about = {"CompanyName": "The MSP", "Codebase": CODEBASE, "VersionCode": "v2026.1", "SiteUrl": place}
        return json_answer({**about, "CompanyID": own.connectwise_company_id, "IsCloud": True})

    def _refusal(self, request: RecordedRequest) -> Response | None:
        if request.headers.get("clientid", "").lower() != self._state.credentials.connectwise_client_id:
            return _error(401, "Unauthorized", "A valid clientId is required.")
        verdict = self._judge(request)
        if verdict is Verdict.REFUSED:
            return _error(401, "Unauthorized", "The credentials are not valid.")
        if verdict is Verdict.RIGHT_MISSING:
            return _error(403, "Security", "You do not have security permission to perform this action.")
        return None

    def _judge(self, request: RecordedRequest) -> Verdict:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        try:
            login, _colon, secret = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Verdict.REFUSED
        company, _plus, public_key = login.partition("+")
        if scheme != "Basic" or company.lower() != self._state.credentials.connectwise_company_id.lower():
            return Verdict.REFUSED

        def proves(user: User) -> bool:
            return hmac.compare_digest(user.secret.encode(), secret.encode())

        right = request.path.removeprefix(API).split("/")[1]
        return self._state.judge(SYSTEM, public_key, right, proves)

    def _info(self, _request: RecordedRequest) -> Response:
        return json_answer({"version": "v2026.1.100000", "isCloud": True, "serverTimeZone": "Etc/UTC"})

    def _list_companies(self, request: RecordedRequest) -> Response:
        return _page(request, [_company(each) for each in self._state.companies[SYSTEM]], self._state)

    def _list_agreements(self, request: RecordedRequest) -> Response:
        return _page(request, AGREEMENTS, self._state)

    def _company(self, request: RecordedRequest, number: str) -> Response:
        for each in self._state.companies[SYSTEM]:
            if each.id == int(number):
                return json_answer(_chosen(_company(each), _query(request)))
        return _error(404, "NotFound", f"Company {number} not found")


def _company(company: Company) -> dict[str, Any]:
    status = {"id": 1 if company.active else 2, "name": "Active" if company.active else "Inactive"}
    names = {"identifier": company.identifier or f"C{company.id}", "name": company.name}
    return {"id": company.id, **names, "status": status, "deletedFlag": company.deleted, "_info": {}}


def _page(request: RecordedRequest, rows: list[dict[str, Any]], state: State) -> Response:
    query = _query(request)
    try:
        page, size = int(query.get("page") or 1), int(query.get("pageSize") or DEFAULT_PAGE)
        found = [row for row in rows if meets(row, query.get("conditions") or "")]
    except (ValueError, TypeError):
        return _error(400, "InvalidQuery", "The query could not be read.", "conditions")
    if page < 1 or not 0 < size <= LARGEST_PAGE:
        told = f"page starts at 1, and pageSize is at most {LARGEST_PAGE}."
        return _error(400, "InvalidPage", told, "page" if page < 1 else "pageSize")
    size = min(size, state.settings.connectwise_page)
    shown = [_chosen(row, query) for row in found[(page - 1) * size : page * size]]
    last = max(1, -(-len(found) // size))
    around = {"next": page + 1 if page < last else None, "prev": page - 1 if page > 1 else None}
    targets = {**around, "first": 1 if page > 1 else None, "last": last}
    base = f"{state.addresses.connectwise_manage}{request.path}"
    rest = {name: value for name, value in query.items() if name != "page"}
    # The number of the page comes last: a well-known client reads it only there.
    links = [
        f'<{base}?{urlencode({**rest, "page": number})}>; rel="{name}"' for name, number in targets.items() if number
    ]
    return json_answer(shown, Link=", ".join(links))


def _chosen(row: dict[str, Any], query: Query) -> dict[str, Any]:
    wanted = [name for name in query.get("fields", "").split(",") if name]
    return {name: value for name, value in row.items() if name in wanted} if wanted else row


def _query(request: RecordedRequest) -> Query:
    return {name: values[-1] for name, values in parse_qs(request.query, keep_blank_values=True).items()}


def _error(status: int, code: str, message: str, field: str | None = None) -> Response:
    errors = [{"code": code, "message": message, "resource": "company", "field": field}] if field else []
    return json_answer({"code": code, "message": message, "errors": errors}, status)
