# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the REST API of ConnectWise Manage (vendor's developer help: authentication, ``companyinfo``, ``system/info``).

Where a company's API is, ``companyinfo`` tells anybody. Only then are the credentials sent.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from .._domain.errors import ErrorCode
from .._domain.model import Account
from .http import HttpClient
from .listed_accounts import UnreadableAccount, distinct, read_account, readable, with_identifier
from .rest_api import Advice, RestApi
from .vendor_address import may_follow
from .verification import Access, Finding, VerificationState

SYSTEM = "ConnectWise Manage REST API"

_DOMAIN = "myconnectwise.net"
_PAGE_SIZE = 1000  # the most that the API gives at once (vendor help)
_FIELDS = "id,identifier,name,status"
_CODEBASE = re.compile(r"(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]+/?")
_NEXT = re.compile(r"""<([^<>]*)>\s*;[^,]*\brel\s*=\s*"?next"?""")
_ADVICE = Advice(
    credentials="Check company_id, public_key, private_key and client_id, and that the API member is active",
    right="Check the security role of the API member",
    address="Check the setting host",
)


def verify(access: Access) -> Finding:
    """
    Ask whether the API member is accepted: ``GET /system/info``.

    :returns: ``verified``.
    :raises IntegrationError: ``credentials_refused``, ``right_missing``, ``api_unreachable``, ``throttled``,
        ``certificate_untrusted``, ``unexpected_answer``, ``invalid_settings``, ``dependency_missing``.
    """
    with _opened(access) as (api, base):
        url = f"{base}/system/info"
        content, _answer = api.get(url)
        if not isinstance(content, dict) or "version" not in content:
            api.unexpected(url, "JSON of another shape")
    return Finding(VerificationState.VERIFIED)


def list_accounts(access: Access) -> Iterator[Account]:
    """
    List the companies that are not deleted, page by page: ``GET /company/companies``.

    :raises IntegrationError: as :func:`verify` does.
    """
    with _opened(access) as (api, base):
        question = {"conditions": "deletedFlag=false", "fields": _FIELDS, "pageSize": _PAGE_SIZE}
        url = f"{base}/company/companies?{urlencode({**question, 'page': 1})}"
        with readable(api, url):
            yield from distinct(_pages(api, url, access))


def find_account(access: Access, account_id: str) -> Account | None:
    """
    Find a company by its ``id``.

    :raises IntegrationError: as :func:`verify` does.
    """
    if not account_id.isdecimal():
        return None
    with _opened(access) as (api, base):
        question = {"conditions": f"id={int(account_id)} and deletedFlag=false", "fields": _FIELDS, "pageSize": 1}
        url = f"{base}/company/companies?{urlencode(question)}"
        content, _answer = api.get(url)
        with readable(api, url):
            found = with_identifier(_companies(content, access), account_id)
    return found


@contextmanager
def _opened(access: Access) -> Iterator[tuple[RestApi, str]]:
    """Find the address of the API, and speak to it."""
    base = _api_address(access)
    settings = access.settings
    member = f"{settings['company_id']}+{settings['public_key']}:{access.secrets['private_key']}"
    token = base64.b64encode(member.encode()).decode("ascii")
    access.in_play.add(member, token)
    headers = {
        "Authorization": f"Basic {token}",
        "clientId": str(settings["client_id"]),
        "Accept": "application/json",
    }
    with HttpClient(access.endpoint(base), access.connection, SYSTEM, access.in_play) as client:
        yield RestApi(client, lambda: headers, access.in_play, _ADVICE), base


def _api_address(access: Access) -> str:
    """Ask, without credentials, where the API of the company is: ``GET /login/companyinfo/{company}``."""
    site, company = f"https://{access.settings['host']}", str(access.settings["company_id"])
    url = f"{site}/login/companyinfo/{quote(company, safe='')}"
    with HttpClient(access.endpoint(site), access.connection, SYSTEM, access.in_play) as client:
        api = RestApi(client, lambda: {"Accept": "application/json"}, access.in_play, _ADVICE)
        content, _answer = api.get(url)
        if content is None:
            api.refuse(ErrorCode.CREDENTIALS_REFUSED, url, "it knows no such login company. Check company_id")
        codebase, place = _whereabouts(content)
        if codebase is None:
            api.unexpected(url, "no description of a login company")
        address = f"https://{place}" if place else site
        if not may_follow(address, site, _DOMAIN):
            told = "it leads to another server than the setting host, so the credentials were not sent. Check host"
            api.refuse(ErrorCode.UNEXPECTED_ANSWER, url, told)
    return f"{address}/{codebase.strip('/')}/apis/3.0"


def _whereabouts(content: Any) -> tuple[str | None, str | None]:
    codebase = content.get("Codebase") if isinstance(content, dict) else None
    place = content.get("SiteUrl") if isinstance(content, dict) else None
    usable = isinstance(codebase, str) and _CODEBASE.fullmatch(codebase) and ".." not in codebase
    return codebase if usable else None, place if isinstance(place, str) else None


def _pages(api: RestApi, first: str, access: Access) -> Iterator[list[Account]]:
    """Follow the links from page to page, which stay at the same place."""
    url: str | None = first
    while url:
        content, answer = api.get(url)
        yield list(_companies(content, access))
        link = _NEXT.search(answer.headers.get("Link", ""))
        url = link[1] if link else None


def _companies(content: Any, access: Access) -> Iterator[Account]:
    if not isinstance(content, list):
        raise UnreadableAccount("no list of companies")
    for entry in content:
        given = entry if isinstance(entry, dict) else {}
        account_id, name, identifier = (given.get(field) for field in ("id", "name", "identifier"))
        yield read_account(entry, account_id, name, access.in_play, [identifier], _active(given))


def _active(entry: dict[str, Any]) -> bool | None:
    """Read the status, which an MSP may name as it likes: only the usual words tell something."""
    status = entry.get("status")
    name = status.get("name") if isinstance(status, dict) else None
    return {"active": True, "inactive": False}.get(str(name).casefold())
