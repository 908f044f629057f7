# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials of one sandbox: random, and awkward on purpose."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field

AWKWARD = "&<\"'é%{ x"
"""Stands in the middle of every password, so that whoever forgets to escape one is found out."""


def make_password() -> str:
    """Make a password that has to be escaped in XML, JSON, YAML, URLs and shells, and is more than ASCII."""
    return f"{secrets.token_hex(6)}{AWKWARD}{secrets.token_hex(6)}"


def make_key() -> str:
    """Make a key as Tigerpaw issues them: a GUID in capitals."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)).upper()


def make_name(purpose: str) -> str:
    """Make the name of a user that nobody has elsewhere."""
    return f"{purpose}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Credentials:
    """What one start of the sandbox accepts."""

    rest_public_key: str = field(default_factory=make_key)
    rest_private_key: str = field(default_factory=make_key)
    soap_user_name: str = field(default_factory=lambda: make_name("soap"))
    soap_password: str = field(default_factory=make_password)
    smtp_username: str = field(default_factory=lambda: make_name("mail"))
    smtp_password: str = field(default_factory=make_password)
    proxy_username: str = field(default_factory=lambda: make_name("proxy"))
    proxy_password: str = field(default_factory=make_password)
    security_center_username: str = field(default_factory=lambda: make_name("ksc"))
    security_center_password: str = field(default_factory=make_password)
    connectwise_company_id: str = "msp"
    connectwise_client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    connectwise_public_key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    connectwise_private_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    autotask_user_name: str = field(default_factory=lambda: f"{make_name('api')}@msp.example")
    autotask_password: str = field(default_factory=lambda: f"{secrets.token_hex(6)}$~*{secrets.token_hex(6)}")
    autotask_integration_code: str = field(default_factory=make_key)
    webhook_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    webhook_secret: str = field(default_factory=make_password)
