# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Autotask: in which zone a user is, and the API of that zone."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.responses import Response

from .answers import json_answer, login_page
from .companies import Company
from .records import RecordedRequest
from .state import State
from .users import User, Verdict

SYSTEM = "autotask"
API = "/atservicesrest/v1.0"
LARGEST_PAGE = 500
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "noteq": lambda value, wanted: value != wanted,
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "beginsWith": lambda value, wanted: str(value).casefold().startswith(str(wanted).casefold()),
    "endsWith": lambda value, wanted: str(value).casefold().endswith(str(wanted).casefold()),
    "contains": lambda value, wanted: str(wanted).casefold() in str(value).casefold(),
    "exist": lambda value, _wanted: value is not None,
    "in": lambda value, wanted: value in wanted,
}

GROUPS: dict[str, Callable[[list[bool]], bool]] = {"and": all, "or": any}


class Autotask:
    """Answers what is sent to the server of Autotask."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...] = (
            ("GET", re.compile(r"/thresholdinformation"), self._threshold),
            ("POST", re.compile(r"/companies/query(?:/next)?"), self._query_companies),
            ("GET", re.compile(r"/companies/(\d+)"), self._company),
        )

    def recognise(self, request: RecordedRequest) -> None:
        """Tell whose request it is, and whether it would change something: all but reading and querying does."""
        request.system = SYSTEM
        reading = request.method in ("GET", "HEAD", "OPTIONS") or "/query" in request.path.lower()
        request.writing = not reading

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        path = request.path.lower()
        if path == "/login":
            return login_page()
        if path == f"{API}/zoneinformation":
            return self._zone(request)
        for method, pattern, handle in self._routes:
            if path.startswith(API) and (match := pattern.fullmatch(path.removeprefix(API))):
                if request.method != method:
                    return _error(405, "The requested resource does not support this method.")
                return self._refusal(request) or handle(request, *match.groups())
        return _error(404, "No HTTP resource was found that matches the request URI.")

    def pause(self, request: RecordedRequest) -> float:
        """Tell how long an answer takes: the more of the threshold is used up, the longer."""
        settings = self._state.settings
        used = self._state.autotask_requests / settings.autotask_threshold
        if used < 0.5 or request.path.lower() == f"{API}/zoneinformation":
            return 0.0
        return settings.autotask_pause if used < 0.75 else 2 * settings.autotask_pause

    def _zone(self, request: RecordedRequest) -> Response:
        [name] = parse_qs(request.query).get("user", [""])
        if self._state.users.get(SYSTEM, name) is None:
            return _error(500, "Zone information could not be determined")
        address = f"{self._state.addresses.autotask}/ATServicesRest/"
        return json_answer({"zoneName": "Sandbox", "url": address, "webUrl": address, "ci": 1})

    def _refusal(self, request: RecordedRequest) -> Response | None:
        verdict = self._judge(request)
        if verdict is Verdict.REFUSED:
            return json_answer({"errors": ["Unauthorized"]}, 401)
        if verdict is Verdict.RIGHT_MISSING:
            return _error(403, "The logged in Resource does not have the adequate permissions.")
        used = self._state.count_autotask_request()
        if used > self._state.settings.autotask_threshold:
            return json_answer({"errors": ["The request threshold has been exceeded."]}, 429, **{"Retry-After": "60"})
        return None

    def _judge(self, request: RecordedRequest) -> Verdict:
        code = request.headers.get("apiintegrationcode", "")
        own = self._state.credentials.autotask_integration_code
        if not hmac.compare_digest(code.encode("latin-1"), own.encode("latin-1")):
            return Verdict.REFUSED
        secret = request.headers.get("secret", "")

        def proves(user: User) -> bool:
            return hmac.compare_digest(user.secret.encode(), secret.encode("latin-1", "replace"))

        right = request.path.lower().removeprefix(API).split("/")[1]
        return self._state.judge(SYSTEM, request.headers.get("username", ""), right, proves)

    def _threshold(self, _request: RecordedRequest) -> Response:
        limit, used = self._state.settings.autotask_threshold, self._state.autotask_requests
        counts = {"externalRequestThreshold": limit, "currentTimeframeRequestCount": used}
        return json_answer({**counts, "requestThresholdTimeframe": 60})

    def _company(self, _request: RecordedRequest, number: str) -> Response:
        found = [_company(each) for each in self._state.companies[SYSTEM] if each.id == int(number)]
        return json_answer({"item": found[0] if found else None})

    def _query_companies(self, request: RecordedRequest) -> Response:
        try:
            question = json.loads(request.body)
            found = [row for row in map(_company, self._state.companies[SYSTEM]) if _meets(row, question["filter"])]
            size = int(question.get("maxRecords") or LARGEST_PAGE)
            start = int(parse_qs(request.query).get("paging", ["0"])[0])
        except (ValueError, TypeError, KeyError, AttributeError):
            return _error(500, "The query could not be read.")
        if not 0 < size <= LARGEST_PAGE:
            return _error(500, f"maxRecords is at most {LARGEST_PAGE}.")
        size = min(size, self._state.settings.autotask_page)
        fields = question.get("includeFields")
        shown = [_chosen(row, fields) for row in found[start : start + size]]
        following = None
        if start + size < len(found):
            base = f"{self._state.addresses.autotask}/ATServicesRest/v1.0/Companies/query/next"
            following = f"{base}?{urlencode({'paging': start + size})}"
        details = {"count": len(shown), "requestCount": size, "prevPageUrl": None, "nextPageUrl": following}
        return json_answer({"items": shown, "pageDetails": details})


def _company(company: Company) -> dict[str, Any]:
    number = company.identifier or None
    return {"id": company.id, "companyName": company.name, "companyNumber": number, "isActive": company.active}


def _meets(row: dict[str, Any], filters: list[dict[str, Any]]) -> bool:
    if not filters:
        raise ValueError("a query needs a filter")
    met = [_meets_one(row, each) for each in filters]
    return all(met)


def _meets_one(row: dict[str, Any], condition: dict[str, Any]) -> bool:
    if condition["op"] in GROUPS:
        return GROUPS[condition["op"]]([_meets_one(row, each) for each in condition["items"]])
    value = row[condition["field"]]
    return COMPARE[condition["op"]](value, condition.get("value"))


def _chosen(row: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in fields} if fields else row


def _error(status: int, text: str) -> Response:
    return json_answer({"errors": [text]}, status)
