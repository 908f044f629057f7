# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the REST API of Autotask (vendor's developer help: zones, ``ThresholdInformation``, queries).

Every database lives in a zone with an address of its own, which anybody can ask for. Credentials are sent only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from .._domain.errors import ErrorCode
from .._domain.model import Account
from .http import HttpClient
from .listed_accounts import UnreadableAccount, distinct, read_account, readable, with_identifier
from .rest_api import Advice, RestApi, reason_given
from .vendor_address import may_follow
from .verification import Access, Finding, VerificationState

SYSTEM = "Autotask REST API"

_DOMAIN = "autotask.net"
_PAGE_SIZE = 500  # the most that the API gives at once (vendor help)
_FIELDS = ["id", "companyName", "companyNumber", "isActive"]
_ADVICE = Advice(
    credentials="Check user_name, password and api_integration_code, and that the API user is active and not locked",
    right="Check the security level of the API user",
    address="Check the setting url",
)


def verify(access: Access) -> Finding:
    """
    Ask whether the API user is accepted: ``GET ThresholdInformation``.

    :returns: ``verified``; with a warning where so many requests were used that Autotask slows all of them down.
    :raises IntegrationError: ``credentials_refused``, ``right_missing``, ``api_unreachable``, ``throttled``,
        ``certificate_untrusted``, ``unexpected_answer``, ``invalid_settings``, ``dependency_missing``.
    """
    with _opened(access) as (api, base):
        url = f"{base}v1.0/ThresholdInformation"
        content, _answer = api.get(url)
        used, limit = _usage(content)
        if used is None or limit is None:
            api.unexpected(url, "JSON of another shape")
    return Finding(VerificationState.VERIFIED, _slowness(used, limit))


def list_accounts(access: Access) -> Iterator[Account]:
    """
    List the companies, page by page: ``POST Companies/query``.

    :raises IntegrationError: as :func:`verify` does.
    """
    everyone = {"op": "gt", "field": "id", "value": 0}
    with _opened(access) as (api, base):
        url = f"{base}v1.0/Companies/query"
        question = {"filter": [everyone], "maxRecords": _PAGE_SIZE, "includeFields": _FIELDS}
        with readable(api, url):
            yield from distinct(_pages(api, url, question, access))


def find_account(access: Access, account_id: str) -> Account | None:
    """
    Find a company by its ``id``.

    :raises IntegrationError: as :func:`verify` does.
    """
    if not account_id.isdecimal():
        return None
    with _opened(access) as (api, base):
        url = f"{base}v1.0/Companies/query"
        this_one = {"op": "eq", "field": "id", "value": int(account_id)}
        content = api.search(url, {"filter": [this_one], "maxRecords": 1, "includeFields": _FIELDS})
        with readable(api, url):
            found = with_identifier(_companies(content, access), account_id)
    return found


@contextmanager
def _opened(access: Access) -> Iterator[tuple[RestApi, str]]:
    """Find the address of the user's zone, and speak to it."""
    base = _zone(access)
    headers = {
        "UserName": str(access.settings["user_name"]),
        "Secret": access.secrets["password"],
        "ApiIntegrationCode": access.secrets["api_integration_code"],
        "Accept": "application/json",
    }
    with HttpClient(access.endpoint(base), access.connection, SYSTEM, access.in_play) as client:
        yield RestApi(client, lambda: headers, access.in_play, _ADVICE), base


def _zone(access: Access) -> str:
    """Ask, without credentials, in which zone the user is: ``GET zoneInformation``."""
    settings = access.settings
    configured = str(settings["url"]).rstrip("/")
    url = f"{configured}/atservicesrest/v1.0/zoneInformation?user={quote(str(settings['user_name']), safe='')}"
    with HttpClient(access.endpoint(url), access.connection, SYSTEM, access.in_play) as client:
        api = RestApi(client, lambda: {"Accept": "application/json"}, access.in_play, _ADVICE)
        content = _zone_information(api, url)
        address = content.get("url") if isinstance(content, dict) else None
        if not isinstance(address, str) or not address:
            api.unexpected(url, "no description of a zone")
        if not may_follow(address, configured, _DOMAIN):
            told = "it leads to another server than the setting url, so the credentials were not sent. Check url"
            api.refuse(ErrorCode.UNEXPECTED_ANSWER, url, told)
    return f"{address.rstrip('/')}/"


def _zone_information(api: RestApi, url: str) -> Any:
    """Ask for the zone; that a user is unknown is told as a failure of the server (status 500, seen in answers)."""
    content, answer = api.get(url, meaningful=(200, 500))
    if answer.status == 500 and reason_given(content):
        told = "it knows no zone for this user. Check user_name"
        api.refuse(ErrorCode.CREDENTIALS_REFUSED, url, told, status=500)
    if answer.status != 200:
        api.refuse_status(url, answer, content)
    return content


def _usage(content: Any) -> tuple[int | None, int | None]:
    found = content if isinstance(content, dict) else {}
    used, limit = found.get("currentTimeframeRequestCount"), found.get("externalRequestThreshold")
    return (used if isinstance(used, int) else None), (limit if isinstance(limit, int) else None)


def _slowness(used: int, limit: int) -> str | None:
    if used * 2 < limit:
        return None
    return (
        f"Autotask has counted {used:,} of the {limit:,} requests that all integrations of the database may send in an "
        "hour, and slows every request down from half of them on."
    )


def _pages(api: RestApi, first: str, question: dict[str, Any], access: Access) -> Iterator[list[Account]]:
    """Follow the addresses from page to page, with the same question."""
    url: str | None = first
    while url:
        content = api.search(url, question)
        yield list(_companies(content, access))
        details = content.get("pageDetails")
        following = details.get("nextPageUrl") if isinstance(details, dict) else None
        url = following if isinstance(following, str) and following else None


def _companies(content: Any, access: Access) -> Iterator[Account]:
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise UnreadableAccount("no list of companies")
    for entry in items:
        given = entry if isinstance(entry, dict) else {}
        name, number, active = (given.get(field) for field in ("companyName", "companyNumber", "isActive"))
        told = active if isinstance(active, bool) else None
        yield read_account(entry, given.get("id"), name, access.in_play, [number], told)
