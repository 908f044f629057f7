# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: Tigerpaw's REST API (vendor's REST help, "Authentication" and "Diagnostics").

Every request carries a signature of its own, scheme ``TSI``, made of method, path and date.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from .._domain.errors import ErrorCode
from .._domain.redaction import SecretsInPlay
from .dependencies import require
from .foreign_text import quote
from .http import Answer, HttpClient
from .rest_api import Advice, RestApi
from .retry_after import parse_date
from .verification import Access, Finding, VerificationState

SYSTEM = "Tigerpaw REST API"
VALIDATE_USER = "/api/diagnostics/validate/user"

ADVICE = Advice(
    credentials="Check rest_public_key and rest_private_key",
    right="Check the role of the rep that the key belongs to",
    address="Check the setting url",
)

_NOTICEABLE_SKEW = timedelta(minutes=2)


def verify(access: Access) -> Finding:
    """
    Ask the REST API whether it accepts the key pair: ``GET /api/diagnostics/validate/user``.

    :returns: ``verified``.
    :raises IntegrationError: ``credentials_refused``, ``right_missing``, ``api_unreachable``, ``throttled``,
        ``certificate_untrusted``, ``unexpected_answer``, ``invalid_settings``, ``dependency_missing``.
    """
    settings = access.settings
    url = address_of(access, VALIDATE_USER)
    sign = signer("GET", url, settings["rest_public_key"], access.secrets["rest_private_key"], access.in_play)
    with HttpClient(access.endpoint(url), access.connection, SYSTEM, access.in_play) as client:
        api = RestApi(client, sign, access.in_play, ADVICE, _clock_hint)
        content, _answer = api.get(url)
        _require_success(api, url, content, access.in_play)
    return Finding(VerificationState.VERIFIED)


def address_of(access: Access, path: str) -> str:
    """Put an address together, spelled as requests will send it: what is signed has to be the path of the request."""
    spelled: str = require("requests").utils.requote_uri(f"{str(access.settings['url']).rstrip('/')}{path}")
    return spelled


def signer(
    method: str, url: str, public_key: str, private_key: str, in_play: SecretsInPlay
) -> Callable[[], Mapping[str, str]]:
    """
    Make what signs each attempt at a request anew.

    :param in_play: learns every signature and token.
    :returns: a function that returns the headers of one attempt.
    """
    path = urlsplit(url).path or "/"

    def headers() -> Mapping[str, str]:
        date = format_datetime(datetime.now(UTC), usegmt=True)
        signature = sign(private_key, method, path, date)
        token = make_token(public_key, signature)
        in_play.add(signature, token)
        return {"Authorization": f"TSI {token}", "X-TSI-Date": date, "Accept": "application/json"}

    return headers


def text_to_sign(method: str, path: str, date: str) -> str:
    """
    Put together what is signed.

    :param path: of the request, without host and query.
    :param date: RFC 1123, in GMT.
    """
    return f"{method}|{path}|{date}".lower()


def sign(private_key: str, method: str, path: str, date: str) -> str:
    """
    Sign a request.

    :returns: HMAC-SHA256, in Base64.
    """
    message = text_to_sign(method, path, date).encode()
    return base64.b64encode(hmac.digest(private_key.encode(), message, hashlib.sha256)).decode("ascii")


def make_token(public_key: str, signature: str) -> str:
    """Put together what follows ``TSI`` in the header ``Authorization``."""
    return base64.b64encode(f"{public_key}:{signature}".encode()).decode("ascii")


def _clock_hint(answer: Answer) -> str:
    """Mention a wrong clock: signatures carry the time, and too old ones are refused like wrong ones."""
    theirs = parse_date(answer.headers.get("Date", ""))
    if theirs is None or abs(datetime.now(UTC) - theirs) < _NOTICEABLE_SKEW:
        return ""
    minutes = round((datetime.now(UTC) - theirs).total_seconds() / 60)
    return (
        f", and the clock of this machine: it is {abs(minutes)} minutes {'ahead of' if minutes > 0 else 'behind'} the "
        "server's, and signatures carry the time"
    )


def _require_success(api: RestApi, url: str, content: Any, in_play: SecretsInPlay) -> None:
    success = content.get("Success") if isinstance(content, dict) else None
    if success is True:
        return
    if success is False:
        reason = quote(str(content.get("Message") or ""), in_play)
        told = (
            f"it did not validate the user{f' ({reason})' if reason else ''}. Check the key pair and the rep it is for"
        )
        api.refuse(ErrorCode.CREDENTIALS_REFUSED, url, told)
    api.unexpected(url, "JSON of another shape in place of a validation")
