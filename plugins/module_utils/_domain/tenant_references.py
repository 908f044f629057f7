# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: reads the entries of ``virtual_servers`` and ``companies``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ErrorCode, Fault, InvalidSettings
from .model import TENANT_KINDS, Integration, TenantKind
from .text import LONGEST_NAME, clean_name, clean_text, cleaned, nearest

OPTIONS = {TenantKind.VIRTUAL_SERVER: "virtual_servers", TenantKind.COMPANY: "companies"}
_UID_KEYS = {TenantKind.VIRTUAL_SERVER: ("uid",), TenantKind.COMPANY: ("id", "uid")}


@dataclass(frozen=True)
class TenantReference:
    """
    One entry of ``virtual_servers`` or ``companies``.

    :param option: where it stands.
    :param new: the user says that a company is new although its name is like a known one.
    """

    option: str
    uid: str | None
    name: str | None
    new: bool = False

    @property
    def title(self) -> str | None:
        """What the task calls it."""
        return self.name or self.uid

    @property
    def place(self) -> str:
        """Where it stands and what it is called, for messages."""
        return f"{self.option} ({self.title!r})"

    def fault(self, told: str, code: ErrorCode = ErrorCode.INVALID_SETTINGS) -> Fault:
        """Make the fault of this entry."""
        return Fault(self.option, told, code, self.title)


def tenant_kind(options: Mapping[str, Any]) -> TenantKind:
    """
    Tell which kind of tenants a task names.

    :raises InvalidSettings: it names both kinds, or none.
    """
    given = [kind for kind, option in OPTIONS.items() if options.get(option) is not None]
    if len(given) != 1:
        raise InvalidSettings([Fault("virtual_servers", "give either virtual_servers or companies")])
    return given[0]


def tenant_references(options: Mapping[str, Any], integration: Integration) -> tuple[TenantReference, ...]:
    """
    Read the entries of a task.

    :raises InvalidSettings: every fault at once.
    """
    kind = tenant_kind(options)
    faults: list[Fault] = []
    if TENANT_KINDS[integration.solution] is not kind:
        right = OPTIONS[TENANT_KINDS[integration.solution]]
        told = f"do not belong to {integration.solution}, the solution of '{integration.name}': give {right}"
        faults.append(Fault(OPTIONS[kind], told, ErrorCode.INSTANCE_MISMATCH))
    option, entries = OPTIONS[kind], options[OPTIONS[kind]]
    references = [tenant_reference(faults, kind, f"{option}[{index}]", entry) for index, entry in enumerate(entries)]
    refuse_repeated(faults, [reference for reference in references if reference])
    if options.get("state") == "exact" and not entries and not options.get("allow_empty"):
        told = "an empty list with state: exact would unbind every tenant; set allow_empty: true if that is meant"
        faults.append(Fault(OPTIONS[kind], told))
    if faults:
        raise InvalidSettings(faults)
    return tuple(reference for reference in references if reference)


def tenant_reference(faults: list[Fault], kind: TenantKind, option: str, entry: Any) -> TenantReference | None:
    """
    Read what means one tenant.

    :param faults: takes what is wrong with it.
    :param option: where it stands.
    :param entry: a name, or a dictionary with an identifier, a name, or both.
    """
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        faults.append(Fault(option, f"must be a name, or a dictionary with {_UID_KEYS[kind][0]} and name"))
        return None
    allowed = [*_UID_KEYS[kind], "name", "kind", *(["new"] if kind is TenantKind.COMPANY else [])]
    unknown = [str(key) for key in entry if key not in allowed]
    for key in unknown:
        near = nearest(key, allowed)
        faults.append(Fault(f"{option}.{key}", f"is unknown; did you mean {' or '.join(near or allowed)}?"))
    if entry.get("kind") not in (None, kind):
        faults.append(Fault(f"{option}.kind", f"must be {kind}, if it is given"))
    uid = cleaned(faults, f"{option}.{_UID_KEYS[kind][0]}", _clean_uid, _given_uid(faults, kind, option, entry))
    name = cleaned(faults, f"{option}.name", clean_name, entry.get("name"))
    if not unknown and all(entry.get(key) is None for key in (*_UID_KEYS[kind], "name")):
        faults.append(Fault(option, f"needs a name or {' or '.join(_UID_KEYS[kind])}"))
    return TenantReference(option, uid, name, _truth(faults, f"{option}.new", entry.get("new")))


def _given_uid(faults: list[Fault], kind: TenantKind, option: str, entry: Mapping[Any, Any]) -> object:
    given = {key: entry[key] for key in _UID_KEYS[kind] if entry.get(key) is not None}
    if len(given) > 1:
        told = "and uid are two words for the same identifier: give one of them"
        faults.append(Fault(f"{option}.{_UID_KEYS[kind][0]}", told))
        return None
    return next(iter(given.values()), None)


def _clean_uid(value: object) -> str:
    uid = clean_text(value)
    if len(uid) > LONGEST_NAME:
        raise ValueError(f"must not be longer than {LONGEST_NAME} characters")
    return uid


def _truth(faults: list[Fault], option: str, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    faults.append(Fault(option, "must be true or false"))
    return False


def refuse_repeated(faults: list[Fault], references: Sequence[TenantReference]) -> None:
    """Refuse what means the same tenant as an earlier entry."""
    seen: dict[tuple[str, str], str] = {}
    identified = {reference.name: reference.option for reference in references if reference.uid and reference.name}
    for reference in references:
        key = ("uid", reference.uid) if reference.uid else ("name", reference.name or "")
        if key[1] and key in seen:
            faults.append(reference.fault(f"is the same tenant as {seen[key]}"))
        elif not reference.uid and reference.name in identified:
            # Once both are known, the name alone could mean either of them.
            told = f"has the name of {identified[reference.name]}, which has an identifier: give this one's as well"
            faults.append(reference.fault(told))
        seen.setdefault(key, reference.option)
