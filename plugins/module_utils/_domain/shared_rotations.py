# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: which API users a description gives new secrets that have to change in several integrations at once.

A password that stays stale in one of them would lock the user out of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .platforms import PLATFORMS, ApiUser
from .rules import secret_origins

Known = Mapping[str, Any]
Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class SharedRotation:
    """
    New secrets of an API user that several integrations share.

    :param number: of the integration in the description that gives them.
    :param secrets: names of those that it gives.
    """

    number: int
    platform: str
    user_name: str
    address: str
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsed:
    """
    What the module ``integration`` would make of an integration of a description.

    :param stored: its settings until now; nothing if it is to be created.
    :param given: names of the secrets that the description gives.
    :param changed: names of those that differ from what is stored.
    """

    number: int
    id: str | None
    platform: str
    settings: Mapping[str, Any]
    stored: Mapping[str, Any] | None
    given: frozenset[str]
    changed: frozenset[str]

    @property
    def moves(self) -> bool:
        """Whether more than secrets is new, so that they cannot be proven with what is stored."""
        return self.stored is not None and self.settings != self.stored


def shared_rotations(rehearsed: Sequence[Rehearsed], api_users: Sequence[Known]) -> Iterator[SharedRotation]:
    """
    Find the API users that are kept already, get new secrets, and belong to several integrations.

    :param api_users: as ``integration_info`` returns them.
    """
    by_place: dict[Place, list[tuple[ApiUser, Rehearsed]]] = defaultdict(list)
    for item in rehearsed:
        for user in PLATFORMS[item.platform].users:
            by_place[_place(user, item)].append((user, item))
    for known in api_users:
        place = known["platform"], known["setting"], known["user_name"], known["address"]
        if place in by_place and (rotation := _rotation(rehearsed, known, by_place[place])):
            yield rotation


def _place(user: ApiUser, item: Rehearsed) -> Place:
    platform = PLATFORMS[item.platform]
    address = secret_origins(platform, item.settings)[user.secret_fields[0]]
    return platform.name, user.name_field, str(item.settings[user.name_field]), address


def _rotation(
    rehearsed: Sequence[Rehearsed], known: Known, described: Sequence[tuple[ApiUser, Rehearsed]]
) -> SharedRotation | None:
    """Tell what the user gets, if anything; nothing where it is not shared, or where somebody changes more."""
    secrets = described[0][0].secret_fields
    members = [item for _user, item in described]
    ids = {holder["id"] for holder in known["integrations"]}
    used_by = len(ids) + sum(item.id not in ids for item in members)
    moving = any(item.moves for item in rehearsed if item.id in ids or item in members)
    if used_by == 1 or moving or all(item.changed.isdisjoint(secrets) for item in members):
        return None
    giver = max(members, key=lambda item: len(item.given & set(secrets)))
    given = tuple(name for name in secrets if name in giver.given)
    return SharedRotation(giver.number, known["platform"], known["user_name"], known["address"], given)
