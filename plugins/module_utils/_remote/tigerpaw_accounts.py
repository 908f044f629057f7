# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the accounts of Tigerpaw (vendor's REST help, "Accounts", ``POST /api/accounts/search``).

Not documented: whether rows count from 0 or 1, what the last page names as the next row, how large a page may be, and
what an entry looks like. So rows are counted here, and what is missing in the end is asked for or told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._domain.errors import ErrorCode
from .._domain.model import Account
from .foreign_text import quote
from .http import HttpClient
from .listed_accounts import UnreadableAccount, distinct, read_account, readable, with_identifier
from .rest_api import RestApi
from .tigerpaw_rest import ADVICE, SYSTEM, address_of, signer
from .verification import Access

SEARCH = "/api/accounts/search"

_PAGE_SIZE = 250
_EVERYONE = {"SearchType": "AccountName", "MatchType": "Contains", "Criteria": ""}


def list_accounts(access: Access) -> Iterator[Account]:
    """
    List all accounts, page by page.

    :raises IntegrationError: as the verification does; ``unexpected_answer`` also where fewer come than there are.
    """
    with _opened(access) as (api, url):
        pages = _pages(api, url, access)
        with readable(api, url):
            yield from distinct(pages)


def find_account(access: Access, account_id: str) -> Account | None:
    """
    Find an account by its number.

    :raises IntegrationError: as the verification does.
    """
    if not account_id.isdecimal():
        return None
    with _opened(access) as (api, url):
        this_one = {"SearchType": "AccountNumber", "MatchType": "Equal", "Criteria": account_id}
        with readable(api, url):
            found = with_identifier(_accounts(_page(api, url, this_one, 1, access), access), account_id)
    return found


@contextmanager
def _opened(access: Access) -> Iterator[tuple[RestApi, str]]:
    url = address_of(access, SEARCH)
    settings = access.settings
    sign = signer("POST", url, settings["rest_public_key"], access.secrets["rest_private_key"], access.in_play)
    with HttpClient(access.endpoint(url), access.connection, SYSTEM, access.in_play) as client:
        yield RestApi(client, sign, access.in_play, ADVICE), url


def _pages(api: RestApi, url: str, access: Access) -> Iterator[list[Account]]:
    """Read rows until there are as many as there should be, a page is empty, or the next row does not grow."""
    seen: set[str] = set()
    row, total = 1, None
    while True:
        content = _page(api, url, _EVERYONE, row, access)
        accounts = list(_accounts(content, access))
        seen.update(account.id for account in accounts)
        total, following = content.get("TotalCount"), content.get("NextRow")
        if not accounts:
            break
        yield accounts
        if not isinstance(following, int) or following <= row or (isinstance(total, int) and len(seen) >= total):
            break
        row = following
    if not isinstance(total, int) or len(seen) < total:
        yield _first_row(api, url, access, seen, total)


def _first_row(api: RestApi, url: str, access: Access, seen: set[str], total: object) -> list[Account]:
    """Ask for the row before the first one, which is there if rows count from 0; then all have to be known."""
    accounts = [
        account for account in _accounts(_page(api, url, _EVERYONE, 0, access), access) if account.id not in seen
    ]
    known = len(seen) + len(accounts)
    if isinstance(total, int) and known < total:
        raise UnreadableAccount(f"{known} of the {total} accounts that it counts")
    return accounts


def _page(api: RestApi, url: str, criterion: dict[str, str], row: int, access: Access) -> dict[str, Any]:
    content = api.search(url, {"Criteria": [criterion], "PageSize": _PAGE_SIZE, "StartRow": row})
    if isinstance(content, dict) and content.get("Success") is False:
        reason = quote(str(content.get("Message") or ""), access.in_play)
        told = f"it did not list the accounts{f' ({reason})' if reason else ''}. Check the role of the rep"
        api.refuse(ErrorCode.RIGHT_MISSING, url, told)
    if not isinstance(content, dict) or not isinstance(content.get("Accounts"), list):
        raise UnreadableAccount("no list of accounts")
    return content


def _accounts(content: dict[str, Any], access: Access) -> Iterator[Account]:
    for entry in content["Accounts"]:
        given = entry if isinstance(entry, dict) else {}
        inner = given.get("Account")
        about = {**(inner if isinstance(inner, dict) else {}), **given}
        name = next((about[key] for key in ("Name", "AccountName") if isinstance(about.get(key), str)), None)
        status = {"active": True, "inactive": False}.get(str(about.get("Status")).casefold())
        yield read_account(entry, about.get("AccountNumber"), name, access.in_play, (), status)
