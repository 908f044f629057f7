# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages of accounts are read once each, and come to an end."""

from __future__ import annotations

from itertools import count

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Account
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import listed_accounts
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.listed_accounts import UnreadableAccount, distinct


def page(*numbers: int) -> list[Account]:
    return [Account(str(number), f"Client {number}") for number in numbers]


def numbers_of(*pages: list[Account]) -> list[int]:
    return [int(account.id) for account in distinct(pages)]


def test_an_account_on_two_pages_is_one() -> None:
    assert numbers_of(page(1, 2), page(2, 3), page(3, 4)) == [1, 2, 3, 4]


def test_an_empty_page_is_the_last() -> None:
    assert numbers_of(page(1), page(), page(2)) == [1]


def test_a_page_that_was_read_already_is_refused() -> None:
    with pytest.raises(UnreadableAccount, match="read already"):
        numbers_of(page(1, 2), page(2, 1))


def test_a_list_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_accounts, "MOST_ACCOUNTS", 3)
    assert numbers_of(page(1, 2), page(3)) == [1, 2, 3]
    endless = distinct(page(number) for number in count())
    with pytest.raises(UnreadableAccount, match="more than 3"):
        list(endless)
