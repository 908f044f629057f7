# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The users of the APIs: who may come in, who not yet, who not any more, and who lacks a right."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .credentials import make_key, make_name, make_password

MAKERS: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "rest": (make_key, make_key),
    "soap": (lambda: make_name("soap"), make_password),
    "connectwise_manage": (lambda: secrets.token_urlsafe(12), lambda: secrets.token_urlsafe(16)),
    "autotask": (lambda: f"{make_name('api')}@msp.example", make_key),
    "security_center": (lambda: make_name("ksc"), make_password),
}
EVERYTHING = "*"


class Verdict(Enum):
    """What became of a request's credentials."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    RIGHT_MISSING = "right missing"


@dataclass
class User:
    """One user of one API."""

    system: str
    name: str
    """The public key (``rest``) or the user name."""
    secret: str
    """The private key (``rest``) or the password."""
    lacks: set[str] = field(default_factory=set)
    """Missing rights: the part of the path after ``/api/`` (``rest``), the operation elsewhere, or ``*``."""
    new_for_calls: int = 0
    """How many more calls are refused because the user was made only now."""
    ready_at: float = 0.0
    """Until when (monotonic clock) calls are refused because the user was made only now."""
    refusals: int = 0
    """Wrong secrets in a row."""
    internal: bool = True
    """Whether Security Center keeps the user itself, or takes it from the operating system or a domain."""
    two_step: bool = False
    """Whether Security Center asks for a second step."""
    blocked: bool = False
    """Whether Security Center lets the user in no more."""

    @property
    def encoded_secret(self) -> str:
        """The secret in base64."""
        return base64.b64encode(self.secret.encode()).decode()

    def take_newness(self) -> bool:
        """Tell whether the user is too new to be known everywhere; each question counts as a call."""
        if self.new_for_calls > 0:
            self.new_for_calls -= 1
            return True
        return time.monotonic() < self.ready_at

    def may(self, right: str) -> bool:
        """Tell whether the user has a right."""
        lacking = {name.lower() for name in self.lacks}
        return EVERYTHING not in lacking and right.lower() not in lacking

    def as_dict(self) -> dict[str, Any]:
        """Return the user as plain data."""
        return {
            "system": self.system,
            "name": self.name,
            "secret": self.secret,
            "lacks": sorted(self.lacks),
            "new_for_calls": self.new_for_calls,
            "refusals": self.refusals,
            "internal": self.internal,
            "two_step": self.two_step,
            "blocked": self.blocked,
        }


def make_user(
    system: str,
    name: str | None = None,
    secret: str | None = None,
    lacks: str | Iterable[str] = (),
    new_for_calls: int = 0,
    new_for_seconds: float = 0.0,
    **about: bool,
) -> User:
    """
    Make a user, with random credentials where none are given.

    :param about: ``internal``, ``two_step``, ``blocked``: for Security Center only.
    :raises ValueError: There are no users of that system.
    """
    if system not in MAKERS:
        raise ValueError(f"there are no users of {system!r}, only of {', '.join(MAKERS)}")
    if about and system != "security_center":
        raise ValueError(f"users of {system!r} have no {', '.join(about)}")
    new_name, new_secret = MAKERS[system]
    return User(
        system=system,
        name=name or new_name(),
        secret=secret or new_secret(),
        lacks={lacks} if isinstance(lacks, str) else set(lacks),
        new_for_calls=new_for_calls,
        ready_at=time.monotonic() + new_for_seconds,
        **about,
    )


class Users:
    """All users. A user who gives a wrong secret too often in a row stays locked out until the sandbox is reset."""

    def __init__(self) -> None:
        self._users: dict[tuple[str, str], User] = {}

    def add(self, user: User) -> User:
        """Add a user; one of the same system and name is replaced (that is how a secret is changed)."""
        self._users[user.system, user.name] = user
        return user

    def all(self) -> list[User]:
        """Return every user."""
        return list(self._users.values())

    def of(self, system: str) -> list[User]:
        """Return the users of a system."""
        return [user for user in self.all() if user.system == system]

    def get(self, system: str, name: str) -> User | None:
        """Return a user, if there is one of that name."""
        return self._users.get((system, name))

    def judge(self, system: str, name: str, right: str, proves: Callable[[User], bool], lockout_after: int) -> Verdict:
        """
        Decide about a request.

        :param right: What the request needs.
        :param proves: Whether the request shows that it knows the user's secret.
        :param lockout_after: How many wrong secrets in a row lock a user out.
        """
        user = self.get(system, name)
        if user is None or user.refusals >= lockout_after or user.take_newness():
            return Verdict.REFUSED
        if not proves(user):
            user.refusals += 1
            return Verdict.REFUSED
        user.refusals = 0
        return Verdict.ALLOWED if user.may(right) else Verdict.RIGHT_MISSING
