# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report tells: the results of the info modules, counted and put in order. Knows nothing of pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

Known = Mapping[str, Any]


class Standing(StrEnum):
    """How a client stands, the best first; the worst that applies counts."""

    SERVED = "served"
    """Bound and mapped: somebody gets the tickets."""
    UNMAPPED = "unmapped"
    """Bound, and not mapped to an account."""
    INACTIVE = "inactive"
    """Mapped to an account that is not active in the PSA."""
    LOST = "lost"
    """Mapped to an account that the PSA no longer has, or no longer shows."""
    STALE = "stale"
    """No longer there in Security Center."""
    UNBOUND = "unbound"
    """No integration holds it."""


_WITHOUT_TICKETS = (Standing.UNMAPPED, Standing.INACTIVE, Standing.LOST, Standing.UNBOUND)
"""What no longer exists has no tickets that anybody could miss."""


class AskedAccounts:
    """
    What the PSAs told of the accounts that clients are mapped to.

    :ivar unlisted: why the accounts of an integration could not be listed, by its instance and name.
    """

    def __init__(self, told: Sequence[Known]) -> None:
        self.unlisted: dict[tuple[str, str], str] = {}
        self._faulty: dict[tuple[str, str, str], Standing] = {}
        for one in told:
            place = one["report_integration"]["instance"], one["report_integration"]["name"]
            if "accounts" in one:
                inactive = (item["id"] for item in one["accounts"] if item["active"] is False)
                lost = (item["account"]["id"] for item in one["lost_mappings"])
                self._faulty |= {(*place, identifier): Standing.INACTIVE for identifier in inactive}
                self._faulty |= {(*place, identifier): Standing.LOST for identifier in lost}
            else:
                self.unlisted[place] = (one.get("error") or {}).get("code") or "no answer"

    def standing(self, item: Known) -> Standing:
        """Tell how a client stands that is mapped."""
        place = item["instance"], item["integration"], item["account"]["id"]
        return self._faulty.get(place, Standing.SERVED)


