# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Processes that deliver the same outbox at once send each message once.

A message is repeated only where nobody can know that it was accepted: its sender was killed before it could note that,
or was so slow that another took the message over. Both times it has the same identifier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.mail import MailChannel
from sandbox import Sandbox
from system.crew import Crew, Outcome
from system.databases import SqliteFile
from system.tasks import Options
from system.workplace import Workplace

DELETED = 5
MESSAGES = 3 * DELETED  # two administrators and a webhook each
LONG_AGO = "2020-01-01 00:00:00.000000"

pytestmark = pytest.mark.parametrize("store", ["keyring"], indirect=True)


@pytest.fixture
def channels(sandbox: Sandbox) -> Options:
    return sandbox.smtp_settings("none") | sandbox.webhook_settings()


@pytest.fixture
def outbox(workplace: Workplace) -> Workplace:
    """Give a registry with messages that are still to be delivered."""
    for number in range(DELETED):
        workplace.create(f"Acme {number}")
        workplace.run(
            "integration", name=f"Acme {number}", state="absent", webhook_url="https://127.0.0.1:9/hook", retries=0
        )
    return workplace


def accepted(sandbox: Sandbox) -> Counter[str]:
    """Count what the servers accepted, by the identifier that it carried."""
    mails = [str(mail.message["Message-ID"]) for mail in sandbox.mails()]
    return Counter([*mails, *(request.headers["webhook-id"] for request in sandbox.webhooks())])


def identifiers(workplace: Workplace) -> set[str]:
    rows = workplace.database.rows("notification")
    assert len(rows) == MESSAGES
    return {row["message_id"] for row in rows}


def assert_all_noted(workplace: Workplace) -> None:
    for row in workplace.database.rows("notification"):
        assert row["delivered_at"]
        assert (row["lease_holder"], row["last_error"]) == (None, None)


def deliver(crew: Crew, workplace: Workplace, processes: int, options: Options) -> list[Outcome]:
    tasks = [("notification", workplace.options(**options))] * processes
    return crew.run_all(tasks, workplace.keyring.folder)


@pytest.mark.parametrize("processes", [2, 4])
def test_each_message_is_sent_once(
    outbox: Workplace, crew: Crew, sandbox: Sandbox, channels: Options, processes: int
) -> None:
    results = [outcome.result for outcome in deliver(crew, outbox, processes, channels)]
    assert accepted(sandbox) == dict.fromkeys(identifiers(outbox), 1)
    told = Counter(item["message_id"] for result in results if result for item in result["delivered"])
    assert told == dict.fromkeys(identifiers(outbox), 1), "each is told of by the process that sent it"
    assert_all_noted(outbox)


@pytest.fixture
def slow_sender(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let this process be so slow with one mail that something happens before the server has it."""

    def arrange(happens: Callable[[], Any]) -> None:
        send, waiting = MailChannel.send, [happens]

        def slow(
            channel: MailChannel, recipient: str, subject: str, body: str, message_id: str, date: datetime
        ) -> None:
            while waiting:
                waiting.pop()()
            send(channel, recipient, subject, body, message_id, date)

        monkeypatch.setattr(MailChannel, "send", slow)

    return arrange


def expire_leases(workplace: Workplace) -> None:
    workplace.database.query(f"UPDATE notification SET lease_until = '{LONG_AGO}' WHERE lease_until IS NOT NULL")  # noqa: S608


def test_who_is_overtaken_while_sending_says_so(
    outbox: Workplace, crew: Crew, sandbox: Sandbox, channels: Options, slow_sender: Callable[[Any], None]
) -> None:
    others: list[Outcome] = []

    def overtaken() -> None:
        expire_leases(outbox)
        others.extend(deliver(crew, outbox, 1, channels))

    slow_sender(overtaken)
    slow = outbox.run("notification", **channels)
    [other] = [outcome.result for outcome in others]
    assert other
    assert len(other["delivered"]) >= MESSAGES - 1, "all but a webhook that may come before the first mail"
    sent = accepted(sandbox)
    [twice] = [identifier for identifier, times in sent.items() if times > 1]
    assert sent == {**dict.fromkeys(identifiers(outbox), 1), twice: 2}
    [warning] = [warning for warning in slow["warnings"] if "took it over" in warning]
    assert twice in warning
    assert_all_noted(outbox)


def test_a_failure_does_not_end_the_lease_of_who_took_over(
    outbox: Workplace, crew: Crew, sandbox: Sandbox, channels: Options, slow_sender: Callable[[Any], None]
) -> None:
    def overtaken() -> None:
        expire_leases(outbox)
        outbox.database.query("UPDATE notification SET lease_holder = 'elsewhere/1' WHERE lease_holder IS NOT NULL")
        soon = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%Y-%m-%d %H:%M:%S.000000+00")
        until = soon.removesuffix("+00") if isinstance(outbox.database, SqliteFile) else soon
        outbox.database.query(f"UPDATE notification SET lease_until = '{until}' WHERE attempts > 1")  # noqa: S608
        raise IntegrationError(ErrorCode.UNEXPECTED_ANSWER, "refused")

    [first, *_others] = [row["id"] for row in outbox.run("notification_info")["notifications"] if row["recipient"]]
    outbox.run("notification", notification_ids=[first], **channels | {"smtp_port": 9})
    slow_sender(overtaken)
    outbox.run("notification", notification_ids=[first], **channels)
    [row] = [row for row in outbox.database.rows("notification") if row["id"] == first]
    assert (row["lease_holder"], row["delivered_at"]) == ("elsewhere/1", None)
    deliver(crew, outbox, 2, channels)
    assert len(accepted(sandbox)) == MESSAGES - 1, "the other run still holds the last one"


@pytest.mark.parametrize(("channel", "step"), [("smtp", "MailChannel"), ("webhook", "WebhookChannel")])
def test_a_message_is_repeated_only_after_a_kill_and_then_with_the_same_identifier(
    outbox: Workplace, crew: Crew, sandbox: Sandbox, channels: Options, channel: str, step: str
) -> None:
    """Two others deliver at the same time; the one that is killed has sent a message and noted nothing."""
    rows = outbox.database.rows("notification")
    last = max((row["created_at"], row["id"]) for row in rows if row["channel"] == channel)[1]
    # One message is left to the first, so that it sends one, however fast the others are.
    others = {"notification_ids": [row["id"] for row in rows if row["id"] != last]}
    tasks = [("notification", outbox.options(**channels | ids)) for ids in ({}, others, others)]
    outcomes = crew.run_all_and_kill_the_first(tasks, outbox.keyring.folder, f"after {step}.send")
    assert [outcome.killed for outcome in outcomes] == [True, False, False]
    deliver(crew, outbox, 2, channels)
    sent = accepted(sandbox)
    assert set(sent) == identifiers(outbox)
    assert sorted(sent.values()) == [*[1] * (MESSAGES - 1), 2]
    assert_all_noted(outbox)
