# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual servers (client companies) that Security Center knows."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from .security_center_values import to_json, typed

ALL_GROUPS = -1
NAMES = ("Müller & Söhne GmbH", "Acme Ltd", "東京システム株式会社", '<b>Bold</b> "Net" {{ 7 * 7 }}')
CREATED = "2020-05-03T00:59:09Z"
NAMESPACE = uuid.UUID("a80a675f-40d1-4f50-aec8-ff79bd8793d4")


def make_uid() -> str:
    """Make an identifier as Security Center issues them."""
    return f"VSRV{uuid.uuid4()}"


@dataclass
class VirtualServer:
    """One virtual server."""

    name: str
    uid: str = field(default_factory=make_uid)
    id: int = 0
    """Its number; the next free one if 0."""
    enabled: bool = True
    created: str = CREATED
    group: int = 0

    def as_answer(self) -> dict[str, Any]:
        """Return it as Security Center writes it. Each brings groups of its own, numbered one after the other."""
        first_group = 166 + 10 * (self.id - 1)
        return {
            "KLVSRV_CREATED": typed("datetime", self.created),
            "KLVSRV_DN": self.name,
            "KLVSRV_ENABLED": self.enabled,
            "KLVSRV_GROUPS": first_group + 1,
            "KLVSRV_GRP": self.group,
            "KLVSRV_HST_UID": self.uid,
            "KLVSRV_ID": self.id,
            "KLVSRV_LIC_ENABLED": True,
            "KLVSRV_SUPER": first_group,
            "KLVSRV_UID": self.uid,
            "KLVSRV_UNASSIGNED": first_group + 4,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the words of the control API."""
        return asdict(self)


def _with_lasting_uids(names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Describe virtual servers that have the same identifiers after a reset."""
    for name in names:
        yield {"name": name, "uid": f"VSRV{uuid.uuid5(NAMESPACE, name)}"}


class VirtualServers:
    """All virtual servers, for many threads. The answers are kept, so that thousands are listed at once."""

    def __init__(self, names: Iterable[str] = NAMES) -> None:
        self._lock = threading.RLock()
        self._servers: dict[str, VirtualServer] = {}
        self._answers: dict[tuple[int, bool], bytes] = {}
        self._last_id = 0
        self.replace(_with_lasting_uids(names))

    def all(self) -> list[VirtualServer]:
        """Return every virtual server, in the order of their making."""
        with self._lock:
            return list(self._servers.values())

    def replace(self, servers: Iterable[dict[str, Any]]) -> None:
        """Put others in the place of all; each has a ``name``, and what else :class:`VirtualServer` lets one say."""
        made = [VirtualServer(**server) for server in servers]
        with self._lock:
            self._servers = {}
            self._last_id = 0
            for server in made:
                self._put(server)

    def generate(self, count: int) -> None:
        """Put so many in the place of all."""
        self.replace(_with_lasting_uids(f"Client {number:05}" for number in range(1, count + 1)))

    def add(self, name: str, **details: Any) -> VirtualServer:
        """Add one. Of the same name there may be several."""
        with self._lock:
            return self._put(VirtualServer(name, **details))

    def change(self, uid: str, **details: Any) -> VirtualServer:
        """
        Change one, above all its ``name``.

        :raises ValueError: There is none with that identifier.
        """
        with self._lock:
            old = self.get(uid).as_dict()
            changed = VirtualServer(**{**old, **details, "uid": uid})
            return self._put(changed)

    def remove(self, uid: str) -> None:
        """
        Remove one.

        :raises ValueError: There is none with that identifier.
        """
        with self._lock:
            self.get(uid)
            del self._servers[uid]
            self._answers.clear()

    def get(self, uid: str) -> VirtualServer:
        """
        Return one.

        :raises ValueError: There is none with that identifier.
        """
        with self._lock:
            if uid not in self._servers:
                raise ValueError(f"there is no virtual server {uid!r}")
            return self._servers[uid]

    def listing(self, group: int, wrapped: bool) -> bytes:
        """
        Return the virtual servers of a group as JSON.

        :param group: The group, or -1 for all.
        :param wrapped: Whether each says that it is a container.
        """
        with self._lock:
            if (group, wrapped) not in self._answers:
                containers = [each.as_answer() for each in self.all() if group in (ALL_GROUPS, each.group)]
                elements = [typed("params", each) if wrapped else each for each in containers]
                self._answers[group, wrapped] = to_json(elements)
            return self._answers[group, wrapped]

    def _put(self, server: VirtualServer) -> VirtualServer:
        self._answers.clear()
        server.id = server.id or self._last_id + 1
        self._last_id = max(self._last_id, server.id)
        self._servers[server.uid] = server
        return server
