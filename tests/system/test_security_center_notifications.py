# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security Center sends the mails, in one session; what it does not send waits, and stands in nobody's way."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.writer import Writer
from sandbox import Sandbox
from system.crew import Crew
from system.databases import Database
from system.tasks import Options
from system.workplace import Workplace

PEOPLE = [{"email": f"person{number}@msp.example", "alias": f"Person {number}"} for number in range(3)]
EVERYBODY = [person["email"] for person in PEOPLE]
THREE_CHANNELS = ["smtp", "webhook", "security_center"]
DELETION: Options = {"name": "Acme", "state": "absent"}
THROUGH_SERVER: Options = {"notify_through": ["security_center"]}
START, SEND, END = "Session.StartSession", "IWebUsersSrv.SendEmail", "Session.EndSession"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)


@pytest.fixture
def place(sqlite_workplace: Workplace) -> Workplace:
    """Give a registry with one integration, whose administrators are PEOPLE."""
    sqlite_workplace.create(administrators=PEOPLE)
    return sqlite_workplace


@pytest.fixture
def server(sandbox: Sandbox) -> Options:
    return {"security_center": sandbox.security_center_settings()}


@pytest.fixture
def every_channel(sandbox: Sandbox, server: Options) -> Options:
    return sandbox.smtp_settings("none") | sandbox.webhook_settings() | server


def calls(sandbox: Sandbox) -> list[str]:
    """Name the calls that Security Center received."""
    return [request.operation for request in sandbox.requests("security_center")]


def request_ids(sandbox: Sandbox) -> list[str]:
    """Return the ids under which Security Center was asked to send mails."""
    sent = [request for request in sandbox.requests("security_center") if request.operation == SEND]
    return [request.json()["wstrRequestId"] for request in sent]


def sent_by_server(sandbox: Sandbox) -> list[str]:
    """Return whom Security Center wrote to."""
    mails = [mail.recipients for mail in sandbox.mails() if mail.listener == "security_center"]
    return [recipient for [recipient] in mails]


def outbox(place: Workplace) -> list[tuple[str, str | None, str | None]]:
    """Return channel, recipient and error of what waits."""
    listed = place.run("notification_info", status=["pending", "failed"])["notifications"]
    return sorted((item["channel"], item["recipient"], item["last_error"]) for item in listed)


def waiting(place: Workplace) -> list[tuple[str, str | None]]:
    """Return channel and recipient of what waits."""
    return sorted({(channel, recipient) for channel, recipient, _error in outbox(place)}, key=str)


# Which channels


@pytest.mark.parametrize(
    ("named", "channels"),
    [
        (None, {"smtp"}),
        (["smtp"], {"smtp"}),
        (["webhook"], {"webhook"}),
        (["security_center"], {"security_center"}),
        (["security_center", "smtp"], {"security_center", "smtp"}),
        (["smtp", "webhook", "security_center"], {"smtp", "webhook", "security_center"}),
        (["webhook", "webhook", "security_center", "webhook"], {"webhook", "security_center"}),
    ],
)
def test_the_named_channels_get_messages_and_no_others(
    place: Workplace, named: list[str] | None, channels: set[str]
) -> None:
    result = place.run("integration", **DELETION, notify_through=named)
    expected = [(channel, person) for channel in channels - {"webhook"} for person in EVERYBODY]
    expected += [("webhook", None)] if "webhook" in channels else []
    assert waiting(place) == sorted(expected, key=str)
    assert result["notifications_pending"] == len(expected)
    [warning] = result["warnings"]
    options = {"smtp": "smtp_host", "webhook": "webhook_url", "security_center": "security_center"}
    assert {name for name, option in options.items() if f"no {option}" in warning} == channels


def test_a_webhook_that_is_configured_and_not_named_is_not_told(
    place: Workplace, sandbox: Sandbox, every_channel: Options
) -> None:
    result = place.run("integration", **DELETION, **THROUGH_SERVER, **every_channel)
    assert {item["channel"] for item in result["notified"]} == {"security_center"}
    assert (sandbox.webhooks(), outbox(place)) == ([], [])


def test_nobody_to_tell_is_said_although_there_is_a_webhook(
    sqlite_workplace: Workplace, sandbox: Sandbox, every_channel: Options
) -> None:
    sqlite_workplace.create(solution="security_center", administrators=None)
    [warning] = sqlite_workplace.run("integration", **DELETION, **THROUGH_SERVER, **every_channel)["warnings"]
    assert "nobody was told" in warning
    assert sandbox.requests() == []


