# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deletion unbinds, forgets and tells; what cannot be told waits in the outbox and stands in nobody's way."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import delete
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.mail import MailChannel
from ansible_collections.msp.kaspersky.plugins.module_utils._storage import upgrades
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.reader import Reader
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.writer import Writer
from sandbox import Sandbox
from system.tasks import Options
from system.workplace import Workplace

PEOPLE = [{"email": f"person{number}@msp.example", "alias": f"Person {number}"} for number in range(5)]
DELETION: Options = {"name": "Acme", "state": "absent"}
# Where the secrets are makes no difference to the outbox.
with_one_store = pytest.mark.parametrize("store", ["registry"], indirect=True)


@pytest.fixture
def channels(sandbox: Sandbox) -> Options:
    return sandbox.smtp_settings("none") | sandbox.webhook_settings()


def pending(workplace: Workplace) -> dict[str, str]:
    """Return how far each message is, by recipient."""
    listed = workplace.run("notification_info")["notifications"]
    return {item["recipient"] or "webhook": item["status"] for item in listed}


# What is deleted


def test_a_deletion_frees_its_tenants_and_clears_its_settings(workplace: Workplace) -> None:
    workplace.create()
    workplace.create("Other")
    workplace.run("binding", integration="Acme", companies=["Harbour", {"id": "7", "name": "Numbered"}])
    result = workplace.run("integration", **DELETION)
    assert result["changed"]
    assert result["unbound"] == [{"name": "Harbour"}, {"uid": "7", "name": "Numbered"}]
    assert [item["name"] for item in workplace.run("integration_info")["integrations"]] == ["Other"]
    assert {tenant["bound"] for tenant in workplace.run("tenant_info")["tenants"]} == {False}
    workplace.assert_nothing_stranded()
    bound = workplace.run("binding", integration="Other", companies=result["unbound"])
    assert [tenant["name"] for tenant in bound["bound"]] == ["Harbour", "Numbered"]


def test_a_mistyped_name_does_not_look_like_a_deletion(workplace: Workplace) -> None:
    workplace.create("Integration with Tigerpaw")
    for options, told in (
        ({"name": "Integration with Tigrpaw"}, "Did you mean 'Integration with Tigerpaw'?"),
        ({"name": "Integration with Tigerpaw", "instance": "defalt"}, "Did you mean 'default'?"),
    ):
        done = workplace.run("integration", state="absent", **options)
        assert not done["changed"]
        [warning] = done["warnings"]
        assert "nothing was deleted" in warning.lower()
        assert told in warning
    done = workplace.run("integration", state="absent", name="Deleted long ago")
    assert (done["changed"], done["warnings"]) == (False, [])


def test_a_second_deletion_changes_nothing_and_tells_nobody(
    workplace: Workplace, sandbox: Sandbox, channels: Options
) -> None:
    workplace.create()
    first = workplace.run("integration", **DELETION, **channels)
    assert [item["recipient"] for item in first["notified"]] == ["ann@msp.example", "bob@msp.example", None]
    assert (first["notifications_pending"], first["warnings"]) == (0, [])
    sandbox.forget()
    before = workplace.everything()
    second = workplace.run("integration", **DELETION, **channels)
    assert (second["changed"], second["notified"], second["unbound"]) == (False, [], [])
    assert sandbox.requests() == []
    assert workplace.everything() == before


def test_a_deletion_can_be_refused_while_tenants_are_bound(workplace: Workplace) -> None:
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Harbour"])
    before = workplace.everything()
    refused = workplace.refusal("integration", **DELETION, when_bound="fail")
    assert refused.code == "tenants_bound"
    assert refused.details["tenants"] == [{"name": "Harbour"}]
    assert "'Harbour'" in refused.message
    assert workplace.everything() == before