class Health(StrEnum):
    """What is known of the credentials of an integration."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"


@dataclass(frozen=True)
class Client:
    """A virtual server or company."""

    name: str
    uid: str
    instance: str
    integration: str | None
    account: str | None
    standing: Standing


@dataclass(frozen=True)
class KeptIntegration:
    """
    An integration and how it stands.

    :param age: of its credentials, in days.
    :param trouble: why the proof failed.
    :param clients: how many it holds, by standing.
    :param unlisted: why the accounts of its PSA could not be listed.
    """

    name: str
    instance: str
    platform: str
    health: Health
    proven_on: date | None
    trouble: str | None
    age: int
    clients: Mapping[Standing, int]
    unlisted: str | None = None

    @property
    def client_count(self) -> int:
        """How many clients it holds."""
        return sum(self.clients.values())

    @property
    def without_tickets(self) -> int:
        """How many of them have nobody who gets their tickets."""
        return sum(self.clients.get(standing, 0) for standing in _WITHOUT_TICKETS)


@dataclass(frozen=True)
class Message:
    """A notification that waits."""

    integration: str
    recipient: str
    channel: str
    made_on: date
    error: str | None


@dataclass(frozen=True)
class Change:
    """Something that was done."""

    at: datetime
    actor: str
    action: str
    integration: str


@dataclass(frozen=True)
class Facts:
    """
    All that a report tells.

    :param today: the day that it is about.
    :param days: how many days of changes it tells.
    :param oldest: days after which credentials count as old.
    :param accounts_asked: whether the PSAs were asked for their accounts.
    """

    title: str
    today: date
    days: int
    oldest: int
    integrations: Sequence[KeptIntegration]
    clients: Sequence[Client]
    messages: Sequence[Message]
    changes: Sequence[Change]
    accounts_asked: bool = False

    @cached_property
    def standings(self) -> Mapping[Standing, int]:
        """How many clients stand how."""
        counted = Counter(client.standing for client in self.clients)
        return {standing: counted[standing] for standing in Standing}

    def of_standing(self, standing: Standing) -> list[Client]:
        """The clients that stand so, by name."""
        return [client for client in self.clients if client.standing is standing]

    @property
    def without_tickets(self) -> int:
        """How many clients have nobody who gets their tickets."""
        return sum(self.standings[standing] for standing in _WITHOUT_TICKETS)

    @property
    def existing(self) -> int:
        """How many clients there are, as far as is known."""
        return len(self.clients) - self.standings[Standing.STALE]

    @property
    def unlisted(self) -> list[KeptIntegration]:
        """The integrations whose accounts could not be listed."""
        return [item for item in self.integrations if item.unlisted]

    def of_health(self, health: Health) -> list[KeptIntegration]:
        """The integrations of that health."""
        return [item for item in self.integrations if item.health is health]

    @property
    def old_credentials(self) -> list[KeptIntegration]:
        """The integrations whose credentials are old, the oldest first."""
        return sorted((item for item in self.integrations if item.age > self.oldest), key=lambda item: -item.age)

    @cached_property
    def changes_by_day(self) -> list[tuple[date, int]]:
        """How many changes each of the days has, the first day first."""
        counted = Counter(change.at.date() for change in self.changes)
        first = self.today - timedelta(days=self.days - 1)
        return [(day := first + timedelta(days=number), counted[day]) for number in range(self.days)]


def read_facts(
    told: Sequence[Known], *, title: str, today: date, days: int, oldest: int, asked: Sequence[Known] | None = None
) -> Facts:
    """
    Put together what the info modules tell.

    :param told: for each instance ``integrations``, ``history``, ``tenants`` and ``notifications``, as
        ``integration_info``, ``tenant_info`` and ``notification_info`` return them.
    :param asked: what ``account_info`` returns for each integration, which is its ``report_integration``; none
        if the PSAs were not asked.
    """
    accounts = None if asked is None else AskedAccounts(asked)
    tenants = (item for one in told for item in one["tenants"] if not _is_gone(item))
    clients = sorted((_client(item, accounts) for item in tenants), key=lambda client: client.name)
    held: dict[tuple[str, str | None], Counter[Standing]] = {}
    for client in clients:
        held.setdefault((client.instance, client.integration), Counter())[client.standing] += 1
    integrations = [_integration(item, held, today, accounts) for one in told for item in one["integrations"]]
    changes = [_change(item) for one in told for item in one["history"]]
    return Facts(
        title=title,
        today=today,
        days=days,
        oldest=oldest,
        integrations=sorted(integrations, key=lambda item: (item.instance, item.name)),
        clients=clients,
        messages=[_message(item) for one in told for item in one["notifications"] if item["status"] != "delivered"],
        changes=sorted(_recent(changes, today, days), key=lambda change: change.at, reverse=True),
        accounts_asked=accounts is not None,
    )


def _recent(changes: Iterable[Change], today: date, days: int) -> list[Change]:
    return [change for change in changes if 0 <= (today - change.at.date()).days < days]


def _is_gone(item: Known) -> bool:
    """Whether it neither exists nor is held, so that nothing is left to be done about it."""
    return bool(item.get("stale")) and not item.get("bound")


def _client(item: Known, accounts: AskedAccounts | None) -> Client:
    account = item.get("account")
    return Client(
        name=item["name"],
        uid=item.get("uid") or "",
        instance=item["instance"],
        integration=item.get("integration"),
        account=account["name"] if account else None,
        standing=_standing(item, accounts),
    )


def _standing(item: Known, accounts: AskedAccounts | None) -> Standing:
    if not item.get("bound"):
        return Standing.UNBOUND
    if item.get("stale"):
        return Standing.STALE
    if not item.get("account"):
        return Standing.UNMAPPED
    return accounts.standing(item) if accounts else Standing.SERVED


def _integration(
    item: Known,
    held: Mapping[tuple[str, str | None], Counter[Standing]],
    today: date,
    accounts: AskedAccounts | None,
) -> KeptIntegration:
    verification = item.get("verification") or {}
    proven_at = item.get("verified_at")
    error = verification.get("error")
    return KeptIntegration(
        name=item["name"],
        instance=item["instance"],
        platform=item["platform"],
        health=_health(verification.get("state"), proven_at),
        proven_on=today
        if verification.get("state") == "verified"
        else _moment(proven_at).date()
        if proven_at
        else None,
        trouble=error["code"] if error else None,
        age=max(0, (today - _moment(item["credentials_changed_at"]).date()).days),
        clients=held.get((item["instance"], item["name"]), Counter()),
        unlisted=accounts.unlisted.get((item["instance"], item["name"])) if accounts else None,
    )


def _health(state: str | None, proven_at: str | None) -> Health:
    if state == "failed":
        return Health.FAILED
    return Health.PROVEN if state == "verified" or proven_at else Health.UNPROVEN


def _message(item: Known) -> Message:
    return Message(
        integration=item.get("integration") or "",
        recipient=item.get("recipient") or item["channel"],
        channel=item["channel"],
        made_on=_moment(item["created_at"]).date(),
        error=item.get("last_error"),
    )


def _change(item: Known) -> Change:
    return Change(_moment(item["at"]), item["actor"], item["action"], item.get("integration") or "")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
