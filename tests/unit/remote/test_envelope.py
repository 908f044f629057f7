# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Letters: nothing in a name, subject or body becomes a header, a second recipient or markup."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.envelope import Envelope, compose

DATE = datetime(2026, 11, 22, 20, 51, 8, tzinfo=UTC)
HEADERS = {
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


def make(**changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "sender": "tool@msp.example",
        "recipient": "ada@client.example",
        "subject": "Integration deleted",
        "body": "Hello\n",
        "message_id": "<42@msp.example>",
        "date": DATE,
        **changes,
    }
    return compose(**values)


def parse(envelope: Envelope) -> EmailMessage:
    return email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[return-value]


def test_plain_letter() -> None:
    envelope = make()
    assert (envelope.sender, envelope.recipient) == ("tool@msp.example", "ada@client.example")
    message = parse(envelope)
    assert {name.lower() for name in message} == HEADERS
    assert message["Subject"] == "Integration deleted"
    assert message["Date"] == "Sun, 22 Nov 2026 20:51:08 +0000"
    assert message["Message-ID"] == "<42@msp.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["Hello"]


def test_every_attempt_makes_the_same_letter() -> None:
    assert make() == make()


def test_display_name() -> None:
    envelope = make(sender='"Zoë Tool" <tool@msp.example>')
    assert envelope.sender == "tool@msp.example"
    [address] = parse(envelope)["From"].addresses
    assert (address.display_name, address.addr_spec) == ("Zoë Tool", "tool@msp.example")


def test_domain_in_ascii() -> None:
    envelope = make(recipient="ada@münchen.example")
    assert envelope.recipient == "ada@xn--mnchen-3ya.example"
    assert parse(envelope)["To"] == "ada@xn--mnchen-3ya.example"
    assert not envelope.needs_smtputf8


def test_local_part_beyond_ascii() -> None:
    envelope = make(recipient="jürgen@client.example")
    assert envelope.needs_smtputf8
    assert "jürgen@client.example".encode() in envelope.content


@pytest.mark.parametrize(
    ("message_id", "header"),
    [
        ("42", "<42@msp.example>"),
        ("<42@other.example>", "<42@other.example>"),
        ("42@other.example", "<42@other.example>"),
        ("4\r\n2", "<42@msp.example>"),
    ],
)
def test_message_id(message_id: str, header: str) -> None:
    assert parse(make(message_id=message_id))["Message-ID"] == header


@pytest.mark.parametrize("field", ["sender", "recipient"])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example, c@d.example",
        "a@b.example; c@d.example",
        "a@b.example\nBcc: c@d.example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "<a@b.example> SIZE=1",
        "a@b.example <c@d.example>",
        "x <a@b.example>, y <c@d.example>",
    ],
)
def test_anything_but_one_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(ValueError, match="must") as refusal:
        make(**{field: address})
    assert not address or address not in str(refusal.value)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_becomes_a_header(subject: str, body: str) -> None:
    body = body.encode(errors="replace").decode()
    message = parse(make(subject=subject, body=body))
    assert sorted(name.lower() for name in message) == sorted(HEADERS)
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@client.example"]
    assert not message.is_multipart()


@pytest.mark.parametrize(
    "injected", ["\nBcc: evil@x.example", "\r\n\r\n<html>", "\u2028Bcc: evil@x.example", "\x0bBcc: x"]
)
def test_line_breaks_in_a_subject(injected: str) -> None:
    message = parse(make(subject=f"Deleted{injected}"))
    assert {name.lower() for name in message} == HEADERS
    assert str(message["Subject"]).startswith("Deleted ")


PARTS_OF_ENCODED_WORDS = (
    *("=?", "?=", "=", "?", "utf-8", "us-ascii*en", "?q?", "?B?", "=0D=0A", " ", "\n", "\u00e9"),
    *("Bcc:_eve=40evil.example", "DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=", "=?utf-8?q?a=0D=0ABcc:_eve?="),
)
encoded_words = st.lists(st.sampled_from(PARTS_OF_ENCODED_WORDS), max_size=12).map("".join)


@given(encoded_words)
@example("=?utf-8?q?Acme=0D=0ABcc=3A_eve=40evil.example?=")
@example("==?utf-8?q?Acme=0D=0ABcc=3A_eve=40evil.example?=?=")
@example("=?utf-8?b?PT91dGYtOD9xP0FjbWU9MEQ9MEFCY2M6X2V2ZT89?=")
def test_no_encoded_word_is_decoded(name: str) -> None:
    """The library would decode it and write what was in it, line breaks included, as it is."""
    envelope = make(
        subject=f"Deleted {name}.", sender=f'"{name}" <tool@msp.example>' if '"' not in name else "a@b.example"
    )
    head = envelope.content.partition(b"\r\n\r\n")[0]
    lines = [line.partition(b":")[0].lower().decode() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert sorted(lines) == sorted(HEADERS)
    shown = str(parse(envelope)["Subject"])
    assert "".join(shown.split()) == "".join(f"Deleted {name}.".replace("=?", "=\uff1f").split())


@pytest.mark.parametrize(
    "body", ["é" * 500, "x" * 5000, "From here\n.\n.\nend", "\x00\x7f\x85", "a\rb", "\u2028", "= =\t"]
)
def test_body_travels_in_short_lines_of_ascii(body: str) -> None:
    envelope = make(body=body)
    raw = envelope.content
    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert parse(envelope).get_content().split() == body.split()