def test_a_deletion_unbinds_only_who_is_named(workplace: Workplace) -> None:
    workplace.create()
    workplace.run("binding", integration="Acme", companies=[{"uid": "1", "name": "Harbour"}, "Cyan", "Dune"])
    known = {item["name"]: item["id"] for item in workplace.run("tenant_info")["tenants"]}
    before = workplace.everything()
    for named in ([], ["harbour"], ["Harbour", "Cyan"], [known["Dune"], "1"]):
        refused = workplace.refusal("integration", **DELETION, unbind_only=named)
        assert refused.code == "tenants_bound"
        assert set(refused.details["tenants"][0].values()) & {"Harbour", "Dune", "Cyan"}
    assert refused.details["tenants"] == [{"name": "Cyan"}]
    assert "unbind_only does not name: 'Cyan'" in refused.message
    assert workplace.everything() == before
    deleted = workplace.run("integration", **DELETION, unbind_only=["1", "Cyan", known["Dune"], "Elsewhere"])
    assert len(deleted["unbound"]) == 3


def test_a_deletion_never_asks_the_platform(workplace: Workplace, sandbox: Sandbox) -> None:
    workplace.create(tigerpaw=sandbox.tigerpaw_settings())
    workplace.run("integration", **DELETION)
    assert sandbox.requests("rest") == sandbox.requests("soap") == []


