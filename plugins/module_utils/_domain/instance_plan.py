# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what has to be done so that an instance becomes as it is described.

Nothing is judged here that a module judges by itself. What no module can see is: what concerns several integrations at
once, and what would go because it is not described.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .instance_description import Described, Entry, described_integrations, tenants_option

Known = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """
    What there is.

    :param integrations: as ``integration_info`` returns them.
    :param tenants: as ``tenant_info`` returns them.
    """

    integrations: Sequence[Known]
    tenants: Sequence[Known]


@dataclass(frozen=True)
class Prune:
    """
    What the user says of what is not described.

    :param wanted: whether it goes.
    :param integrations: names of exactly those that are deleted.
    :param tenants: names of exactly those that no integration holds afterwards.
    """

    wanted: bool = False
    integrations: Sequence[str] = ()
    tenants: Sequence[str] = ()


@dataclass
class InstancePlan:
    """
    What is to be done, and what is wrong.

    :param faults: sentences for people, none of them with a value of a setting.
    :param keep: for each integration of the description how it is known, what its settings need, and whether it is
        the first one with its API users: a password that many share is tried once, lest its user be locked out.
    :param bindings: tenants to bind, one for each integration and each that they are taken from.
    :param unbind: tenants to unbind, one for each integration that holds them.
    :param delete: integrations to delete, ``id`` and ``name``.
    :param left: names of what is not described and stays.
    """

    option: str
    faults: list[str] = field(default_factory=list)
    keep: list[dict[str, Any]] = field(default_factory=list)
    bindings: list[dict[str, Any]] = field(default_factory=list)
    unbind: list[dict[str, Any]] = field(default_factory=list)
    delete: list[dict[str, Any]] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)


def plan_instance(description: Mapping[str, Any], found: Found, prune: Prune) -> InstancePlan:
    """
    Compare a description with what there is.

    :param description: ``solution`` and ``integrations``, as the role takes them; no secret of it is looked at.
    """
    return _Planning(description, found, prune).plan


