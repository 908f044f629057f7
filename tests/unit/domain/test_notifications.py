# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told about a deletion, and that no name can bend it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    Administrator,
    Integration,
    Notification,
    Solution,
    Tenant,
    TenantKind,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.notifications import (
    CHANNELS,
    INTEGRATION_DELETED,
    LONGEST_LIST,
    deletion_snapshot,
    letter_for,
    recipients_of,
    usual_channels,
    webhook_payload,
)

DELETED_AT = datetime(2026, 3, 4, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
INTEGRATION = Integration(
    id="5f0c6a8e-3a52-4f0e-9d0b-0a6b8a0f2f11",
    instance="default",
    name="Integration with Tigerpaw",
    platform="tigerpaw",
    solution=Solution.SECURITY_CENTER,
    settings={"url": "https://api.example.com"},
    fingerprints={"soap_password": "f1"},
    administrators=(),
    revision=3,
    created_at=DELETED_AT,
    updated_at=DELETED_AT,
    credentials_changed_at=DELETED_AT,
)
# What names contain that people and programs write who mean no good.
NASTY = [
    "Acme\r\nBcc: eve@example.com",
    "Acme\n\nDeleted by: somebody else",
    "Acme\u2028second line",
    "Acme\u202egnp.exe",
    "Acme \ud800",
    "=?utf-8?q?Bcc=3A_eve?=",
    "<script>alert(1)</script> &amp; <https://evil.example|click>",
    "@channel <!here> *bold* _it_ ~no~ `code` [link](https://evil.example) ![i](http://e)",
    "{{ lookup('pipe', 'id') }} {color:red} $x^2$ # heading | table \\",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(), max_size=60))


def tenants(*names: str, kind: TenantKind = TenantKind.VIRTUAL_SERVER) -> list[Tenant]:
    return [Tenant(f"id-{name}", "default", kind, f"uid-{name}", name) for name in names]


def snapshot(*names: str, integration: Integration = INTEGRATION, deleted_by: str = "alice") -> dict[str, Any]:
    return deletion_snapshot(integration, tenants(*names), deleted_by, DELETED_AT)


def notification(content: dict[str, Any], event: str = INTEGRATION_DELETED) -> Notification:
    return Notification("n-1", "default", event, content, "mail", "bob@example.com", "<m-1@example.com>", DELETED_AT)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("channels", [each for size in range(4) for each in itertools.permutations(CHANNELS, size)])
def test_each_channel_writes_to_each_administrator_and_the_webhook_is_told_once(
    channels: tuple[str, ...], count: int
) -> None:
    people = [Administrator(f"person{number}@example.com", "Person") for number in range(count)]
    found = list(recipients_of(channels, people))
    assert tuple(dict.fromkeys(channel for channel, _recipient in found)) == tuple(
        channel for channel in channels if people or channel == "webhook"
    )
    for channel in channels:
        recipients = [recipient for used, recipient in found if used == channel]
        assert recipients == ([None] if channel == "webhook" else [person.email for person in people])


def test_security_center_sends_no_mail_unless_it_is_named() -> None:
    assert usual_channels(has_webhook=False) == ("smtp",)
    assert usual_channels(has_webhook=True) == ("smtp", "webhook")


def test_the_snapshot_is_plain_data() -> None:
    content = snapshot("Globex", "acme")
    assert json.loads(json.dumps(content)) == content
    assert content == {
        "integration": {
            "id": INTEGRATION.id,
            "name": "Integration with Tigerpaw",
            "platform": "tigerpaw",
            "platform_title": "Tigerpaw",
            "solution": "security_center",
            "instance": "default",
        },
        "tenants": [
            {"kind": "virtual_server", "uid": "uid-acme", "name": "acme"},
            {"kind": "virtual_server", "uid": "uid-Globex", "name": "Globex"},
        ],
        "tenant_count": 2,
        "deleted_by": "alice",
        "deleted_at": "2026-03-03T23:02:03Z",
        "job": None,
    }
    assert "https://api.example.com" not in json.dumps(content), "settings are of no concern to the recipients"


def test_the_letter() -> None:
    letter = letter_for(notification(snapshot("Globex", "acme")))
    assert letter.subject == 'Integration "Integration with Tigerpaw" was deleted'
    assert letter.body == (
        'The integration "Integration with Tigerpaw" was deleted.\n'
        "\n"
        "Platform: Tigerpaw\n"
        "Solution: Kaspersky Security Center, instance default\n"
        "Deleted by: alice (as stated by the task that deleted it)\n"
        "Deleted at: 2026-03-03 23:02:03 UTC\n"
        "Integration ID: 5f0c6a8e-3a52-4f0e-9d0b-0a6b8a0f2f11\n"
        "\n"
        "2 virtual servers were unbound from it:\n"
        "- acme\n"
        "- Globex\n"
        "They continue to exist in Kaspersky Security Center and can be bound to another integration "
        "(module msp.kaspersky.binding).\n"
        "\n"
        "Its administrators keep their access to the virtual servers.\n"
        "\n"
        "If the deletion was expected, nothing has to be done. If not, ask who is named above.\n"
    )


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), "No company was bound to it.\n"),
        (("Acme",), "1 company was unbound from it:\n- Acme\nIt continues to exist in Kaspersky Business Hub"),
        (("A", "B"), "2 companies were unbound from it:\n- A\n- B\nThey continue to exist in Kaspersky Business Hub"),
    ],
)
def test_companies_are_called_companies(names: tuple[str, ...], told: str) -> None:
    business_hub = replace(INTEGRATION, solution=Solution.BUSINESS_HUB)
    body = letter_for(notification(snapshot(*names, integration=business_hub))).body
    assert told in body
    assert "keep their access to the companies." in body


