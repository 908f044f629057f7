# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: virtual servers as Security Center lists them (vendor's Open API description, class ``VServers``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._domain.model import VirtualServer
from .._domain.redaction import SecretsInPlay
from .._domain.text import LONGEST_NAME, clean_text
from .foreign_text import shown_name
from .typed_values import UnreadableValue


def read_virtual_servers(listed: Any, in_play: SecretsInPlay) -> tuple[VirtualServer, ...]:
    """
    Read a list of virtual servers.

    One entry that cannot be told from others makes the whole list useless: what is bound by it could not be trusted.

    :param listed: what ``VServers.GetVServers`` returns.
    :param in_play: none of it may get into the registry, where it would outlive the task that masks it.
    :returns: in the order of the server.
    :raises UnreadableValue: it is no list of virtual servers, an identifier is missing or there twice.
    """
    if not isinstance(listed, list):
        raise UnreadableValue("is no list of virtual servers")
    return tuple(_distinct(listed, in_play))


def _distinct(listed: list[Any], in_play: SecretsInPlay) -> Iterator[VirtualServer]:
    numbers: dict[str, int] = {}
    for number, entry in enumerate(listed, 1):
        server = _virtual_server(number, entry, in_play)
        first = numbers.setdefault(server.uid, number)
        if first != number:
            raise UnreadableValue(f"has the same KLVSRV_UID in the entries {first} and {number}")
        yield server


def _virtual_server(number: int, entry: Any, in_play: SecretsInPlay) -> VirtualServer:
    if not isinstance(entry, dict):
        raise UnreadableValue(f"has no virtual server in entry {number}")
    uid = _uid(number, entry.get("KLVSRV_UID"), in_play)
    name, enabled = entry.get("KLVSRV_DN"), entry.get("KLVSRV_ENABLED")
    if not isinstance(name, str):
        raise UnreadableValue(f"has no KLVSRV_DN in entry {number}")
    if not isinstance(enabled, bool | None):
        raise UnreadableValue(f"has a KLVSRV_ENABLED that is neither true nor false in entry {number}")
    return VirtualServer(uid, shown_name(name, uid, in_play), enabled is not False)


def _uid(number: int, value: Any, in_play: SecretsInPlay) -> str:
    try:
        uid = clean_text(value)
    except ValueError:
        uid = ""
    if not 0 < len(uid) <= LONGEST_NAME or in_play.redact(uid) != uid:
        raise UnreadableValue(f"has no usable KLVSRV_UID in entry {number}")
    return uid
