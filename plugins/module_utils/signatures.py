# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs requests that other modules send, with the saved settings of an integration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._domain.origins import place_of, split_address
from ._domain.platforms import TIGERPAW
from ._domain.redaction import SecretsInPlay
from ._remote.tigerpaw_rest import signer

_METHOD = re.compile(r"[A-Za-z]+")
_WHERE_FROM = "take them from the lookup msp.kaspersky.integration_settings"


class NotSigned(Exception):
    """The reason why a request was not signed; never with a secret in it."""


def tigerpaw_headers(settings: Mapping[str, Any], method: str, url: str) -> dict[str, str]:
    """
    Sign one request to Tigerpaw's REST API.

    :param settings: an integration with its ``settings``, or these alone; secrets included.
    :param method: of the request, for example ``GET``.
    :param url: of the request, spelled as it is going to be sent. Its query is not signed.
    :returns: the headers ``Authorization``, ``X-TSI-Date`` and ``Accept``; the server takes them for some minutes.
    :raises NotSigned: the settings are of another platform or incomplete, or the URL does not lead to the origin that
        the integration has for its REST API: what a private key has signed must not be sent elsewhere.
    """
    used = _tigerpaw_settings(settings)
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise NotSigned("the method must be a word such as GET")
    if not isinstance(url, str) or _origin(url, "the URL") != _origin(used["url"], "the integration's url"):
        raise NotSigned(
            "the URL does not lead to the origin (scheme, host, port) of the integration's url; its signatures are "
            "sent nowhere else"
        )
    if not url.isascii():
        raise NotSigned("the URL must be spelled as it is sent: encode it, for example with the filter urlencode")
    headers = signer(method.upper(), url, used["rest_public_key"], used["rest_private_key"], SecretsInPlay())
    return dict(headers())


def _tigerpaw_settings(given: Mapping[str, Any]) -> Mapping[str, str]:
    """Find the settings, also inside of an integration, and require what signing needs."""
    if not isinstance(given, Mapping):
        raise NotSigned(f"the settings must be a dictionary; {_WHERE_FROM}")
    if given.get("platform", TIGERPAW.name) != TIGERPAW.name:
        raise NotSigned(f"the integration is not one with {TIGERPAW.title}")
    settings = given.get("settings", given)
    needed = ("url", "rest_public_key", "rest_private_key")
    found = settings if isinstance(settings, Mapping) else {}
    missing = [name for name in needed if not isinstance(found.get(name), str) or not found[name]]
    if missing:
        raise NotSigned(f"the settings lack {' and '.join(missing)}; {_WHERE_FROM}")
    return found


def _origin(address: str, what: str) -> str:
    try:
        return place_of(split_address(address)).origin
    except ValueError as error:
        raise NotSigned(f"{what} {error}") from None