def test_long_lists_are_shortened_and_counted() -> None:
    names = [f"Client {number:04}" for number in range(10_000)]
    content = snapshot(*reversed(names))
    assert len(json.dumps(content)) < 10_000
    assert [tenant["name"] for tenant in content["tenants"]] == names[:LONGEST_LIST]
    body = letter_for(notification(content)).body
    assert "10000 virtual servers were unbound" in body
    assert "\n- Client 0049\n- and 9950 more\nThey continue" in body
    assert "Client 0050" not in body
    exactly = snapshot(*names[:LONGEST_LIST])
    assert "more" not in letter_for(notification(exactly)).body


def test_the_webhook_gets_facts_and_a_text() -> None:
    content = snapshot("Acme <b>")
    payload = webhook_payload(notification(content))
    text = payload.pop("text")
    assert payload == {"event": INTEGRATION_DELETED, "message_id": "<m-1@example.com>", **content}
    assert text == letter_for(notification(snapshot("Acme \uff1cb\uff1e"))).body
    assert json.loads(json.dumps(payload)) == payload


def test_a_snapshot_cannot_add_facts() -> None:
    payload = webhook_payload(notification({**snapshot("Acme"), "event": "other", "blocks": [], "text": "x"}))
    assert set(payload) == {
        *("event", "message_id", "integration", "tenants", "tenant_count", "deleted_by", "deleted_at", "job", "text")
    }
    assert payload["event"] == INTEGRATION_DELETED
    assert payload["text"].startswith("The integration")


@given(name=texts, tenant=texts, actor=texts, instance=texts)
@example(name=NASTY[0], tenant=NASTY[0], actor=NASTY[0], instance=NASTY[0])
def test_no_name_adds_a_line_or_a_header(name: str, tenant: str, actor: str, instance: str) -> None:
    integration = replace(INTEGRATION, name=name, instance=instance)
    letter = letter_for(notification(snapshot(tenant, integration=integration, deleted_by=actor)))
    assert len(letter.subject.splitlines()) == 1
    assert letter.body.splitlines() == letter.body.removesuffix("\n").split("\n")
    assert letter.body.count("\n") == letter_for(notification(snapshot("Acme"))).body.count("\n")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = letter.subject
    message.set_content(letter.body)
    assert sorted(key.lower() for key in message.keys()) == [  # noqa: SIM118 (a message has a key more than once)
        *("content-transfer-encoding", "content-type", "mime-version", "subject")
    ]
    assert b"\nbcc:" not in message.as_bytes().lower()


@given(name=texts, tenant=texts, actor=texts, instance=texts)
@example(name=NASTY[6], tenant=NASTY[7], actor=NASTY[8], instance=NASTY[3])
def test_no_name_brings_markup(name: str, tenant: str, actor: str, instance: str) -> None:
    integration = replace(INTEGRATION, name=name, instance=instance)
    plain = webhook_payload(notification(snapshot("Acme")))["text"]
    text = webhook_payload(notification(snapshot(tenant, integration=integration, deleted_by=actor)))["text"]
    for character in "<>&@*_~`[]()#!|\\:{}$^=":
        assert text.count(character) == plain.count(character)
    assert text.count("\n") == plain.count("\n")
    json.dumps(text).encode("ascii")
    text.encode()


def test_no_name_turns_the_writing_round() -> None:
    content = snapshot("Acme\u202egnp.exe", integration=replace(INTEGRATION, name="in\u200bvisible"))
    letter = letter_for(notification(content))
    for text in (letter.subject, letter.body, webhook_payload(notification(content))["text"]):
        assert not {"\u202e", "\u200b"} & set(text)


def test_the_text_can_still_be_read() -> None:
    text = webhook_payload(notification(snapshot("Smith & Sons (UK) #1: a_b")))["text"]
    assert "- Smith \uff06 Sons \uff08UK\uff09 \uff031\uff1a a\uff3fb\n" in text


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"integration": None},
        {**snapshot("Acme"), "integration": {"name": "x"}},
        {**snapshot("Acme"), "tenants": [{"uid": "x"}]},
        {**snapshot("Acme"), "tenants": [{"name": None}]},
        {**snapshot("Acme"), "tenant_count": "many"},
        {**snapshot("Acme"), "deleted_at": "yesterday"},
        {**snapshot("Acme"), "deleted_by": 5},
    ],
)
def test_a_broken_snapshot_is_told(broken: dict[str, Any]) -> None:
    for read in (letter_for, webhook_payload):
        with pytest.raises(IntegrationError, match="notification n-1 cannot be read") as caught:
            read(notification(broken))
        assert caught.value.code == ErrorCode.REGISTRY_DAMAGED
        assert caught.value.details == {"notification_id": "n-1"}


def test_an_event_of_a_newer_version_is_told() -> None:
    for read in (letter_for, webhook_payload):
        with pytest.raises(IntegrationError, match="upgrade the collection"):
            read(notification(snapshot("Acme"), event="integration_moved"))


def test_an_unknown_platform_is_called_by_its_name() -> None:
    old = replace(INTEGRATION, platform="retired_platform")
    assert "Platform: retired_platform\n" in letter_for(notification(snapshot(integration=old))).body
