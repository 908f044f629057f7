# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Letters arrive as they were written, encrypted, at one recipient each; one that fails does not hold up the others."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import smtp
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.mail import MailChannel, MailServer
from sandbox import Sandbox

DATE = datetime(2026, 11, 22, 20, 51, 8, tzinfo=UTC)
ADA, BOB = "ada@client.example", "bob@client.example"


def server(sandbox: Sandbox, encryption: Any = "starttls", **changes: Any) -> MailServer:
    settings = sandbox.smtp_settings(encryption)
    values = {
        "host": settings["smtp_host"],
        "port": settings["smtp_port"],
        "encryption": encryption,
        "sender": settings["mail_from"],
        "username": settings.get("smtp_username"),
        "password": settings.get("smtp_password"),
        "ca_path": settings.get("smtp_ca_path"),
        "timeout": 5,
        **changes,
    }
    return MailServer(**values)


def send(channel: MailChannel, recipient: str = ADA, **changes: Any) -> None:
    letter = {
        "subject": "Integration deleted",
        "body": "Hello Ada,\n\nit is gone.\n",
        "message_id": "<42@msp.example>",
        "date": DATE,
        **changes,
    }
    channel.send(recipient, **letter)


def failure(sandbox: Sandbox, channel: MailChannel, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        send(channel, **changes)
    error = caught.value
    assert not [secret for secret in sandbox.secrets() if secret in f"{error.message} {error.details}"]
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


@pytest.fixture
def channel(sandbox: Sandbox) -> Iterator[MailChannel]:
    with MailChannel(server(sandbox)) as opened:
        yield opened


@pytest.mark.parametrize("encryption", ["starttls", "tls", "none"])
def test_letter_arrives(sandbox: Sandbox, encryption: str) -> None:
    with MailChannel(server(sandbox, encryption)) as channel:
        send(channel)
    [mail] = sandbox.mails()
    assert (mail.sender, mail.recipients) == ("integrations@msp.example", [ADA])
    assert mail.encrypted is (encryption != "none")
    assert mail.login == (sandbox.state.credentials.smtp_username if encryption != "none" else None)
    assert mail.subject == "Integration deleted"
    assert (mail.part("plain") or "").splitlines() == ["Hello Ada,", "", "it is gone."]
    headers = dict(mail.headers)
    assert headers["Message-ID"] == "<42@msp.example>"
    assert headers["Date"] == "Sun, 22 Nov 2026 20:51:08 +0000"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["To"] == ADA


def test_repeated_letter_is_the_same(sandbox: Sandbox, channel: MailChannel) -> None:
    send(channel)
    send(channel)
    first, second = sandbox.mails()
    assert first.raw == second.raw


def test_one_connection_for_many_letters(sandbox: Sandbox, channel: MailChannel) -> None:
    for recipient in (ADA, BOB, ADA):
        send(channel, recipient)
    assert [mail.recipients for mail in sandbox.mails()] == [[ADA], [BOB], [ADA]]
    methods = [request.method for request in sandbox.requests("smtp")]
    assert (methods.count("CONNECT"), methods.count("AUTH")) == (1, 1)


def test_long_conversation_of_short_replies(
    sandbox: Sandbox, channel: MailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LONGEST_REPLY", 300)
    for _letter in range(10):
        send(channel)
    assert len(sandbox.mails()) == 10
    assert [request.method for request in sandbox.requests("smtp")].count("CONNECT") == 1


def test_names_beyond_ascii(sandbox: Sandbox, channel: MailChannel) -> None:
    subject = "Gelöscht: «Łódź» 日本 " + "x" * 200
    send(channel, subject=subject, body="Grüße aus Łódź\n.\n..\nFrom here on\n" + "é" * 3000)
    [mail] = sandbox.mails()
    assert mail.subject == subject
    assert (mail.part("plain") or "").splitlines() == ["Grüße aus Łódź", ".", "..", "From here on", "é" * 3000]
    assert mail.raw.isascii()


def test_address_beyond_ascii(sandbox: Sandbox, channel: MailChannel) -> None:
    send(channel, "jürgen@münchen.example")
    assert [mail.recipients for mail in sandbox.mails()] == [["jürgen@xn--mnchen-3ya.example"]]


def test_refused_recipient_does_not_hold_up_the_others(sandbox: Sandbox, channel: MailChannel) -> None:
    sandbox.misbehave("smtp", "refuse_recipient", recipient=ADA)
    send(channel, BOB)
    error = failure(sandbox, channel)
    send(channel, BOB)
    assert error.code is ErrorCode.UNEXPECTED_ANSWER
    assert error.details == {"smtp_code": 550}
    assert "550 5.1.1" in error.message
    assert "No such mailbox" not in error.message
    assert [mail.recipients for mail in sandbox.mails()] == [[BOB], [BOB]]
    assert [request.method for request in sandbox.requests("smtp")].count("CONNECT") == 1


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_temporary_failure(sandbox: Sandbox, channel: MailChannel, at: str) -> None:
    sandbox.misbehave("smtp", "temporary_failure", times=1, at=at)
    error = failure(sandbox, channel)
    assert error.code is ErrorCode.THROTTLED
    assert error.details == {"smtp_code": 451}
    send(channel)
    assert len(sandbox.mails()) == 1


def test_temporary_failure_at_the_greeting(sandbox: Sandbox, channel: MailChannel) -> None:
    sandbox.misbehave("smtp", "temporary_failure", times=1, at="connect")
    assert failure(sandbox, channel).code is ErrorCode.API_UNREACHABLE
    send(channel)


def test_connection_lost_after_the_letter_was_taken(sandbox: Sandbox, channel: MailChannel) -> None:
    send(channel)
    sandbox.misbehave("smtp", "drop_after_data", times=1)
    assert failure(sandbox, channel).code is ErrorCode.API_UNREACHABLE
    send(channel, BOB)
    # Whether the second was taken cannot be known: who sends it again later sends the same, never at once by itself.
    assert [mail.recipients for mail in sandbox.mails()] == [[ADA], [ADA], [BOB]]


@pytest.mark.parametrize("at", ["connect", "mail", "rcpt", "data"])
def test_silence_ends(sandbox: Sandbox, at: str) -> None:
    sandbox.misbehave("smtp", "hang", times=1, at=at)
    with MailChannel(server(sandbox, timeout=0.4)) as channel:
        began = time.monotonic()
        error = failure(sandbox, channel)
        assert time.monotonic() - began < 4
        assert error.code is ErrorCode.API_UNREACHABLE
        assert "timed out" in error.message
        send(channel)
    assert len(sandbox.mails()) == 1


@pytest.mark.parametrize("field", ["username", "password"])
def test_refused_login_is_tried_once(sandbox: Sandbox, field: str) -> None:
    with MailChannel(server(sandbox, **{field: "wrong é"})) as channel:
        error = failure(sandbox, channel)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED
    assert "smtp_username and smtp_password" in error.message
    assert [request.method for request in sandbox.requests("smtp")] == ["CONNECT", "AUTH"]


def test_missing_login(sandbox: Sandbox) -> None:
    with MailChannel(server(sandbox, username=None, password=None)) as channel:
        error = failure(sandbox, channel)
    assert error.code is ErrorCode.CREDENTIALS_REFUSED


@pytest.mark.parametrize("changes", [{"username": "user"}, {"password": "hunter2"}])
def test_no_login_without_encryption(sandbox: Sandbox, changes: dict[str, str]) -> None:
    with pytest.raises(IntegrationError, match="smtp_encryption") as refusal:
        MailChannel(server(sandbox, "none", **changes))
    assert refusal.value.code is ErrorCode.INVALID_SETTINGS
    assert "hunter2" not in refusal.value.message
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("kind", "code"), [("no_starttls", ErrorCode.UNEXPECTED_ANSWER), ("starttls_refused", ErrorCode.API_UNREACHABLE)]
)
def test_never_downgraded(sandbox: Sandbox, channel: MailChannel, kind: str, code: ErrorCode) -> None:
    sandbox.misbehave("smtp", kind)
    error = failure(sandbox, channel)
    assert error.code is code
    # Neither the password nor the letter was sent in clear.
    assert [request.method for request in sandbox.requests("smtp")] == ["CONNECT"]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
@pytest.mark.parametrize("ca_path", [None, "unknown"])
def test_untrusted_certificate(sandbox: Sandbox, encryption: str, ca_path: str | None) -> None:
    unknown = ca_path and str(sandbox.unknown_ca_path)
    with MailChannel(server(sandbox, encryption, ca_path=unknown)) as channel:
        error = failure(sandbox, channel)
    assert error.code is ErrorCode.CERTIFICATE_UNTRUSTED
    assert "AUTH" not in [request.method for request in sandbox.requests("smtp")]


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_certificate_not_verified_on_demand(sandbox: Sandbox, encryption: str) -> None:
    with MailChannel(server(sandbox, encryption, ca_path=None, validate_certs=False)) as channel:
        send(channel)
    assert len(sandbox.mails()) == 1


def test_tls_at_a_port_without(sandbox: Sandbox) -> None:
    without = dataclasses.replace(server(sandbox, "tls"), port=sandbox.smtp_ports["none"])
    with MailChannel(without) as channel:
        error = failure(sandbox, channel)
    assert error.code is ErrorCode.API_UNREACHABLE
    assert "TLS" in error.message


def test_nobody_listens(sandbox: Sandbox) -> None:
    port = int(sandbox.closed_url.rpartition(":")[2])
    with MailChannel(server(sandbox, port=port)) as channel:
        error = failure(sandbox, channel)
    assert error.code is ErrorCode.API_UNREACHABLE
    assert error.message.startswith(f"Mail server 127.0.0.1:{port}: the connection was refused")


def test_unknown_name(sandbox: Sandbox) -> None:
    with MailChannel(server(sandbox, host="nowhere.invalid")) as channel:
        assert "name is not known" in failure(sandbox, channel).message


@pytest.mark.parametrize("host", ["user:hunter2@mail.example", "", "mail example"])
def test_host_that_is_none(sandbox: Sandbox, host: str) -> None:
    with pytest.raises(IntegrationError, match="smtp_host") as refusal:
        MailChannel(server(sandbox, host=host))
    assert "hunter2" not in refusal.value.message


def test_port_in_the_host(sandbox: Sandbox) -> None:
    settings = server(sandbox)
    with MailChannel(dataclasses.replace(settings, host=f"localhost:{settings.port}", port=None)) as channel:
        send(channel)
    assert len(sandbox.mails()) == 1


@pytest.mark.parametrize("recipient", ["", "a@b.example, c@d.example", "a@b.example\r\nRCPT TO:<c@d.example>"])
def test_only_one_recipient(sandbox: Sandbox, channel: MailChannel, recipient: str) -> None:
    error = failure(sandbox, channel, recipient=recipient)
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert sandbox.requests() == []


def test_no_sender(sandbox: Sandbox) -> None:
    with MailChannel(server(sandbox, sender=None)) as channel:
        error = failure(sandbox, channel)
    assert (error.code, "mail_from" in error.message) == (ErrorCode.INVALID_SETTINGS, True)


def test_nothing_can_be_injected(sandbox: Sandbox, channel: MailChannel) -> None:
    injected = "x\r\nBcc: evil@x.example\r\n\r\n.\r\nRCPT TO:<evil@x.example>\r\n"
    send(channel, subject=injected, body=injected, message_id=f"42{injected}")
    [mail] = sandbox.mails()
    assert mail.recipients == [ADA]
    assert {name.lower() for name, _value in mail.headers} == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
    assert mail.message.get_content_type() == "text/plain"


def test_password_is_in_no_representation(sandbox: Sandbox) -> None:
    settings = server(sandbox)
    assert settings.password
    assert settings.password not in repr(settings)
    assert repr(settings.password) not in repr(settings)
