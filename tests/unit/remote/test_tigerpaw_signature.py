# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests are signed as Tigerpaw documents it, each attempt anew."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.tigerpaw_rest import (
    make_token,
    sign,
    signer,
    text_to_sign,
)

# The vendor's own example. The private key behind it is not public.
DATE = "Thu, 18 Jun 2015 07:25:43 GMT"
PUBLIC_KEY = "3383259B-9FBA-486E-97A8-E81893741F83"
SIGNATURE = "RVg3YCtybLImF68rEumuPLCCApLnPIyNvb0hfxH+ek4="
TOKEN = "MzM4MzI1OUItOUZCQS00ODZFLTk3QTgtRTgxODkzNzQxRjgzOlJWZzNZQ3R5YkxJbUY2OHJFdW11UExDQ0FwTG5QSXlOdmIwaGZ4SCtlazQ9"


def test_text_of_the_vendor() -> None:
    text = text_to_sign("GET", "/api/Accounts/1052932", DATE)
    assert text == "get|/api/accounts/1052932|thu, 18 jun 2015 07:25:43 gmt"


def test_token_of_the_vendor() -> None:
    assert make_token(PUBLIC_KEY, SIGNATURE) == TOKEN


@pytest.mark.parametrize(
    ("private_key", "path", "date", "signature"),
    [
        # Computed with: printf %s "$text" | openssl dgst -sha256 -hmac "$key" -binary | base64
        (
            "0F3C7A52-1B9D-4E60-8A44-93D2C1E7B5F0",
            "/api/accounts/1052932",
            DATE,
            "CvACthrJJweAHZjwRqlX/VH1SeHiXmpgN4wGKwuVA6s=",
        ),
        (
            "pässwörd",
            "/PSA/api/diagnostics/validate/user",
            "Sun, 22 Nov 2026 20:51:08 GMT",
            "KO0H7ogmKu4BeJzP+PR43wT8Fa2Ro3lAlsIttx36GW4=",
        ),
    ],
)
def test_signature_of_another_program(private_key: str, path: str, date: str, signature: str) -> None:
    assert sign(private_key, "GET", path, date) == signature


def test_headers_of_a_request() -> None:
    headers = signer("GET", "https://psa.example/PSA/api/x?page=2", PUBLIC_KEY, "private", SecretsInPlay())()
    date = headers["X-TSI-Date"]
    scheme, token = headers["Authorization"].split()
    assert scheme == "TSI"
    assert base64.b64decode(token).decode() == f"{PUBLIC_KEY}:{sign('private', 'GET', '/PSA/api/x', date)}"
    assert date.endswith(" GMT")
    assert abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()) < 5


def test_every_attempt_is_signed_anew() -> None:
    headers = signer("GET", "https://psa.example/api/x", PUBLIC_KEY, "private", SecretsInPlay())
    first = headers()
    time.sleep(1.1)
    second = headers()
    assert first["X-TSI-Date"] != second["X-TSI-Date"]
    assert first["Authorization"] != second["Authorization"]


def test_signatures_are_secrets() -> None:
    in_play = SecretsInPlay()
    headers = signer("GET", "https://psa.example/api/x", PUBLIC_KEY, "private", in_play)()
    token = headers["Authorization"].removeprefix("TSI ")
    signature = base64.b64decode(token).decode().partition(":")[2]
    assert token not in in_play.redact(f"sent {token} there")
    assert signature not in in_play.redact(f"signed {signature} so")
