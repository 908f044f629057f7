# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tigerpaw's REST API: every request carries a signature of its own."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.responses import Response

from .accounts import matching
from .answers import json_answer
from .records import RecordedRequest
from .state import State
from .users import User, Verdict

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PAGE = 25


def is_writing(method: str, path: str) -> bool:
    """Tell whether a request would change something: all but reading and searching does."""
    return method not in SAFE_METHODS and not path.lower().endswith("/search")


def sign(private_key: str, method: str, path: str, date: str) -> str:
    """Return the signature that a request must carry."""
    to_sign = f"{method}|{path}|{date}".lower()
    return base64.b64encode(hmac.digest(private_key.encode(), to_sign.encode(), hashlib.sha256)).decode()


def parse_token(authorization: str) -> tuple[str, str] | None:
    """Return public key and signature from an ``Authorization`` header, or nothing where it is malformed."""
    scheme, _space, token = authorization.partition(" ")
    if scheme != "TSI":
        return None
    try:
        public_key, colon, signature = base64.b64decode(token, validate=True).decode().rpartition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (public_key, signature) if colon else None


def parse_date(text: str) -> datetime | None:
    """Return the moment that an RFC 1123 date names, or nothing where it is not written exactly so."""
    try:
        moment = parsedate_to_datetime(text)
        return moment if format_datetime(moment, usegmt=True) == text else None
    except ValueError:
        return None


class TigerpawRest:
    """Answers what is sent to the REST API."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...] = (
            ("GET", re.compile(r"/api/diagnostics/validate/user"), self._validate_user),
            ("GET", re.compile(r"/api/diagnostics/productinformation"), self._product_information),
            ("POST", re.compile(r"/api/accounts/search"), self._search_accounts),
            ("GET", re.compile(r"/api/accounts/(\d+)"), self._account),
        )

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request, if its path exists, its method fits, its signature holds and its user may."""
        route = self._find_route(request.path.lower())
        if route is None:
            return json_answer({"Message": "No HTTP resource was found that matches the request URI."}, 404)
        method, arguments, handle = route
        if request.method != method:
            message = f"The requested resource does not support http method '{request.method}'."
            return json_answer({"Message": message}, 405, Allow=method)
        if method == "POST" and "content-length" not in request.headers:
            return json_answer({"Message": "Length Required"}, 411)
        if method == "POST" and not request.headers.get("content-type", "").lower().startswith("application/json"):
            return json_answer({"Message": "The request entity's media type is not supported."}, 415)
        return self._refusal(request) or handle(request, *arguments)

    def _find_route(self, path: str) -> tuple[str, tuple[str, ...], Callable[..., Response]] | None:
        for method, pattern, handle in self._routes:
            if match := pattern.fullmatch(path):
                return method, match.groups(), handle
        return None

    def _refusal(self, request: RecordedRequest) -> Response | None:
        verdict = self._judge(request)
        if verdict is Verdict.REFUSED:
            message = "Authorization has been denied for this request."
            return json_answer({"Message": message}, 401, **{"WWW-Authenticate": "TSI"})
        if verdict is Verdict.RIGHT_MISSING:
            return json_answer({"Message": "The rep's role does not have the right to do this."}, 403)
        return None

    def _judge(self, request: RecordedRequest) -> Verdict:
        token = parse_token(request.headers.get("authorization", ""))
        date = request.headers.get("x-tsi-date", request.headers.get("date", ""))
        moment = parse_date(date)
        if token is None or moment is None:
            return Verdict.REFUSED
        if abs((request.arrived - moment).total_seconds()) > self._state.settings.clock_skew:
            return Verdict.REFUSED
        public_key, signature = token

        def proves(user: User) -> bool:
            expected = sign(user.secret, request.method, request.path, date)
            return hmac.compare_digest(expected.encode(), signature.encode())

        right = request.path.split("/")[2]
        return self._state.judge("rest", public_key, right, proves)

    def _validate_user(self, _request: RecordedRequest) -> Response:
        return json_answer({"Success": True, "Message": None})

    def _product_information(self, _request: RecordedRequest) -> Response:
        product = {"HasValidLicense": True, "IsTigerpawOne": True, "DatabaseVersion": "21.1.0.0"}
        return json_answer({**product, "Success": True, "Message": None})

    def _account(self, _request: RecordedRequest, number: str) -> Response:
        for account in self._state.accounts:
            if account.number == int(number):
                return json_answer({"AccountSummary": account.as_answer(), "Success": True, "Message": None})
        return json_answer({"AccountSummary": None, "Success": False, "Message": f"Account {number} was not found."})

    def _search_accounts(self, request: RecordedRequest) -> Response:
        try:
            wanted = json.loads(request.body)
            accounts = matching(self._state.accounts, wanted.get("Criteria") or [])
            size, start = int(wanted.get("PageSize") or DEFAULT_PAGE), int(wanted.get("StartRow") or 0)
        except (ValueError, TypeError, AttributeError):
            return json_answer({"Message": "The request is invalid."}, 400)
        except LookupError as error:
            return json_answer({"Accounts": [], "Success": False, "Message": f"Unknown search criterion: {error}"})
        return json_answer(self._page([account.as_answer() for account in accounts], size, start))

    def _page(self, rows: list[dict[str, Any]], size: int, start: int) -> dict[str, Any]:
        settings = self._state.settings
        size = max(1, min(size, settings.largest_page))
        start = max(start, settings.first_row)
        skipped = start - settings.first_row
        shown = rows[skipped : skipped + size]
        after: int | None = start + len(shown)
        if skipped + size >= len(rows):
            after = {"grows": after, "stays": start, "zero": 0, "null": None}[settings.last_next_row]
        counts = {"PageSize": size, "NextRow": after, "TotalCount": len(rows)}
        return {"Accounts": shown, **counts, "Success": True, "Message": None}
