# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials go to the configured origin, or from one address of the vendor's to another one, and nowhere else."""

from __future__ import annotations

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.vendor_address import may_follow

DOMAIN = "psa.example"
VENDOR = "https://na.psa.example"


@pytest.mark.parametrize(
    ("address", "configured"),
    [
        (VENDOR, VENDOR),
        ("https://NA.psa.example:443/path", VENDOR),
        ("https://eu.psa.example", VENDOR),
        ("https://a.b.psa.example/v4_6_release", VENDOR),
        ("https://own.example:8443/psa", "https://own.example:8443"),
        ("http://127.0.0.1:8080/psa", "http://127.0.0.1:8080"),
    ],
)
def test_credentials_follow_there(address: str, configured: str) -> None:
    assert may_follow(address, configured, DOMAIN)


@pytest.mark.parametrize(
    ("address", "configured"),
    [
        ("https://eu.psa.example:8443", VENDOR),
        ("http://eu.psa.example", VENDOR),
        ("http://eu.psa.example:443", VENDOR),
        ("https://evilpsa.example", VENDOR),
        ("https://psa.example.evil.example", VENDOR),
        ("https://evil.example/na.psa.example", VENDOR),
        ("https://evil.example#.psa.example", VENDOR),
        ("https://na.psa.example@evil.example", VENDOR),
        ("https://own.example", VENDOR),
        (VENDOR, "https://own.example"),
        ("https://own.example:8443", "https://own.example"),
        ("http://own.example", "https://own.example"),
        ("", VENDOR),
        ("eu.psa.example", VENDOR),
        ("https://", VENDOR),
    ],
)
def test_credentials_follow_nowhere_else(address: str, configured: str) -> None:
    assert not may_follow(address, configured, DOMAIN)
