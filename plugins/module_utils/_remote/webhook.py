# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the webhook that notifications are posted to, signed by the Standard Webhooks convention
(https://github.com/standard-webhooks/standard-webhooks, "Signature scheme").
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.redaction import SecretsInPlay
from .foreign_text import appearance
from .http import Answer, Connection, Endpoint, HttpClient

SYSTEM = "Webhook"
SHOWN = "the address in webhook_url"
"""The address is a secret: whoever knows it can post."""

_BASE64_MARK = "whsec_"


class WebhookChannel:
    """
    Posts notifications to a webhook. A context manager.

    :param secret: signs the body; nothing to leave it unsigned. ``whsec_...`` is Base64, anything else is taken as is.
    :param in_play: learns the address and what is derived from the secret.
    :raises IntegrationError: ``invalid_settings``, ``dependency_missing``.
    """

    def __init__(
        self,
        url: str,
        secret: str | None,
        connection: Connection,
        validate_certs: bool = True,
        ca_path: str | None = None,
        in_play: SecretsInPlay | None = None,
    ) -> None:
        self._in_play = in_play or SecretsInPlay()
        self._in_play.add(url, secret)
        self._url = url
        self._key = signing_key(secret) if secret else None
        self._client = HttpClient(Endpoint(url, validate_certs, ca_path, SHOWN), connection, SYSTEM, self._in_play)

    def __enter__(self) -> WebhookChannel:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.__exit__(_type, _error, _trace)

    def send(self, payload: dict[str, Any], message_id: str) -> None:
        """
        Post one notification.

        It may arrive more than once, always with the same ``webhook-id``, by which the receiver drops repetitions.

        :param payload: ready for JSON.
        :raises IntegrationError: it was not accepted with a status of 200 to 299.
        """
        body = json.dumps(payload, separators=(",", ":")).encode("ascii")

        def headers() -> Mapping[str, str]:
            timestamp = str(int(time.time()))
            sent = {"Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": timestamp}
            if self._key is not None:
                signature = sign(self._key, message_id, timestamp, body)
                self._in_play.add(signature)
                sent["webhook-signature"] = f"v1,{signature}"
            return sent

        answer = self._client.send("POST", self._url, headers=headers, body=body)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> IntegrationError:
        status = answer.status
        said = f"HTTP {status} and {appearance(answer.body)}"
        if status in (401, 403):
            told = f"it refused the notification ({said}). Check webhook_url and webhook_secret"
            return self._client.error(ErrorCode.CREDENTIALS_REFUSED, self._url, told, status=status)
        if status >= 500:
            told = f"it failed ({said}). Try again later"
            return self._client.error(ErrorCode.API_UNREACHABLE, self._url, told, status=status)
        told = f"it did not take the notification ({said}). Check webhook_url"
        return self._client.error(ErrorCode.UNEXPECTED_ANSWER, self._url, told, status=status)


def signing_key(secret: str) -> bytes:
    """
    Read the secret of a webhook.

    :raises IntegrationError: ``invalid_settings`` if it begins with ``whsec_`` and goes on with anything but Base64.
    """
    if not secret.startswith(_BASE64_MARK):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_BASE64_MARK), validate=True)
    except (binascii.Error, ValueError):
        told = f"webhook_secret: begins with {_BASE64_MARK}, so Base64 has to follow."
        raise IntegrationError(ErrorCode.INVALID_SETTINGS, told) from None


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """
    Sign a message.

    :returns: HMAC-SHA256 of id, timestamp and body, in Base64.
    """
    signed = b".".join([message_id.encode(), timestamp.encode("ascii"), body])
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")
