# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notifications are posted, signed, to a secret address that is never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote import http
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.http import Connection
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.webhook import WebhookChannel
from sandbox import RecordedRequest, Sandbox

PAYLOAD = {"event": "integration_deleted", "integration": "Łódź <b>", "text": "gone"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)


def channel(sandbox: Sandbox, **changes: Any) -> WebhookChannel:
    settings = sandbox.webhook_settings()
    values = {
        "url": settings["webhook_url"],
        "secret": settings["webhook_secret"],
        "connection": Connection(timeout=5, retries=2),
        "ca_path": settings["webhook_ca_path"],
        **changes,
    }
    return WebhookChannel(**values)


def failure(sandbox: Sandbox, **changes: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught, channel(sandbox, **changes) as opened:
        opened.send(PAYLOAD, "42")
    error = caught.value
    told = f"{error.message} {error.details}"
    assert not [secret for secret in sandbox.secrets() if secret in told]
    assert "127.0.0.1" not in told
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


def expected_signature(key: bytes, request: RecordedRequest) -> str:
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_posted_and_signed(sandbox: Sandbox) -> None:
    with channel(sandbox) as opened:
        opened.send(PAYLOAD, "42")
    [request] = sandbox.webhooks()
    assert request.method == "POST"
    assert request.json() == PAYLOAD
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "42"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 5
    key = sandbox.state.credentials.webhook_secret.encode()
    assert request.headers["webhook-signature"] == expected_signature(key, request)


def test_secret_in_base64(sandbox: Sandbox) -> None:
    key = bytes(range(32))
    with channel(sandbox, secret=f"whsec_{base64.b64encode(key).decode()}") as opened:
        opened.send(PAYLOAD, "42")
    [request] = sandbox.webhooks()
    assert request.headers["webhook-signature"] == expected_signature(key, request)


def test_without_secret_unsigned(sandbox: Sandbox) -> None:
    with channel(sandbox, secret=None) as opened:
        opened.send(PAYLOAD, "42")
    [request] = sandbox.webhooks()
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == "42"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_delivered(sandbox: Sandbox, status: int) -> None:
    sandbox.change_settings(webhook_status=status)
    with channel(sandbox) as opened:
        opened.send(PAYLOAD, "42")
    assert len(sandbox.webhooks()) == 1


@pytest.mark.parametrize(
    ("status", "code", "attempts"),
    [
        (301, ErrorCode.UNEXPECTED_ANSWER, 1),
        (304, ErrorCode.UNEXPECTED_ANSWER, 1),
        (400, ErrorCode.UNEXPECTED_ANSWER, 1),
        (401, ErrorCode.CREDENTIALS_REFUSED, 1),
        (403, ErrorCode.CREDENTIALS_REFUSED, 1),
        (410, ErrorCode.UNEXPECTED_ANSWER, 1),
        (429, ErrorCode.THROTTLED, 3),
        (500, ErrorCode.API_UNREACHABLE, 1),
        (503, ErrorCode.API_UNREACHABLE, 3),
    ],
)
def test_not_delivered(sandbox: Sandbox, status: int, code: ErrorCode, attempts: int) -> None:
    sandbox.change_settings(webhook_status=status)
    error = failure(sandbox)
    assert error.code is code
    assert error.message.startswith("Webhook (the address in webhook_url): ")
    assert len(sandbox.webhooks()) == attempts


def test_repetitions_have_one_id(sandbox: Sandbox) -> None:
    sandbox.misbehave("webhook", "throttled", times=1, retry_after="1")
    sandbox.misbehave("webhook", "dropped", times=1)
    with channel(sandbox) as opened:
        opened.send(PAYLOAD, "42")
    requests = sandbox.webhooks()
    assert {request.headers["webhook-id"] for request in requests} == {"42"}
    assert len({request.headers["webhook-timestamp"] for request in requests}) == 2
    key = sandbox.state.credentials.webhook_secret.encode()
    assert all(request.headers["webhook-signature"] == expected_signature(key, request) for request in requests)


def test_wrong_address(sandbox: Sandbox) -> None:
    error = failure(sandbox, url=f"{sandbox.webhook_url}x")
    assert (error.code, error.details) == (ErrorCode.UNEXPECTED_ANSWER, {"status": 404})


def test_nobody_listens(sandbox: Sandbox) -> None:
    error = failure(sandbox, url=f"{sandbox.closed_url}/hooks/{sandbox.state.credentials.webhook_token}")
    assert error.code is ErrorCode.API_UNREACHABLE


def test_untrusted_certificate(sandbox: Sandbox) -> None:
    assert failure(sandbox, ca_path=str(sandbox.unknown_ca_path)).code is ErrorCode.CERTIFICATE_UNTRUSTED
    assert sandbox.webhooks() == []


def test_no_plain_http(sandbox: Sandbox) -> None:
    error = failure(sandbox, url="http://hooks.example/services/hunter2")
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert "hunter2" not in error.message
    assert "hooks.example" not in error.message


@pytest.mark.parametrize("message_id", ["42\r\nX-Injected: 1", "42\nX-Injected: 1", "4\u20ac2"])
def test_id_that_no_header_can_carry(sandbox: Sandbox, message_id: str) -> None:
    with pytest.raises(IntegrationError) as caught, channel(sandbox) as opened:
        opened.send(PAYLOAD, message_id)
    assert caught.value.code is ErrorCode.INVALID_SETTINGS
    assert sandbox.webhooks() == []


def test_address_is_not_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.connection"):
        caplog.set_level(logging.DEBUG, name)
    with channel(sandbox) as opened:
        opened.send(PAYLOAD, "42")
    assert [record for record in caplog.records if record.name.startswith("urllib3")] == []


def test_address_and_signature_are_in_play(sandbox: Sandbox) -> None:
    in_play = SecretsInPlay()
    with channel(sandbox, in_play=in_play, connection=Connection(timeout=5, **sandbox.proxy_settings())) as opened:
        opened.send(PAYLOAD, "42")
    [request], [tunnel] = sandbox.webhooks(), sandbox.requests("proxy")
    assert in_play.redact(tunnel.headers["proxy-authorization"]) == "Basic ********"
    signature = request.headers["webhook-signature"].removeprefix("v1,")
    assert signature not in in_play.redact(f"signature {signature}")
    assert sandbox.webhook_url not in in_play.redact(f"posted to {sandbox.webhook_url}")