@pytest.mark.parametrize(("module", "options"), [("integration", DELETION), ("notification", {})])
def test_no_channel_at_all_is_refused(place: Workplace, module: str, options: Options) -> None:
    before = place.everything()
    refused = place.refusal(module, **options, notify_through=[])
    assert (refused.code, refused.details["faults"][0]["option"]) == ("invalid_settings", "notify_through")
    assert place.everything() == before


def test_faults_of_all_channels_are_told_before_anything_is_deleted(place: Workplace) -> None:
    before = place.everything()
    channels: Options = {"smtp_host": "127.0.0.1", "security_center": {"url": "https://127.0.0.1"}}
    refused = place.refusal("integration", **DELETION, **channels, notify_through=["smtp", "security_center"])
    assert [fault["option"] for fault in refused.details["faults"]] == [
        "mail_from",
        "security_center.username",
        "security_center.password",
    ]
    assert place.everything() == before


def test_faults_of_channels_that_are_not_named_do_not_matter(place: Workplace, server: Options) -> None:
    result = place.run("integration", **DELETION, **THROUGH_SERVER, **server, smtp_host="127.0.0.1")
    assert result["notifications_pending"] == 0


# Delivery


def test_all_mails_of_a_task_go_through_one_session(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    result = place.run("integration", **DELETION, **THROUGH_SERVER, **server)
    assert result["notified"] == [{"channel": "security_center", "recipient": person} for person in EVERYBODY]
    assert (result["notifications_pending"], result["warnings"]) == (0, [])
    assert sent_by_server(sandbox) == EVERYBODY
    assert calls(sandbox) == [START, *[SEND] * len(PEOPLE), END]


def test_a_second_deletion_asks_nobody(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    place.run("integration", **DELETION, **THROUGH_SERVER, **server)
    sandbox.forget()
    assert not place.run("integration", **DELETION, **THROUGH_SERVER, **server)["changed"]
    assert not place.run("notification", **server)["changed"]
    assert sandbox.requests() == []


def test_each_request_has_the_id_of_its_message(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    place.run("integration", **DELETION, **THROUGH_SERVER, **server)
    listed = place.run("notification_info")["notifications"]
    assert sorted(request_ids(sandbox)) == sorted(item["message_id"] for item in listed)
    assert [str(UUID(text)) for text in request_ids(sandbox)] == request_ids(sandbox)


@pytest.mark.parametrize("module", ["integration", "notification"])
def test_check_mode_logs_in_nowhere(place: Workplace, sandbox: Sandbox, every_channel: Options, module: str) -> None:
    options = DELETION if module == "integration" else {}
    if module == "notification":
        place.run("integration", **DELETION, notify_through=THREE_CHANNELS)
    before = place.everything()
    result = place.run(module, check_mode=True, **options, **every_channel, notify_through=THREE_CHANNELS)
    assert (result["changed"], sandbox.requests()) == (True, [])
    assert place.everything() == before


def test_a_message_belongs_to_its_channel(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    place.run("integration", **DELETION, notify_through=["smtp", "security_center"])
    delivered = place.run("notification", **server)
    assert {item["channel"] for item in delivered["delivered"]} == {"security_center"}
    assert waiting(place) == [("smtp", person) for person in EVERYBODY]
    assert sorted(sent_by_server(sandbox)) == EVERYBODY
    assert {item["last_error"] for item in delivered["undelivered"]} == {"channel_not_configured"}
    assert "no smtp_host." in delivered["warnings"][0]


@pytest.mark.parametrize("state", ["delivered", "discarded"])
def test_other_channels_than_those_named_are_left_alone(
    place: Workplace, sandbox: Sandbox, every_channel: Options, state: str
) -> None:
    place.run("integration", **DELETION, notify_through=THREE_CHANNELS)
    named = ["webhook", "security_center"]
    result = place.run("notification", **every_channel, state=state, notify_through=named, limit=10)
    assert {item["channel"] for item in result[state]} == set(named)
    assert (result["undelivered"], result["notifications_pending"]) == ([], len(PEOPLE))
    assert outbox(place) == [("smtp", person, None) for person in EVERYBODY]
    assert sandbox.requests("smtp") == []


def test_an_unverified_certificate_is_told_of(place: Workplace, sandbox: Sandbox) -> None:
    blind = {"security_center": sandbox.security_center_settings(validate_certs=False)}
    [warning] = place.run("integration", **DELETION, **THROUGH_SERVER, **blind)["warnings"]
    assert "validate_certs: false" in warning


def test_a_mail_is_reserved_for_longer_than_its_own_connection_may_take(
    place: Workplace, server: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two logins with two repetitions, and two calls, of 50 seconds each; what other channels wait for is no matter."""
    lease, lengths = Writer.lease_notification, set()

    def noted(self: Writer, notification_id: str, now: datetime, length: timedelta) -> bool:
        lengths.add(length)
        return lease(self, notification_id, now, length)

    monkeypatch.setattr(Writer, "lease_notification", noted)
    server["security_center"] |= {"timeout": 50, "retries": 2}
    place.run("integration", **DELETION, **THROUGH_SERVER, **server, timeout=1000)
    assert lengths == {timedelta(seconds=60 + 8 * 50)}


# What is written


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "Müller & Söhne &amp; Co", "\"quotes\" 'and' `more`", "</body><!-- <b>"]
)
def test_no_name_becomes_markup(sqlite_workplace: Workplace, sandbox: Sandbox, server: Options, name: str) -> None:
    sqlite_workplace.create(name, administrators=PEOPLE[:1])
    sqlite_workplace.run("binding", integration=name, companies=[f"Client {name}"])
    sqlite_workplace.run("integration", name=name, state="absent", **THROUGH_SERVER, **server, actor=f"Boss {name}")
    [mail] = sandbox.mails()
    written = mail.part("html") or ""
    assert set(re.findall("<[^>]*>", written)) == {"<br>"}
    shown = html.unescape(written.replace("<br>", "")).splitlines()
    assert f"- Client {name}" in shown
    assert f"Deleted by: Boss {name} (as stated by the task that deleted it)" in shown
    assert mail.subject == f'Integration "{name}" was deleted'


def test_no_name_becomes_a_line_of_its_own(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    """No task takes such a name; somebody wrote it into the registry."""
    place.run("integration", **DELETION, **THROUGH_SERVER)
    spoilt = (
        "UPDATE notification SET snapshot = replace(snapshot, '\"Acme\"', '\"Ac\\r\\nBcc: eve@msp.example\\u2028me\"')"
    )
    place.database.query(spoilt)
    assert len(place.run("notification", **server)["delivered"]) == len(PEOPLE)
    for mail in sandbox.mails():
        assert len(mail.recipients) == 1
        assert mail.message["Bcc"] is None
        shown = html.unescape((mail.part("html") or "").replace("<br>", ""))
        assert [line for line in shown.splitlines() if "eve@" in line] == [
            'The integration "Ac\ufffd\ufffdBcc: eve@msp.example\ufffdme" was deleted.'
        ]


# What goes wrong


def without_right(sandbox: Sandbox) -> None:
    [user] = [user for user in sandbox.users() if user.system == "security_center"]
    user.lacks.add(SEND)


REFUSALS: dict[str, tuple[Any, list[str]]] = {
    "credentials_refused": (lambda sandbox: sandbox.misbehave("security_center", "unauthorized"), [START]),
    "two_step_verification": (lambda sandbox: sandbox.misbehave("security_center", "two_step"), [START]),
    "right_missing": (without_right, [START, SEND, END]),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_ends_the_channel_for_this_run_and_no_other(
    place: Workplace, sandbox: Sandbox, every_channel: Options, code: str
) -> None:
    """A wrong password tried once a letter would block the account."""
    refuse, expected_calls = REFUSALS[code]
    refuse(sandbox)
    result = place.run("integration", **DELETION, **every_channel, notify_through=THREE_CHANNELS[::-1])
    assert result["changed"]
    assert {item["channel"] for item in result["notified"]} == {"smtp", "webhook"}
    assert result["notifications_pending"] == len(PEOPLE)
    assert f"{len(PEOPLE)} notifications are pending" in result["warnings"][0]
    assert calls(sandbox) == expected_calls
    # Only the first was tried; the others are told of by the result of the task that delivers.
    assert outbox(place)[0] == ("security_center", EVERYBODY[0], code)
    assert {error for _channel, _recipient, error in outbox(place)[1:]} == {None}


def test_a_server_that_is_down_is_asked_twice_and_fails_no_deletion(
    place: Workplace, sandbox: Sandbox, every_channel: Options
) -> None:
    place.run("binding", integration="Acme", companies=["Harbour"])
    sandbox.misbehave("security_center", "dropped")
    every_channel["security_center"]["retries"] = 0
    result = place.run("integration", **DELETION, **every_channel, notify_through=THREE_CHANNELS)
    assert (result["changed"], result["unbound"]) == (True, [{"name": "Harbour"}])
    assert calls(sandbox) == [START, START]
    assert waiting(place) == [("security_center", person) for person in EVERYBODY]
    sandbox.behave()
    assert place.run("notification", **every_channel)["notifications_pending"] == 0


def test_a_session_that_ends_in_between_is_renewed(place: Workplace, sandbox: Sandbox, server: Options) -> None:
    sandbox.misbehave("security_center", "session_ended", times=1, only=SEND)
    assert place.run("integration", **DELETION, **THROUGH_SERVER, **server)["notifications_pending"] == 0
    assert sent_by_server(sandbox) == EVERYBODY
    assert calls(sandbox).count(START) == 2
    assert calls(sandbox)[-1] == END


def test_one_refused_mail_blocks_no_other_and_the_session_is_ended(
    place: Workplace, sandbox: Sandbox, server: Options
) -> None:
    sandbox.misbehave("security_center", "error", times=1, only=SEND, code=1192)
    assert place.run("integration", **DELETION, **THROUGH_SERVER, **server)["notifications_pending"] == 1
    assert outbox(place) == [("security_center", EVERYBODY[0], "unexpected_answer")]
    assert calls(sandbox) == [START, *[SEND] * len(PEOPLE), END]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [("snapshot", "{}", "registry_damaged"), ("recipient", "a@x.example, b@x.example", "invalid_settings")],
)
def test_one_damaged_message_blocks_no_other(
    place: Workplace, sandbox: Sandbox, server: Options, column: str, value: str, code: str
) -> None:
    place.run("integration", **DELETION, **THROUGH_SERVER)
    where = f"WHERE recipient = '{EVERYBODY[1]}'"
    place.database.query(f"UPDATE notification SET {column} = '{value}' {where}")  # noqa: S608
    result = place.run("notification", **server)
    assert [item["last_error"] for item in result["undelivered"]] == [code]
    assert sorted(sent_by_server(sandbox)) == [EVERYBODY[0], EVERYBODY[2]]


def test_a_mail_whose_answer_is_lost_is_repeated_under_the_same_id(
    place: Workplace, sandbox: Sandbox, server: Options
) -> None:
    sandbox.misbehave("security_center", "truncated", times=1, only=SEND)
    assert place.run("integration", **DELETION, **THROUGH_SERVER, **server)["notifications_pending"] == 1
    assert place.run("notification", **server)["notifications_pending"] == 0
    ids = request_ids(sandbox)
    assert (len(ids), len(set(ids))) == (len(PEOPLE) + 1, len(PEOPLE))
    assert ids[0] == ids[-1]


@pytest.mark.parametrize("store", ["registry"], indirect=True)
def test_a_mail_that_was_sent_by_a_task_killed_before_it_could_say_so_is_repeated_under_the_same_id(
    workplace: Workplace, database: Database, crew: Crew, sandbox: Sandbox, server: Options
) -> None:
    workplace.create(administrators=PEOPLE[:1])
    workplace.run("integration", **DELETION, **THROUGH_SERVER)
    delivery = ("notification", workplace.options(**server), workplace.keyring.folder)
    waits = database.snapshot()
    steps = crew.run(*delivery).steps
    database.restore(waits)
    sandbox.forget()
    assert crew.run(*delivery, fatal_step=steps.index("after SecurityCenter.send_mail")).killed
    assert sent_by_server(sandbox) == EVERYBODY[:1]
    assert crew.run(*delivery).result
    first, second = request_ids(sandbox)
    assert first == second
    assert outbox(workplace) == []


# Secrets


def test_no_secret_comes_to_light(place: Workplace, sandbox: Sandbox, every_channel: Options) -> None:
    """Not even where nothing masks it, and the server repeats what it was told."""
    password = sandbox.security_center_settings()["password"]
    sandbox.misbehave("security_center", "error", times=1, only=SEND, code=1125, message=f"No {password}")
    result = place.run("integration", **DELETION, **every_channel, notify_through=THREE_CHANNELS)
    later = place.run("notification", **every_channel)
    shown = json.dumps([result, later, place.run("notification_info")], ensure_ascii=False) + place.everything()
    assert result["notifications_pending"] == 1
    assert [secret for secret in sandbox.secrets() if secret in shown] == []
