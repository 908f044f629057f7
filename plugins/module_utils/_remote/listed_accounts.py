# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: accounts as a PSA lists them, made fit to be shown and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .._domain.model import Account
from .._domain.redaction import SecretsInPlay
from .._domain.text import LONGEST_NAME, clean_text
from .foreign_text import shown_name
from .rest_api import RestApi

MOST_ACCOUNTS = 500_000
"""More than any MSP has clients; a PSA that goes on after these is out of order."""


class UnreadableAccount(Exception):
    """An entry is no account; says what is wrong with it."""


@contextmanager
def readable(api: RestApi, url: str) -> Iterator[None]:
    """
    Tell of what cannot be read as of any other answer that was not expected.

    :raises IntegrationError: ``unexpected_answer``, in place of :class:`UnreadableAccount`.
    """
    try:
        yield
    except UnreadableAccount as fault:
        api.unexpected(url, str(fault))


def read_account(
    entry: object,
    account_id: object,
    name: object,
    in_play: SecretsInPlay,
    identifiers: Iterable[object] = (),
    active: bool | None = None,
) -> Account:
    """
    Read one entry of a list.

    :param entry: the entry itself, to see whether it is one.
    :param account_id: a number or a text.
    :param in_play: none of it may get into the registry, where it would outlive the task that masks it.
    :param identifiers: what else people know the account by; what is no text or number is left out.
    :raises UnreadableAccount: it is none, or has no identifier or name.
    """
    if not isinstance(entry, dict):
        raise UnreadableAccount("an entry that is no account")
    usable = _identifier(account_id, in_play)
    if usable is None:
        raise UnreadableAccount("an account without a usable identifier")
    if not isinstance(name, str):
        raise UnreadableAccount("an account without a name")
    others = (_identifier(value, in_play) for value in identifiers)
    return Account(usable, shown_name(name, usable, in_play), tuple(value for value in others if value), active)


def distinct(pages: Iterable[Sequence[Account]]) -> Iterator[Account]:
    """
    Give each account once: where one is added while pages are read, the last of a page is the first of the next.

    :param pages: end with an empty one, at the latest.
    :raises UnreadableAccount: there is no end of them: a page brings nothing new, or there are too many accounts.
    """
    seen: set[str] = set()
    for page in pages:
        new = {account.id: account for account in page if account.id not in seen}
        if not page:
            return
        if not new:
            raise UnreadableAccount("a page that was read already")
        seen |= new.keys()
        if len(seen) > MOST_ACCOUNTS:
            raise UnreadableAccount(f"more than {MOST_ACCOUNTS:,} accounts")
        yield from new.values()


def with_identifier(accounts: Iterable[Account], account_id: str) -> Account | None:
    """Find the account that was asked for among those that came."""
    return next((account for account in accounts if account.id == account_id), None)


def _identifier(value: Any, in_play: SecretsInPlay) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    try:
        identifier = clean_text(value)
    except ValueError:
        return None
    return identifier if len(identifier) <= LONGEST_NAME and in_play.redact(identifier) == identifier else None
