# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two spellings of one origin come out equal; what can be read in two ways does not come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.origins import origin_of, place_of, split_address


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://api.example.com", "https://api.example.com:443"),
        ("https://API.example.com:443/path?query#fragment", "https://api.example.com:443"),
        ("https://api.example.com.", "https://api.example.com:443"),
        ("https://api.example.com:8443/", "https://api.example.com:8443"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
        ("https://[2001:DB8::0:1]/", "https://[2001:db8::1]:443"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example:443"),
        ("api.example.com", "https://api.example.com:443"),
        ("api.example.com:8443", "https://api.example.com:8443"),
        ("[::1]:8443", "https://[::1]:8443"),
        ("localhost", "https://localhost:443"),
    ],
)
def test_origin(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://",
        "ftp://example.com",
        "https://user@example.com",
        "https://user:password@example.com",
        "user:password@example.com",
        "https://good.example\\@evil.example",
        "https://good.example\t@evil.example",
        "https://good.example\n.evil.example",
        " https://example.com",
        "\x00https://example.com",
        "https://example.com:443:444",
        "https://example.com:99999",
        "https://127.1",
        "https://0x7f000001",
        "https://faß.example",
        "https://exa\u200dmple.com",
        "https://exa\uff4dple.com",
        "https://exa\u034fmple.com",
        "https://example..com",
        "https://[::1%eth0]",
        "https://[::1]evil.example",
    ],
)
def test_no_origin(address: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (each for a reason of its own)
        origin_of(address)
    assert not address or address not in str(caught.value)


@pytest.mark.parametrize(
    "other", ["http://a.example:443", "https://a.example:444", "https://b.example", "https://a.example.b"]
)
def test_origins_differ_in_scheme_host_and_port(other: str) -> None:
    assert origin_of("https://a.example") != origin_of(other)


@given(address=st.text("aB.:/@[]1-é\\%?#", max_size=24).map("https://{}".format))
def test_an_origin_is_its_own_origin(address: str) -> None:
    try:
        origin = origin_of(address)
    except ValueError:
        return
    assert origin_of(origin) == origin
    assert origin.isascii()
    assert origin == origin.lower()


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.1", True),
        ("[::1]", True),
        ("localhost.example", False),
        ("foo.localhost", False),
        ("127.0.0.1.example", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 (an address, not a server)
        ("[::]", False),
        ("[::ffff:127.0.0.1]", False),
    ],
)
def test_loopback(host: str, is_loopback: bool) -> None:
    assert place_of(split_address(f"http://{host}:8080")).is_loopback is is_loopback
