# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: which tenants a task means, and what binding, unbinding or moving them would change.

A tenant belongs to at most one integration (product help). Everything is judged before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import ErrorCode, Fault, InvalidSettings
from .model import TENANT_KINDS, Integration, Tenant, TenantKind
from .similar_names import SimilarNames
from .text import LONGEST_NAME, clean_name, clean_text, cleaned, either, nearest

OPTIONS = {TenantKind.VIRTUAL_SERVER: "virtual_servers", TenantKind.COMPANY: "companies"}
_UID_KEYS = {TenantKind.VIRTUAL_SERVER: ("uid",), TenantKind.COMPANY: ("id", "uid")}


@dataclass(frozen=True)
class TenantReference:
    """
    One entry of ``virtual_servers`` or ``companies``.

    :param option: where it stands, for messages.
    :param new: the user says that a company is new although its name is like a known one.
    """

    option: str
    uid: str | None
    name: str | None
    new: bool = False


@dataclass(frozen=True)
class KnownTenants:
    """
    What the registry knows about the tenants that a task means.

    :param found: every tenant with one of the meant uids or names.
    :param held: the tenants that the integration holds, where all of them matter.
    :param names: names of all tenants of the instance, where a near match is looked for.
    """

    found: tuple[Tenant, ...]
    held: tuple[Tenant, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class BindingPlan:
    """
    What happens to which tenant.

    :param added: tenants that are new to the registry; they are among ``bound``.
    :param described: known tenants that get another name or uid, in their old and their new form.
    """

    integration: Integration
    added: tuple[Tenant, ...] = ()
    described: tuple[tuple[Tenant, Tenant], ...] = ()
    bound: tuple[Tenant, ...] = ()
    moved: tuple[Tenant, ...] = ()
    unbound: tuple[Tenant, ...] = ()
    unchanged: tuple[Tenant, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.bound or self.moved or self.unbound or self.described)

    @property
    def touched_integrations(self) -> list[str]:
        """Ids of the integrations whose bindings change."""
        losers = {tenant.integration_id for tenant in self.moved if tenant.integration_id}
        return [self.integration.id, *sorted(losers)]


@dataclass
class _Resolution:
    """What the references turned out to mean."""

    known: list[Tenant] = field(default_factory=list)
    added: list[Tenant] = field(default_factory=list)
    described: list[tuple[Tenant, Tenant]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


class _UnclearReference(Exception):
    """A reference cannot mean one tenant of the instance."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


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
    entries = options[OPTIONS[kind]]
    references = [_reference(faults, kind, f"{OPTIONS[kind]}[{index}]", entry) for index, entry in enumerate(entries)]
    _refuse_repeated(faults, [reference for reference in references if reference])
    if options.get("state") == "exact" and not entries and not options.get("allow_empty"):
        told = "an empty list with state: exact would unbind every tenant; set allow_empty: true if that is meant"
        faults.append(Fault(OPTIONS[kind], told))
    if faults:
        raise InvalidSettings(faults)
    return tuple(reference for reference in references if reference)


def plan_binding(
    integration: Integration,
    references: Sequence[TenantReference],
    known: KnownTenants,
    *,
    state: str,
    move_from: Integration | None,
    new_id: Callable[[], str],
) -> BindingPlan:
    """
    Tell what has to be done so that the integration holds the tenants, or no longer holds them.

    :param state: ``present``, ``absent`` or ``exact``.
    :param move_from: the one integration that tenants may be taken from.
    :param new_id: makes the id of a tenant that is new to the registry.
    :raises InvalidSettings: every fault at once; ``tenant_held`` names the holder, ``tenant_unknown`` near matches.
    """
    resolution = _resolve(integration, references, known, absent=state == "absent", new_id=new_id)
    if state == "absent":
        _raise_faults(resolution)
        return _plan_absent(integration, resolution)
    for tenant in resolution.known:
        _refuse_held(resolution, tenant, integration, move_from)
    _raise_faults(resolution)
    return _plan_present(integration, resolution, known.held if state == "exact" else ())


def _plan_absent(integration: Integration, resolution: _Resolution) -> BindingPlan:
    held = tuple(tenant for tenant in resolution.known if tenant.integration_id == integration.id)
    rest = tuple(tenant for tenant in resolution.known if tenant.integration_id != integration.id)
    return BindingPlan(integration, unbound=held, unchanged=rest, warnings=tuple(resolution.warnings))


def _plan_present(integration: Integration, resolution: _Resolution, held: Iterable[Tenant]) -> BindingPlan:
    listed = {tenant.id for tenant in resolution.known}
    free = [tenant for tenant in resolution.known if tenant.integration_id is None]
    moved = [tenant for tenant in resolution.known if tenant.integration_id not in (None, integration.id)]
    return BindingPlan(
        integration,
        added=tuple(resolution.added),
        described=tuple(resolution.described),
        bound=tuple(free + resolution.added),
        moved=tuple(moved),
        unbound=tuple(tenant for tenant in held if tenant.id not in listed),
        unchanged=tuple(tenant for tenant in resolution.known if tenant.integration_id == integration.id),
        warnings=tuple(resolution.warnings),
    )


def _raise_faults(resolution: _Resolution) -> None:
    if resolution.faults:
        raise InvalidSettings(resolution.faults)


def _reference(faults: list[Fault], kind: TenantKind, option: str, entry: Any) -> TenantReference | None:
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        faults.append(Fault(option, f"must be a name, or a dictionary with {_UID_KEYS[kind][0]} and name"))
        return None
    allowed = [*_UID_KEYS[kind], "name", *(["new"] if kind is TenantKind.COMPANY else [])]
    unknown = [str(key) for key in entry if key not in allowed]
    for key in unknown:
        near = nearest(key, allowed)
        faults.append(Fault(f"{option}.{key}", f"is unknown; did you mean {' or '.join(near or allowed)}?"))
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


def _refuse_repeated(faults: list[Fault], references: Sequence[TenantReference]) -> None:
    seen: dict[tuple[str, str], str] = {}
    identified = {reference.name: reference.option for reference in references if reference.uid and reference.name}
    for reference in references:
        key = ("uid", reference.uid) if reference.uid else ("name", reference.name or "")
        if key[1] and key in seen:
            faults.append(Fault(reference.option, f"is the same tenant as {seen[key]}"))
        elif not reference.uid and reference.name in identified:
            # Once both are known, the name alone could mean either of them.
            told = f"has the name of {identified[reference.name]}, which has an identifier: give this one's as well"
            faults.append(Fault(reference.option, told))
        seen.setdefault(key, reference.option)


def _resolve(
    integration: Integration,
    references: Sequence[TenantReference],
    known: KnownTenants,
    *,
    absent: bool,
    new_id: Callable[[], str],
) -> _Resolution:
    index, similar = _Index(integration.instance, known.found), SimilarNames(known.names)
    kind = TENANT_KINDS[integration.solution]
    resolution = _Resolution()
    for reference in references:
        try:
            found = index.find(reference)
        except _UnclearReference as unclear:
            resolution.faults.append(unclear.fault)
            continue
        if found:
            _take_known(resolution, reference, found)
        elif absent:
            _warn_of_similar(resolution, reference, similar)
        else:
            _take_new(resolution, reference, Tenant(new_id(), integration.instance, kind, None, ""), similar)
    _refuse_same(resolution)
    return resolution


class _Index:
    """The known tenants by uid and by name."""

    def __init__(self, instance: str, known: Iterable[Tenant]) -> None:
        self._instance = instance
        self._by_uid: dict[str, Tenant] = {}
        self._by_name: dict[str, list[Tenant]] = {}
        for tenant in known:
            if tenant.uid:
                self._by_uid[tenant.uid] = tenant
            if tenant.instance == instance:
                self._by_name.setdefault(tenant.name, []).append(tenant)

    def find(self, reference: TenantReference) -> Tenant | None:
        """
        Find the tenant that a reference means, if it is known.

        :raises _UnclearReference: it is another instance's, or several have the name.
        """
        namesakes = self._by_name.get(reference.name or "", [])
        if reference.uid:
            # A company that was declared by name alone may now be given its identifier.
            nameless = next((tenant for tenant in namesakes if tenant.uid is None), None)
            return self._by_uid_checked(reference, reference.uid) or nameless
        if len(namesakes) > 1:
            uids = ", ".join(str(tenant.uid or "without one") for tenant in namesakes)
            told = f"is the name of {len(namesakes)} tenants; say which one by its identifier: {uids}"
            raise _UnclearReference(Fault(reference.option, told, ErrorCode.TENANT_UNKNOWN))
        return namesakes[0] if namesakes else None

    def _by_uid_checked(self, reference: TenantReference, uid: str) -> Tenant | None:
        tenant = self._by_uid.get(uid)
        if tenant and tenant.instance != self._instance:
            told = f"belongs to the instance '{tenant.instance}', the integration to '{self._instance}'"
            raise _UnclearReference(Fault(reference.option, told, ErrorCode.INSTANCE_MISMATCH))
        return tenant


def _take_known(resolution: _Resolution, reference: TenantReference, tenant: Tenant) -> None:
    described = replace(tenant, name=reference.name or tenant.name, uid=reference.uid or tenant.uid)
    if described != tenant:
        resolution.described.append((tenant, described))
    resolution.known.append(described)
    resolution.options[tenant.id] = reference.option


def _take_new(resolution: _Resolution, reference: TenantReference, blank: Tenant, similar: SimilarNames) -> None:
    tenant = replace(blank, uid=reference.uid, name=reference.name or "")
    fault = _fault_of_new(reference, tenant, similar)
    if fault:
        resolution.faults.append(Fault(reference.option, fault, ErrorCode.TENANT_UNKNOWN))
    else:
        resolution.added.append(tenant)


def _fault_of_new(reference: TenantReference, tenant: Tenant, similar: SimilarNames) -> str | None:
    if not tenant.name:
        return "is not known yet: give its name as well"
    if tenant.kind is TenantKind.VIRTUAL_SERVER:
        near = similar.to(tenant.name)
        hint = f"; did you mean {either(near)}" if near else ""
        return None if tenant.uid else f"is no known virtual server{hint}; a new one needs its uid (KLVSRV_UID)"
    near = [] if reference.uid or reference.new else similar.to(tenant.name)
    if not near:
        return None
    return f"is new and nearly the same as {either(near)}; give its id, or new: true if it is another one"


def _warn_of_similar(resolution: _Resolution, reference: TenantReference, similar: SimilarNames) -> None:
    if near := similar.to(reference.name or ""):
        told = f"{reference.option} names no known tenant, so nothing was unbound for it; did you mean"
        resolution.warnings.append(f"{told} {either(near)}?")


def _refuse_same(resolution: _Resolution) -> None:
    seen: set[str] = set()
    for tenant in resolution.known:
        if tenant.id in seen:
            told = f"means the same tenant as another entry: '{tenant.name}'"
            resolution.faults.append(Fault(resolution.options[tenant.id], told))
        seen.add(tenant.id)


def _refuse_held(
    resolution: _Resolution, tenant: Tenant, integration: Integration, move_from: Integration | None
) -> None:
    allowed = {None, integration.id, move_from.id if move_from else None}
    if tenant.integration_id not in allowed:
        told = (
            f"'{tenant.name}' is held by the integration '{tenant.integration_name}'; "
            f"unbind it there, or take it over with move_from: '{tenant.integration_name}'"
        )
        resolution.faults.append(Fault(resolution.options[tenant.id], told, ErrorCode.TENANT_HELD))