class _Planning:
    """One comparison; what is found out at first is used by all that comes later."""

    def __init__(self, description: Mapping[str, Any], found: Found, prune: Prune) -> None:
        self._described = described_integrations(description)
        self._found, self._prune = found, prune
        self._by_name = {str(item["name"]): item for item in found.integrations}
        self._ids = {item["id"] for item in found.integrations}
        self._tenants = _TenantsByWord(found.tenants)
        self._known_as = [self._known(item) for item in self._described]
        kept = {known["id"] for known in self._known_as if known}
        self._undescribed = [item for item in found.integrations if item["id"] not in kept]
        self._deleted = {item["id"] for item in self._undescribed}
        both = zip(self._described, self._known_as, strict=True)
        self._listing = {known["id"] for item, known in both if known and item.entries is not None}
        self.plan = InstancePlan(tenants_option(description))
        self._plan_integrations()
        self._plan_bindings()
        self._plan_prune()

    def _known(self, item: Described) -> Known | None:
        return self._by_name.get(item.name) or self._by_name.get(item.old_name or "")

    def _plan_integrations(self) -> None:
        self._refuse_names()
        asked: set[tuple[str, str]] = set()
        for item, known in zip(self._described, self._known_as, strict=True):
            if item.misplaced:
                told = f"the solution of the instance has {self.plan.option} only"
                self._fault(item, told)
            known_as = str(known["name"]) if known else item.name
            self.plan.keep.append(
                {
                    "name": item.name,
                    "exists": known is not None,
                    "known_as": known_as,
                    **({"new_name": item.name} if known_as != item.name else {}),
                    "required_secrets": item.required_secrets,
                    "reset": item.reset,
                    "first_of_its_users": not item.users & asked,
                }
            )
            asked |= item.users

    def _refuse_names(self) -> None:
        used = Counter(name for item in self._described for name in dict.fromkeys((item.name, item.old_name)) if name)
        for item in self._described:
            if used[item.name] > 1:
                self._fault(item, f"the name {item.name!r} stands for two integrations of the description")
            if not item.old_name or item.old_name == item.name:
                continue
            if item.name in self._by_name and item.old_name in self._by_name:
                self._fault(item, f"there is a {item.old_name!r} and a {item.name!r}, so nothing can be renamed")
            if not self._known(item):
                told = f"there is no {item.old_name!r} to rename; leave old_name out to create {item.name!r}"
                self._fault(item, told)

    def _plan_bindings(self) -> None:
        self._mentioned: set[int] = set()
        self._destined: dict[int, Described] = {}
        self._refuse_shared_tenants()
        for item, known in zip(self._described, self._known_as, strict=True):
            sources: dict[str | None, list[Entry]] = defaultdict(list)
            for entry in item.entries or ():
                source = self._source_of(item, known, entry)
                if source in self._deleted and not self._prune.wanted:
                    told = f"{entry.title!r} is held by {self._name_of(source)!r}, which is not described"
                    self._fault(item, f"{told}: describe that one as well, or prune it")
                sources[source].append(entry)
            for source, entries in sources.items():
                self.plan.bindings.append(
                    {
                        "integration": item.name,
                        "integration_id": known["id"] if known else None,
                        "source_id": source,
                        "tenants": [entry.given for entry in entries],
                    }
                )

    def _source_of(self, item: Described, known: Known | None, entry: Entry) -> str | None:
        """Tell from which other integration of this instance a tenant is taken."""
        meant = self._tenants.meant_by(entry)
        self._mentioned.update(meant)
        if len(meant) != 1:  # unknown, or unclear: the module knows more, or refuses
            return None
        [number] = meant
        self._destined[number] = item
        holder = self._found.tenants[number].get("integration_id")
        return holder if holder in self._ids and holder != (known["id"] if known else None) else None

    def _refuse_shared_tenants(self) -> None:
        named: dict[tuple[str, Any], Described] = {}
        for item in self._described:
            mine: set[tuple[str, Any]] = set()
            for entry in item.entries or ():
                words = self._words(entry)
                others = {named[word].place: named[word] for word in words if word in named}
                for other in others.values():
                    self._fault(item, f"{entry.title!r} is listed for {other.name!r} as well; it can have one only")
                if words & mine:
                    self._fault(item, f"{entry.title!r} is listed twice")
                mine |= words
            named |= dict.fromkeys(mine - named.keys(), item)

    def _words(self, entry: Entry) -> set[tuple[str, Any]]:
        """Make of an entry what no other one may have in common with it."""
        known = {("tenant", number) for number in self._tenants.meant_by(entry)}
        uid = {("uid", entry.uid)} if entry.uid else set()
        return known | (uid or ({("name", entry.name)} if entry.name else set()))

    def _plan_prune(self) -> None:
        losing = [(number, item) for number, item in enumerate(self._found.tenants) if self._is_left_out(number, item)]
        names = {
            "integrations": sorted(str(item["name"]) for item in self._undescribed),
            "tenants": sorted(str(item["name"]) for _number, item in losing),
        }
        if not self._prune.wanted:
            unlisted = [str(item["name"]) for _number, item in losing if item["integration_id"] not in self._deleted]
            self.plan.left = {"integrations": names["integrations"], "tenants": sorted(unlisted)}
            return
        self._require_confirmation(names)
        self.plan.delete = [{"id": item["id"], "name": item["name"]} for item in self._undescribed]
        self.plan.unbind = self._unbindings(item for _number, item in losing)

    def _is_left_out(self, number: int, tenant: Known) -> bool:
        """Tell whether a tenant would have no integration any more if all were exactly as described."""
        holder = tenant.get("integration_id")
        if holder is None or number in self._destined:
            return False
        return holder in self._deleted or (holder in self._listing and number not in self._mentioned)

    def _unbindings(self, tenants: Iterable[Known]) -> list[dict[str, Any]]:
        """Group what is unbound by its holder; what is deleted unbinds its own."""
        by_holder: dict[str, list[Known]] = defaultdict(list)
        for tenant in tenants:
            if tenant["integration_id"] not in self._deleted:
                by_holder[tenant["integration_id"]].append(_reference(tenant))
        return [{"integration_id": holder, "tenants": entries} for holder, entries in by_holder.items()]

    def _require_confirmation(self, names: Mapping[str, list[str]]) -> None:
        faults = self.plan.faults
        if not self._described:
            faults.append("integrations_prune: nothing is described, so everything would go; that is never done")
            return
        there = {
            "integrations": {str(item["name"]) for item in self._found.integrations},
            "tenants": {str(item["name"]) for item in self._found.tenants if item.get("integration_id")},
        }
        confirmed = {"integrations": self._prune.integrations, "tenants": self._prune.tenants}
        for kind, would_go in names.items():
            missing = list((Counter(would_go) - Counter(confirmed[kind])).elements())
            if missing:
                told = "would go and is not confirmed" if len(missing) == 1 else "would go and are not confirmed"
                faults.append(f"integrations_prune_confirm.{kind}: {_listed(missing)} {told}")
            stays = sorted((set(confirmed[kind]) & there[kind]) - set(would_go))
            if stays:
                told = "would not go, but is confirmed" if len(stays) == 1 else "would not go, but are confirmed"
                faults.append(f"integrations_prune_confirm.{kind}: {_listed(stays)} {told}")

    def _name_of(self, integration_id: str | None) -> str:
        return next(str(item["name"]) for item in self._found.integrations if item["id"] == integration_id)

    def _fault(self, item: Described, told: str) -> None:
        self.plan.faults.append(f"{item.title}: {told}")


class _TenantsByWord:
    """Finds the tenants that an entry may mean, by their numbers."""

    def __init__(self, tenants: Sequence[Known]) -> None:
        self._by_uid: dict[str, set[int]] = defaultdict(set)
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._nameless = {number for number, tenant in enumerate(tenants) if not tenant.get("uid")}
        for number, tenant in enumerate(tenants):
            if tenant.get("uid"):
                self._by_uid[str(tenant["uid"])].add(number)
            for name in {tenant.get("name"), tenant.get("registered_name")} - {None}:
                self._by_name[str(name)].add(number)

    def meant_by(self, entry: Entry) -> set[int]:
        """Find what has the uid of an entry, or else its name; several may share one."""
        named = self._by_name.get(entry.name or "", set())
        if entry.uid is None:
            return named
        # A company that was declared by name alone may now be given its identifier.
        return self._by_uid.get(entry.uid) or (named & self._nameless)


def _reference(tenant: Known) -> dict[str, Any]:
    uid = {"uid": tenant["uid"]} if tenant.get("uid") else {}
    return {**uid, "name": tenant.get("registered_name") or tenant["name"]}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
