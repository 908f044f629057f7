# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which misbehaviours there are, and which of them are switched on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

HTTP = frozenset({"rest", "soap", "security_center", "connectwise_manage", "autotask", "webhook", "foreign"})
APIS = frozenset({"rest", "soap", "security_center", "connectwise_manage", "autotask"})
ZONED = frozenset({"connectwise_manage", "autotask"})
REST = frozenset({"rest"})
SOAP = frozenset({"soap"})
SECURITY_CENTER = frozenset({"security_center"})
SMTP = frozenset({"smtp"})
PROXY = frozenset({"proxy"})


@dataclass(frozen=True)
class Kind:
    """One way to misbehave."""

    systems: frozenset[str]
    options: dict[str, Any] = field(default_factory=dict)
    """What can be said about it, and what holds where nothing is said."""
    only: str | None = None
    """To what it is limited by its nature."""


KINDS: dict[str, Kind] = {
    # An answer of another status.
    "status": Kind(HTTP | PROXY, {"status": 500, "retry_after": None}),
    "unauthorized": Kind(HTTP, {"status": 401}),
    "forbidden": Kind(HTTP, {"status": 403}),
    "throttled": Kind(HTTP, {"status": 429, "retry_after": "1"}),
    "server_error": Kind(HTTP, {"status": 500}),
    "unavailable": Kind(HTTP, {"status": 503, "retry_after": None}),
    # The right answer, in a bad way.
    "slow": Kind(HTTP | PROXY | SMTP, {"seconds": 5.0}),
    "dribble": Kind(HTTP, {"seconds": 0.05}),
    "truncated": Kind(HTTP),
    "dropped": Kind(HTTP | PROXY),
    # An answer from somebody else.
    "html": Kind(HTTP, {"status": 200}),
    "login_redirect": Kind(HTTP, {"status": 302}),
    "foreign_redirect": Kind(HTTP, {"status": 307}),
    # An answer that means harm.
    "endless": Kind(HTTP),
    "gzip_bomb": Kind(HTTP, {"megabytes": 256}),
    "xml_bomb": Kind(SOAP, {"levels": 9}),
    "external_entity": Kind(SOAP, {"entity": "file"}),
    "foreign_import": Kind(SOAP, {"element": "wsdl"}, only="WSDL"),
    "wrong_address": Kind(SOAP, only="WSDL"),
    # An answer that makes no sense.
    "not_successful": Kind(REST, {"message": "The operation could not be completed."}),
    "wrong_shape": Kind(APIS, {"body": None}),
    # ConnectWise Manage and Autotask.
    "foreign_place": Kind(ZONED),
    "looping_pages": Kind(ZONED),
    "foreign_page": Kind(ZONED),
    # Security Center.
    "error": Kind(SECURITY_CENTER, {"code": 1125, "message": None}),
    "busy": Kind(SECURITY_CENTER, {"code": 1195, "message": None}),
    "session_ended": Kind(SECURITY_CENTER),
    "two_step": Kind(SECURITY_CENTER, only="Session.StartSession"),
    "duplicate_uid": Kind(SECURITY_CENTER, only="VServers.GetVServers"),
    "bad_datetime": Kind(SECURITY_CENTER, {"value": "yesterday"}, only="VServers.GetVServers"),
    "odd_server": Kind(SECURITY_CENTER, {"fields": {}, "missing": []}, only="VServers.GetVServers"),
    # Mail.
    "refuse_login": Kind(SMTP),
    "refuse_recipient": Kind(SMTP, {"recipient": None}),
    "temporary_failure": Kind(SMTP, {"at": "data"}),
    "drop_after_data": Kind(SMTP),
    "no_starttls": Kind(SMTP),
    "starttls_refused": Kind(SMTP),
    "hang": Kind(SMTP, {"at": "connect"}),
}


@dataclass
class Misbehaviour:
    """A misbehaviour that is switched on."""

    system: str
    kind: str
    times: int | None
    """How many more times; ``None`` is always."""
    only: str | None
    """The beginning of a path or the name of an operation that it is limited to."""
    options: dict[str, Any]

    def fits(self, operation: str, path: str) -> bool:
        """Tell whether a request is meant."""
        if self.only is None:
            return True
        only = self.only.lower()
        return operation.lower() == only or path.lower().startswith(only)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        times = "always" if self.times is None else self.times
        return {"system": self.system, "kind": self.kind, "times": times, "only": self.only, **self.options}


def make_misbehaviour(
    system: str, kind: str, times: int | str | None, only: str | None, options: dict[str, Any]
) -> Misbehaviour:
    """
    Check and complete what somebody wants to switch on.

    :raises ValueError: The system knows no such misbehaviour, or that one has no such option.
    """
    known = KINDS.get(kind)
    if known is None or system not in known.systems:
        possible = sorted(name for name, each in KINDS.items() if system in each.systems)
        raise ValueError(f"{system!r} has no misbehaviour {kind!r}; it has {', '.join(possible) or 'none'}")
    unknown = sorted(options.keys() - known.options.keys())
    if unknown:
        raise ValueError(f"{kind!r} has no option {', '.join(unknown)}; it has {', '.join(known.options) or 'none'}")
    if times == "always":
        times = None
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise ValueError("times must be a number from 1, or 'always'")
    return Misbehaviour(system, kind, times, only or known.only, {**known.options, **options})


class Misbehaviours:
    """
    The misbehaviours that are switched on, in the order in which they were.

    A request gets the first that fits and is not used up.
    """

    def __init__(self) -> None:
        self._active: list[Misbehaviour] = []

    def add(self, misbehaviour: Misbehaviour) -> None:
        """Switch one on."""
        self._active.append(misbehaviour)

    def clear(self, system: str | None = None) -> None:
        """Switch all off, or all of one system."""
        self._active = [] if system is None else [each for each in self._active if each.system != system]

    def all(self) -> list[Misbehaviour]:
        """Return those that are switched on."""
        return list(self._active)

    def take(
        self, system: str, operation: str = "", path: str = "", kinds: Collection[str] | None = None, **options: str
    ) -> Misbehaviour | None:
        """
        Return the misbehaviour that a request gets, and count it.

        :param kinds: What can happen at this point; anything where nothing is said.
        :param options: What an option of it must be, where it is set at all.
        """
        for each in self._active:
            if each.system != system or (kinds is not None and each.kind not in kinds):
                continue
            if not each.fits(operation, path) or not _options_fit(each, options):
                continue
            self._count(each)
            return each
        return None

    def _count(self, misbehaviour: Misbehaviour) -> None:
        if misbehaviour.times is None:
            return
        misbehaviour.times -= 1
        if misbehaviour.times == 0:
            self._active.remove(misbehaviour)


def _options_fit(misbehaviour: Misbehaviour, options: dict[str, str]) -> bool:
    return all(misbehaviour.options.get(name) in (None, value) for name, value in options.items())
