# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: reads the description of an instance, as the role ``integrations`` takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .model import TENANT_KINDS, Solution
from .platforms import PLATFORMS
from .tenant_references import OPTIONS
from .text import clean_name

_UID_KEYS = ("uid", "id")


@dataclass(frozen=True)
class Entry:
    """
    A tenant as an integration of the description names it.

    :param given: the entry itself, which is valid input for ``binding``.
    """

    given: Any
    uid: str | None
    name: str | None

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.name or self.uid or "?"


@dataclass(frozen=True)
class Described:
    """
    An integration of the description.

    :param place: where it stands.
    :param settings: names of the settings that are given; nothing if the description leaves the settings alone.
    :param users: the API users that are given, by platform.
    :param entries: the tenants it is to hold; nothing if the description leaves them alone.
    :param misplaced: it names tenants of the other solution.
    """

    place: str
    name: str
    old_name: str | None
    platform: str
    settings: frozenset[str] | None
    users: frozenset[tuple[str, str]]
    entries: tuple[Entry, ...] | None
    misplaced: bool

    @property
    def title(self) -> str:
        """Where it stands and what it is called, for messages."""
        return f"{self.place} ({self.name!r})"

    @property
    def required_secrets(self) -> list[str]:
        """The secrets that the description gives: an empty reference must not look like success."""
        fields = PLATFORMS[self.platform].secret_fields if self.platform in PLATFORMS else ()
        return [field.name for field in fields if field.name in (self.settings or ())]

    @property
    def reset(self) -> list[str]:
        """The optional settings that it leaves out: what is described is all that there is."""
        if self.settings is None or self.platform not in PLATFORMS:
            return []
        optional = [field.name for field in PLATFORMS[self.platform].plain_fields if not field.required]
        return [name for name in optional if name not in self.settings]


def tenants_option(description: Mapping[str, Any]) -> str:
    """Tell by which option the integrations of an instance name their tenants."""
    solution = description.get("solution")
    return OPTIONS[TENANT_KINDS[Solution(solution)]] if solution in list(Solution) else ""


def described_integrations(description: Mapping[str, Any]) -> list[Described]:
    """Read all integrations of a description."""
    option = tenants_option(description)
    items = [item if isinstance(item, Mapping) else {} for item in _list(description.get("integrations"))]
    return [_described(f"integrations[{index}]", item, option) for index, item in enumerate(items)]


def _described(place: str, item: Mapping[str, Any], option: str) -> Described:
    platform = _name(item.get("platform")) or ""
    settings, entries = item.get(platform), item.get(option)
    other = [name for name in OPTIONS.values() if name != option]
    return Described(
        place=place,
        name=_name(item.get("name")) or "",
        old_name=_name(item.get("old_name")),
        platform=platform,
        settings=_given(platform, settings) if isinstance(settings, Mapping) else None,
        users=_users(platform, settings) if isinstance(settings, Mapping) else frozenset(),
        entries=None if entries is None else tuple(_entry(entry) for entry in _list(entries)),
        misplaced=any(item.get(name) is not None for name in other),
    )


def _given(platform: str, settings: Mapping[str, Any]) -> frozenset[str]:
    """List what is given: a setting without a value is left out, a secret without one is an empty reference."""
    secrets = {field.name for field in PLATFORMS[platform].secret_fields} if platform in PLATFORMS else set()
    return frozenset(name for name, value in settings.items() if name in secrets or value is not None)


def _users(platform: str, settings: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    fields = PLATFORMS[platform].user_fields if platform in PLATFORMS else ()
    return frozenset((platform, str(settings[name])) for name in fields if settings.get(name) is not None)


def _entry(given: Any) -> Entry:
    if not isinstance(given, Mapping):
        return Entry(given, None, _name(given))
    uid = next((str(given[key]).strip() for key in _UID_KEYS if given.get(key) is not None), None)
    return Entry(given, uid, _name(given.get("name")))


def _name(value: Any) -> str | None:
    """Read a name as modules do; one that they refuse is theirs to refuse."""
    if value is None:
        return None
    try:
        return clean_name(value)
    except ValueError:
        return str(value)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
