# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the way through a proxy."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.origins import DEFAULT_PORTS, place_of, split_address
from .._domain.redaction import SecretsInPlay


@dataclass(frozen=True)
class Proxy:
    """
    A proxy that HTTPS is sent through.

    :param address: without credentials, so that no error of any library can contain them.
    """

    address: str
    headers: dict[str, str] = field(repr=False)

    @property
    def is_secure(self) -> bool:
        """Whether the proxy itself is reached by HTTPS."""
        return self.address.startswith("https://")


def read_proxy(address: str | None, username: str | None, password: str | None, in_play: SecretsInPlay) -> Proxy | None:
    """
    Understand the proxy options.

    :param in_play: learns the credentials in the form in which they are sent.
    :returns: nothing if there is no proxy.
    :raises IntegrationError: ``invalid_settings``, without repeating the address, which may contain a password.
    """
    if not address:
        return None
    try:
        parts = split_address(address if "://" in address else f"http://{address}")
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError("must begin with http:// or https://")
        return Proxy(place_of(parts).origin, _headers(username, password, in_play))
    except ValueError as error:
        raise IntegrationError(ErrorCode.INVALID_SETTINGS, f"proxy: {error}.") from None


def _headers(username: str | None, password: str | None, in_play: SecretsInPlay) -> dict[str, str]:
    if not username:
        return {}
    token = base64.b64encode(f"{username}:{password or ''}".encode()).decode("ascii")
    in_play.add(password, token)
    return {"Proxy-Authorization": f"Basic {token}"}
