# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how an edited secret is told from an unchanged one without opening it."""

from __future__ import annotations

import hashlib
import hmac

_LENGTH_BYTES = 8


def fingerprint(key: bytes, integration_id: str, field: str, value: str) -> str:
    """
    Make the keyed fingerprint of a secret.

    Each part carries its length, so that no two different triples are ever fed to the hash as the same bytes; the
    integration and the field are parts, so that equal passwords of two integrations have different fingerprints.

    :param key: the registry's fingerprint key.
    :returns: HMAC-SHA256 in lower-case hexadecimal digits.
    """
    message = b"".join(_with_length(part.encode()) for part in (integration_id, field, value))
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def same_fingerprint(left: str, right: str) -> bool:
    """
    Compare two fingerprints in a time that does not tell where they differ.

    :returns: whether they are equal.
    """
    return hmac.compare_digest(left.encode(), right.encode())


def _with_length(part: bytes) -> bytes:
    return len(part).to_bytes(_LENGTH_BYTES, "big") + part
