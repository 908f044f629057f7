# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for secrets in all forms that serialisers give them, made by the standard library and not by what masks."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Iterator
from xml.sax import saxutils


def forms_of(secret: str) -> Iterator[bytes]:
    """Yield a secret as serialisers write it, and the middle of its Base64 whatever surrounds it."""
    yield from (text.encode() for text in (secret, repr(secret)[1:-1], html.escape(secret), saxutils.escape(secret)))
    yield saxutils.quoteattr(secret)[1:-1].encode()
    for ascii_only in (True, False):
        inner = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield inner.encode()
        yield json.dumps(inner, ensure_ascii=ascii_only)[1:-1].encode()
    for safe in ("", "/"):
        yield from (quote(secret, safe=safe).encode() for quote in (urllib.parse.quote, urllib.parse.quote_plus))
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + secret.encode())
            # Without the characters that carry bits of what stands before and behind.
            yield whole[4 if shift else 0 : (shift + len(secret.encode())) // 3 * 4]


def found_in(content: bytes, hidden: dict[str, str]) -> set[str]:
    """Return the names of the secrets that stand in a content in any form."""
    return {name for name, secret in hidden.items() if any(form in content for form in forms_of(secret))}
