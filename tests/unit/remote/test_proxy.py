# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy option, whose credentials never get into an address."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.proxy import read_proxy


@pytest.mark.parametrize("address", [None, ""])
def test_none(address: str | None) -> None:
    assert read_proxy(address, "user", "password", SecretsInPlay()) is None


@pytest.mark.parametrize(
    ("address", "used", "is_secure"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", False),
        ("proxy.example:3128", "http://proxy.example:3128", False),
        ("http://proxy.example", "http://proxy.example:80", False),
        ("https://proxy.example/", "https://proxy.example:443", True),
        ("http://[::1]:3128", "http://[::1]:3128", False),
    ],
)
def test_address(address: str, used: str, is_secure: bool) -> None:
    proxy = read_proxy(address, None, None, SecretsInPlay())
    assert proxy is not None
    assert (proxy.address, proxy.is_secure, proxy.headers) == (used, is_secure, {})


def test_credentials() -> None:
    in_play = SecretsInPlay()
    proxy = read_proxy("http://proxy.example:3128", "jürgen", "€ p:ss@wörd", in_play)
    assert proxy is not None
    assert proxy.address == "http://proxy.example:3128"
    token = proxy.headers["Proxy-Authorization"].removeprefix("Basic ")
    assert base64.b64decode(token).decode() == "jürgen:€ p:ss@wörd"
    assert in_play.redact(f"Basic {token}") == "Basic ********"
    assert "p:ss" not in in_play.redact("€ p:ss@wörd")
    assert token not in repr(proxy)


@pytest.mark.parametrize(
    "address",
    ["http://user:hunter2@proxy.example", "socks5://hunter2.example", "http://hunter2 .example", "http://hunter2:0"],
)
def test_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(IntegrationError, match="proxy: ") as refusal:
        read_proxy(address, None, None, SecretsInPlay())
    assert refusal.value.code is ErrorCode.INVALID_SETTINGS
    assert "hunter2" not in refusal.value.message