def test_a_deletion_upgrades_no_registry(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    workplace.create()
    before = workplace.everything()
    monkeypatch.setattr(upgrades, "STEPS", {upgrades.SCHEMA_VERSION: lambda _connection: None})
    monkeypatch.setattr(upgrades, "SCHEMA_VERSION", upgrades.SCHEMA_VERSION + 1)
    assert workplace.refusal("integration", **DELETION).code == "registry_older"
    assert workplace.everything() == before


# What is told


@with_one_store
def test_without_channels_everything_waits_and_a_warning_says_so(workplace: Workplace, channels: Options) -> None:
    workplace.create(administrators=PEOPLE)
    result = workplace.run("integration", **DELETION)
    assert (result["notified"], result["notifications_pending"]) == ([], 5)
    assert "5 notifications are pending" in result["warnings"][0]
    assert workplace.run("integration", **DELETION)["notifications_pending"] == 5
    delivered = workplace.run("notification", **channels)
    assert (delivered["changed"], len(delivered["delivered"])) == (True, 5)
    assert delivered["delivered"] == workplace.run("notification_info")["notifications"]
    assert not workplace.run("notification", **channels)["changed"]


@with_one_store
def test_the_warning_counts_what_waited_before_as_well(workplace: Workplace) -> None:
    workplace.create()
    workplace.create("Other")
    assert workplace.run("integration", **DELETION)["notifications_pending"] == 2
    result = workplace.run("integration", name="Other", state="absent")
    assert result["notifications_pending"] == 4
    assert "4 notifications are pending" in result["warnings"][0]


@with_one_store
@pytest.mark.parametrize("snapshot", ["{}", "[]", '{"integration": {"id": 7, "name": null}}'])
def test_a_damaged_message_is_shown_blocks_no_other_and_can_be_discarded(
    workplace: Workplace, channels: Options, snapshot: str
) -> None:
    workplace.create()
    workplace.run("integration", **DELETION)
    damage = f"UPDATE notification SET snapshot = '{snapshot}' WHERE recipient = 'ann@msp.example'"  # noqa: S608
    workplace.database.query(damage)
    delivered = workplace.run("notification", **channels)
    assert [item["recipient"] for item in delivered["delivered"]] == ["bob@msp.example"]
    assert [item["last_error"] for item in delivered["undelivered"]] == ["registry_damaged"]
    [shown] = workplace.run("notification_info", status=["failed"])["notifications"]
    assert (shown["recipient"], shown["integration"]) == ("ann@msp.example", None)
    assert workplace.run("notification", state="discarded")["discarded"] == [shown]
    assert workplace.run("notification_info")["counts"] == {"pending": 0, "failed": 0, "delivered": 1}


def test_check_mode_foretells_who_would_not_be_told(sqlite_workplace: Workplace, channels: Options) -> None:
    sqlite_workplace.create()
    (warning,) = sqlite_workplace.run("integration", check_mode=True, **DELETION)["warnings"]
    assert "This task gives no smtp_host. " in warning
    assert sqlite_workplace.run("integration", check_mode=True, **DELETION, **channels)["warnings"] == []


@with_one_store
def test_nobody_to_tell_is_said(workplace: Workplace) -> None:
    workplace.create(solution="security_center", administrators=None)
    [warning] = workplace.run("integration", **DELETION)["warnings"]
    assert "nobody was told" in warning


@with_one_store
def test_the_webhook_is_told_even_where_there_are_no_administrators(
    workplace: Workplace, sandbox: Sandbox, channels: Options
) -> None:
    workplace.create(solution="security_center", administrators=None)
    assert workplace.run("integration", **DELETION, **channels)["notified"] == [
        {"channel": "webhook", "recipient": None}
    ]
    assert len(sandbox.webhooks()) == 1


@with_one_store
def test_one_refused_recipient_blocks_no_other(workplace: Workplace, sandbox: Sandbox, channels: Options) -> None:
    workplace.create(administrators=PEOPLE)
    sandbox.misbehave("smtp", "refuse_recipient", recipient="person0@msp.example")
    result = workplace.run("integration", **DELETION, **channels)
    assert len(result["notified"]) == 5
    assert result["notifications_pending"] == 1
    assert pending(workplace).pop("person0@msp.example") == "failed"


@with_one_store
def test_one_letter_that_breaks_the_connection_blocks_no_other(
    workplace: Workplace, sandbox: Sandbox, channels: Options
) -> None:
    workplace.create(administrators=PEOPLE)
    sandbox.misbehave("smtp", "drop_after_data", times=1)
    assert workplace.run("integration", **DELETION, **channels)["notifications_pending"] == 1
    assert workplace.run("notification", **channels)["notifications_pending"] == 0
    ids = [str(mail.message["Message-ID"]) for mail in sandbox.mails()]
    assert (len(ids), len(set(ids))) == (6, 5), "the repeated letter is recognised by its id"


@with_one_store
def test_a_mail_server_that_refuses_the_login_is_asked_once(workplace: Workplace, sandbox: Sandbox) -> None:
    """A wrong password tried once a letter would lock the user out."""
    workplace.create(administrators=PEOPLE)
    channels = sandbox.smtp_settings("starttls") | sandbox.webhook_settings() | {"smtp_password": "wrong-Passw0rd"}
    result = workplace.run("integration", **DELETION, **channels)
    assert result["notifications_pending"] == 5
    assert result["notified"] == [{"channel": "webhook", "recipient": None}]
    assert "It failed to deliver through smtp (credentials_refused). " in result["warnings"][0]
    assert len([request for request in sandbox.requests("smtp") if request.method == "AUTH"]) == 1


@with_one_store
def test_a_dead_mail_server_is_not_waited_for_once_a_letter(
    workplace: Workplace, sandbox: Sandbox, channels: Options
) -> None:
    workplace.create(administrators=PEOPLE)
    sandbox.misbehave("smtp", "hang", at="connect")
    result = workplace.run("integration", **DELETION, **channels, timeout=1)
    assert result["notifications_pending"] == 5
    assert len([request for request in sandbox.requests("smtp") if request.method == "CONNECT"]) == 2
    sandbox.behave()
    assert len(workplace.run("notification", **channels)["delivered"]) == 5


# What comes in between


def busy(*_arguments: Any, **_named: Any) -> None:
    raise IntegrationError(ErrorCode.REGISTRY_BUSY, "The registry is locked by another run; run the task again.")


@with_one_store
@pytest.mark.parametrize("step", ["lease_notification", "end_lease"])
def test_a_registry_that_is_busy_after_the_deletion_does_not_fail_it(
    workplace: Workplace, channels: Options, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The integration is gone; what was unbound would never be told again."""
    workplace.create()
    workplace.run("binding", integration="Acme", companies=["Harbour"])
    with monkeypatch.context() as patched:
        patched.setattr(Writer, step, busy)
        result = workplace.run("integration", **DELETION, **channels)
    assert result["changed"]
    assert result["unbound"] == [{"name": "Harbour"}]
    assert (result["notified"], result["notifications_pending"]) == ([], 3)
    expire_leases(workplace)
    assert len(workplace.run("notification", **channels)["delivered"]) == 3
    assert len({str(mail.message["Message-ID"]) for mail in sandbox.mails()}) == 2


def expire_leases(workplace: Workplace) -> None:
    workplace.database.query("UPDATE notification SET lease_until = '2020-01-01 00:00:00'")


@with_one_store
def test_a_slow_failure_does_not_take_back_what_another_run_has_delivered(
    workplace: Workplace, channels: Options, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.create()
    workplace.run("integration", **DELETION)
    send = MailChannel.send
    meanwhile: list[Callable[[], Any]] = [lambda: workplace.run("notification", **channels)]

    def overtaken(*arguments: Any) -> None:
        if not meanwhile:
            send(*arguments)
            return
        expire_leases(workplace)
        meanwhile.pop()()
        raise IntegrationError(ErrorCode.API_UNREACHABLE, "too late")

    monkeypatch.setattr(MailChannel, "send", overtaken)
    workplace.run("notification", **channels)
    assert set(pending(workplace).values()) == {"delivered"}
    assert len(sandbox.mails()) == 2


@with_one_store
def test_what_was_delivered_meanwhile_is_not_discarded(
    workplace: Workplace, channels: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.create()
    workplace.run("integration", **DELETION)
    read = Reader.pending_notifications
    meanwhile: list[Callable[[], Any]] = [lambda: workplace.run("notification", **channels)]

    def overtaken(self: Reader, instance: str) -> Any:
        found = read(self, instance)
        if meanwhile:
            meanwhile.pop()()
        return found

    monkeypatch.setattr(Reader, "pending_notifications", overtaken)
    result = workplace.run("notification", state="discarded")
    assert (result["changed"], result["discarded"]) == (False, [])
    assert set(pending(workplace).values()) == {"delivered"}
    actions = [item["action"] for item in workplace.run("integration_info", history=True)["history"]]
    assert actions == ["created", "deleted"]


@with_one_store
@pytest.mark.parametrize("host", ["mail.msp.example", "vm_1.local", "caf\u00e9", "x" * 240, ""])
def test_the_id_of_a_letter_needs_no_name_server_and_is_well_formed(
    workplace: Workplace, channels: Options, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """A name server that does not answer would keep everybody waiting for the lock."""

    def slow(_name: str = "") -> str:
        raise AssertionError("asks a name server")

    workplace.create()
    monkeypatch.setattr(delete, "gethostname", lambda: host)
    monkeypatch.setattr(socket, "getfqdn", slow)
    assert workplace.run("integration", **DELETION, **channels)["notifications_pending"] == 0
    for mail in sandbox.mails():
        message_id = str(mail.message["Message-ID"])
        assert message_id.isascii()
        assert len(message_id) < 255
        assert message_id.count("@") == 1


@with_one_store
def test_the_date_of_a_letter_is_that_of_the_deletion(
    workplace: Workplace, channels: Options, sandbox: Sandbox
) -> None:
    workplace.create()
    begin = datetime.now(UTC).replace(microsecond=0)
    workplace.run("integration", **DELETION)
    workplace.run("notification", **channels)
    [row, *_others] = workplace.database.rows("notification")
    dates = {mail.message["Date"].datetime for mail in sandbox.mails()}
    assert all(begin <= date <= datetime.now(UTC) for date in dates)
    assert {f"{date:%Y-%m-%d %H:%M:%S}" for date in dates} == {str(row["created_at"])[:19]}
