# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: one person as an administrator of many integrations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ErrorCode, Fault, InvalidSettings
from .model import Administrator, Integration, Solution
from .plan import shown_administrators
from .text import clean_email, clean_name, cleaned, did_you_mean, nearest

Options = Mapping[str, Any]


@dataclass(frozen=True)
class DesiredAdministrator:
    """
    A person, as a task wants it.

    :param alias: nothing keeps what is stored.
    :param new_email: nothing keeps the address.
    :param names: of the integrations that are meant; nothing means those that have the person.
    :param everywhere: whether all integrations of the instance are meant.
    """

    email: str
    alias: str | None
    new_email: str | None
    absent: bool
    names: tuple[str, ...] | None
    everywhere: bool

    @property
    def addresses(self) -> set[str]:
        """The addresses by which the person is known, in lower case."""
        return {address.casefold() for address in (self.email, self.new_email) if address}


@dataclass(frozen=True)
class AdministratorChange:
    """
    One integration that a task is about.

    :param administrators: all of them afterwards.
    """

    integration: Integration
    administrators: tuple[Administrator, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.administrators != self.integration.administrators


@dataclass(frozen=True)
class AdministratorPlan:
    """
    What becomes of every integration that is meant.

    :param members: all of them, also those in which nothing changes.
    """

    members: tuple[AdministratorChange, ...]

    @property
    def changes(self) -> tuple[AdministratorChange, ...]:
        """The integrations in which something changes."""
        return tuple(member for member in self.members if member.changed)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes)

    @property
    def before(self) -> dict[str, Any]:
        """Who administers the changing integrations, as a diff shows it."""
        changes = self.changes
        return {item.integration.name: shown_administrators(item.integration.administrators) for item in changes}

    @property
    def after(self) -> dict[str, Any]:
        """Who is to administer them, as a diff shows it."""
        return {item.integration.name: shown_administrators(item.administrators) for item in self.changes}


def desired_administrator(options: Options) -> DesiredAdministrator:
    """
    Judge all options of ``administrator``.

    :param options: validated options of the module; omitted ones are missing or ``None``.
    :raises InvalidSettings: every fault at once, each naming its option.
    """
    faults: list[Fault] = []
    email = cleaned(faults, "email", clean_email, options.get("email"))
    new_email = cleaned(faults, "new_email", clean_email, options.get("new_email"))
    alias = cleaned(faults, "alias", clean_name, options.get("alias"))
    absent, everywhere = options.get("state") == "absent", bool(options.get("all_integrations"))
    names = _names(faults, options)
    if names is not None and everywhere:
        faults.append(Fault("integrations", "and all_integrations contradict each other: give one of them"))
    for option in ("alias", "new_email") if absent else ():
        if options.get(option) is not None:
            faults.append(Fault(option, "does not belong to state: absent"))
    if faults or email is None:
        raise InvalidSettings(faults)
    return DesiredAdministrator(email, alias, new_email, absent, names, everywhere)


def plan_administrator(desired: DesiredAdministrator, integrations: Sequence[Integration]) -> AdministratorPlan:
    """
    Compare one person with who administers the integrations of an instance.

    :raises InvalidSettings: every fault at once: names that no integration has (``not_found``), integrations with
        Business Hub that would have nobody (``last_administrator``), or a person whose alias is not known.
    """
    faults: list[Fault] = []
    meant = _meant(faults, desired, integrations)
    members = [AdministratorChange(item, tuple(sorted(_administrators(faults, desired, item)))) for item in meant]
    for member in members:
        is_last = member.changed and not member.administrators
        if is_last and member.integration.solution is Solution.BUSINESS_HUB:
            name = member.integration.name
            told = f"is the last administrator of '{name}'; an integration with Business Hub needs one"
            faults.append(Fault("email", told, ErrorCode.LAST_ADMINISTRATOR, name))
    if faults:
        raise InvalidSettings(faults)
    return AdministratorPlan(tuple(members))


def _names(faults: list[Fault], options: Options) -> tuple[str, ...] | None:
    given = options.get("integrations")
    if given is None:
        return None
    read = [cleaned(faults, f"integrations[{index}]", clean_name, name) for index, name in enumerate(given)]
    return tuple(dict.fromkeys(name for name in read if name))


def _meant(
    faults: list[Fault], desired: DesiredAdministrator, integrations: Sequence[Integration]
) -> list[Integration]:
    """Find the integrations that a task means; without names those that have the person."""
    if desired.everywhere:
        return list(integrations)
    if desired.names is None:
        having = [item for item in integrations if _of_person(desired, item.administrators)]
        if not having and not desired.absent:
            told = "administers no integration of this instance; to add the person, name integrations or set "
            faults.append(Fault("email", f"{told}all_integrations: true"))
        return having
    known = {item.name: item for item in integrations}
    for name in desired.names:
        if name not in known:
            told = f"no integration of this instance is called so.{did_you_mean(nearest(name, known))}"
            faults.append(Fault("integrations", told, ErrorCode.NOT_FOUND, name))
    return [known[name] for name in desired.names if name in known]


def _administrators(
    faults: list[Fault], desired: DesiredAdministrator, integration: Integration
) -> Iterable[Administrator]:
    """Tell who administers an integration afterwards."""
    stored = _of_person(desired, integration.administrators)
    others = [item for item in integration.administrators if item not in stored]
    if desired.absent:
        return others
    alias = desired.alias or next((item.alias for item in stored), None)
    if alias is None:
        told = f"is required: '{integration.name}' does not have this person yet"
        faults.append(Fault("alias", told, entry=integration.name))
        return integration.administrators
    return [*others, Administrator(_address(desired, stored), alias)]


def _address(desired: DesiredAdministrator, stored: Sequence[Administrator]) -> str:
    """Take the new address, and of the old one the spelling that is stored."""
    if desired.new_email:
        return desired.new_email
    return next((item.email for item in stored), desired.email)


def _of_person(desired: DesiredAdministrator, administrators: Iterable[Administrator]) -> list[Administrator]:
    return [item for item in administrators if item.email.casefold() in desired.addresses]
