# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: where an address leads, in one spelling only.

A secret is sealed together with the origin it may be sent to, so two spellings of one origin must come out equal, and
an address that two programs could read in two ways must not come out at all.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}

_LARGEST_PORT = 65535
_LONGEST_HOST = 253
# IDNA 2003 and IDNA 2008 read these differently ("ss" or a letter of its own), so programs would differ on the host.
_DEVIATIONS = frozenset("ßς")
_NO_HOST = "does not contain a valid host name"
_AMBIGUOUS_HOST = "contains a host name that programs read in different ways: give its ASCII form (xn--...)"


@dataclass(frozen=True)
class Place:
    """
    The server that an address leads to.

    :param host: lower case; ASCII (IDNA) name, or IP address without brackets.
    :param port: the given or the scheme's own port.
    """

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """Scheme, host and port, for example ``https://api.example.com:443``."""
        return f"{self.scheme}://{self.bracketed_host}:{self.port}"

    @property
    def bracketed_host(self) -> str:
        """The host as it is written in an address."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def network_location(self) -> str:
        """Host and, unless it is the scheme's own, port."""
        own = DEFAULT_PORTS[self.scheme] == self.port
        return self.bracketed_host if own else f"{self.bracketed_host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine itself by definition, whatever a name server says."""
        if self.host == "localhost":
            return True
        address = _ip_address(self.host)
        return address is not None and address.is_loopback and getattr(address, "ipv4_mapped", None) is None


@lru_cache(maxsize=1024)  # a loop over integrations asks for the same few again and again
def origin_of(address: str) -> str:
    """
    Tell the origin of an address.

    :param address: a URL, or a bare host with or without port, which is then taken for HTTPS.
    :returns: for example ``https://api.example.com:443``, in lower case, with the ASCII (IDNA) form of the host.
    :raises ValueError: the address is not one, or can be read in more than one way; the message does not repeat it.
    """
    return place_of(split_address(address if "://" in address else f"https://{address}")).origin


def split_address(address: str) -> SplitResult:
    """
    Take a URL apart.

    :raises ValueError: it contains what URL parsers disagree on; the message does not repeat it.
    """
    if "\\" in address or any(_is_space_or_control(character) for character in address):
        raise ValueError("must not contain white space, control characters or backslashes")
    try:
        return urlsplit(address)
    except ValueError:
        raise ValueError("is not a valid address") from None


def place_of(parts: SplitResult) -> Place:
    """
    Tell which server a URL leads to.

    :raises ValueError: it leads to none, or carries credentials; the message does not repeat it.
    """
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("must not contain credentials: give the user name and the password as settings of their own")
    host, port = split_host(parts.netloc)
    return Place(parts.scheme, host, port if port is not None else DEFAULT_PORTS[parts.scheme])


def split_host(text: str) -> tuple[str, int | None]:
    """
    Read a host with or without port.

    :param text: ``host``, ``host:port``, ``[IPv6]`` or ``[IPv6]:port``.
    :returns: the host as in :class:`Place`, and the port if there is one.
    :raises ValueError: it is neither; the message does not repeat it.
    """
    if text.startswith("["):
        literal, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("contains an IPv6 address that is not of the form [address] or [address]:port")
        return _ipv6(literal), _port(rest[1:] if rest else None)
    host, colon, port = text.partition(":")
    return ascii_host(host), _port(port if colon else None)


def ascii_host(host: str) -> str:
    """
    Bring a host name or an IPv4 address to the one form in which it is compared and used.

    :returns: lower case, ASCII (IDNA), without the final dot of a fully qualified name.
    :raises ValueError: it is not a host, or programs would read it differently; the message does not repeat it.
    """
    name = ".".join(
        label if label.isascii() else _ascii_label(label) for label in host.lower().removesuffix(".").split(".")
    )
    labels = name.split(".")
    if len(name) > _LONGEST_HOST or not all(_is_label(label) for label in labels):
        raise ValueError(_NO_HOST)
    if _is_number(labels[-1]) and _ip_address(name) is None:
        raise ValueError("contains an IPv4 address that is not of the form 192.0.2.1")
    return name


def _ascii_label(label: str) -> str:
    try:
        encoded = label.encode("idna")
        unambiguous = encoded.decode("idna") == label and not _DEVIATIONS & set(label)
    except UnicodeError:
        raise ValueError(_AMBIGUOUS_HOST) from None
    if not unambiguous:
        raise ValueError(_AMBIGUOUS_HOST)
    return encoded.decode("ascii")


def _is_label(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and plain.isalnum() and plain.isascii() and label[0] != "-" and label[-1] != "-"


def _is_number(label: str) -> bool:
    return label.isdigit() or (label.startswith("0x") and all(digit in "0123456789abcdef" for digit in label[2:]))


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _ipv6(literal: str) -> str:
    address = _ip_address(literal)
    if not isinstance(address, ipaddress.IPv6Address) or address.scope_id is not None:
        raise ValueError("contains an IPv6 address that is not valid")
    return address.compressed


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= _LARGEST_PORT):
        raise ValueError("contains a port that is not a number between 1 and 65535")
    return int(text)


def _is_space_or_control(character: str) -> bool:
    return unicodedata.category(character)[0] in "ZC"
