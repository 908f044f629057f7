# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What tasks have to do, told once more in plain dictionaries: a model that knows nothing of the collection's own code.

It is given the state of one instance and one task, and tells how the task ends then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .tasks import Options

SECRETS = ("rest_private_key", "soap_password")


@dataclass
class ModelIntegration:
    """An integration, with the time left out."""

    name: str
    settings: dict[str, str]
    administrators: list[str]
    revision: int = 1


@dataclass
class ModelState:
    """
    One instance.

    :param integrations: by id.
    :param holders: the id of the integration that holds a tenant, or nothing, by the tenant's uid or name.
    """

    integrations: dict[str, ModelIntegration] = field(default_factory=dict)
    holders: dict[str, str | None] = field(default_factory=dict)

    def copy(self) -> ModelState:
        """Make one that can be changed; an integration is exchanged as a whole when it changes."""
        return ModelState(dict(self.integrations), dict(self.holders))

    def named(self, name: str | None) -> str | None:
        """Find the id of an integration by its name."""
        return next((found for found, item in self.integrations.items() if item.name == name), None)

    def held_by(self, integration: str) -> list[str]:
        """List what an integration holds."""
        return sorted(tenant for tenant, holder in self.holders.items() if holder == integration)

    def touch(self, integration: str, **changes: Any) -> None:
        """Change an integration, and count that."""
        old = self.integrations[integration]
        values = {"name": old.name, "settings": old.settings, "administrators": old.administrators, **changes}
        self.integrations[integration] = ModelIntegration(**values, revision=old.revision + 1)


@dataclass(frozen=True)
class Ending:
    """
    How a task ends.

    :param code: of the error.
    :param told: what the result has to say, as :func:`told_by` reads it.
    :param deleted: what the task deletes.
    """

    changed: bool = False
    code: str | None = None
    told: dict[str, Any] = field(default_factory=dict)
    deleted: ModelIntegration | None = None


class Refusal(Exception):
    """The task fails, with a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def end_of(
    state: ModelState, module: str, options: Options, new_id: str | None, is_elsewhere: Callable[[str], bool]
) -> Ending:
    """
    Carry a task out on a state.

    :param new_id: what a new integration was called.
    :param is_elsewhere: tells whether a virtual server belongs to another instance.
    """
    try:
        if module == "binding":
            return _bind(state, options, is_elsewhere)
        if options.get("state") == "absent":
            return _delete(state, options)
        return _keep(state, options, new_id)
    except Refusal as refusal:
        return Ending(code=refusal.code)


def told_by(module: str, options: Options, result: dict[str, Any]) -> dict[str, Any]:
    """Read from a result what the model tells as well."""
    if module == "binding":
        return {name: _titles(result[name]) for name in ("bound", "unbound", "moved", "unchanged")}
    if options.get("state") == "absent":
        return {"unbound": _titles(result["unbound"])}
    return {"secrets_changed": result["secrets_changed"]}


def _titles(tenants: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(tenant.get("uid") or tenant["name"] for tenant in tenants)


def _keep(state: ModelState, options: Options, new_id: str | None) -> Ending:
    found = _to_keep(state, options)
    given, administrators = options.get("tigerpaw") or {}, _emails(options)
    if found is None:
        if "platform" not in options:
            raise Refusal("not_found")
        state.integrations[new_id or "new"] = ModelIntegration(options["name"], given, administrators or [])
        return Ending(changed=True, told={"secrets_changed": [*SECRETS]})
    old = state.integrations[found]
    settings = {**old.settings, **given}
    if settings["url"] != old.settings["url"] and not all(name in given for name in SECRETS):
        raise Refusal("secret_required")
    new = {
        "name": options.get("new_name") or old.name,
        "settings": settings,
        "administrators": old.administrators if administrators is None else administrators,
    }
    secrets = [name for name in SECRETS if settings[name] != old.settings[name]]
    changed = any(getattr(old, name) != value for name, value in new.items())
    if changed:
        state.touch(found, **new)
    return Ending(changed=changed, told={"secrets_changed": secrets})


def _to_keep(state: ModelState, options: Options) -> str | None:
    name, new_name = options.get("name"), options.get("new_name")
    found, renamed = _chosen(state, options, name), state.named(new_name) if new_name else None
    if found is None and "integration_id" in options:
        raise Refusal("not_found")
    if found and renamed and found != renamed:
        raise Refusal("name_taken")
    if new_name and not found and not renamed:
        raise Refusal("not_found")
    return found or renamed


def _delete(state: ModelState, options: Options) -> Ending:
    found = _chosen(state, options, options.get("name"))
    if found is None:
        return Ending(told={"unbound": []})
    held = state.held_by(found)
    if held and options.get("when_bound") == "fail":
        raise Refusal("tenants_bound")
    state.holders.update(dict.fromkeys(held))
    return Ending(changed=True, told={"unbound": held}, deleted=state.integrations.pop(found))


def _bind(state: ModelState, options: Options, is_elsewhere: Callable[[str], bool]) -> Ending:
    target = _chosen(state, options, options.get("integration"))
    if target is None:
        raise Refusal("not_found")
    giver = state.named(options.get("move_from"))
    tenants = [tenant if isinstance(tenant, str) else tenant["uid"] for tenant in _tenants(options)]
    wanted = options.get("state", "present")
    faults = {"instance_mismatch" for tenant in tenants if is_elsewhere(tenant)}
    if wanted != "absent":
        faults |= {"tenant_held" for tenant in tenants if state.holders.get(tenant) not in (None, target, giver)}
    if faults:
        raise Refusal(faults.pop() if len(faults) == 1 else "invalid_settings")
    ending = _unbind(state, target, tenants) if wanted == "absent" else _hold(state, target, tenants, wanted == "exact")
    if ending.changed and "move_from" in options and giver is None:
        raise Refusal("not_found")
    if ending.told["moved"] and giver:
        state.touch(giver)
    if ending.changed:
        state.touch(target)
    return ending


def _unbind(state: ModelState, target: str, tenants: list[str]) -> Ending:
    known = sorted(tenant for tenant in tenants if tenant in state.holders)
    held = [tenant for tenant in known if state.holders[tenant] == target]
    state.holders.update(dict.fromkeys(held))
    rest = [tenant for tenant in known if tenant not in held]
    return Ending(changed=bool(held), told={"bound": [], "unbound": held, "moved": [], "unchanged": rest})


def _hold(state: ModelState, target: str, tenants: list[str], exact: bool) -> Ending:
    tenants = sorted(tenants)
    free = [tenant for tenant in tenants if state.holders.get(tenant) is None]
    unchanged = [tenant for tenant in tenants if state.holders.get(tenant) == target]
    moved = [tenant for tenant in tenants if tenant not in (*free, *unchanged)]
    unbound = [tenant for tenant in state.held_by(target) if tenant not in tenants] if exact else []
    state.holders.update({**dict.fromkeys([*free, *moved], target), **dict.fromkeys(unbound)})
    told = {"bound": free, "unbound": unbound, "moved": moved, "unchanged": unchanged}
    return Ending(changed=bool(free or moved or unbound), told=told)


def _chosen(state: ModelState, options: Options, name: str | None) -> str | None:
    wanted = options.get("integration_id")
    return state.named(name) if wanted is None else wanted if wanted in state.integrations else None


def _emails(options: Options) -> list[str] | None:
    given = options.get("administrators")
    return None if given is None else [item["email"] for item in given]


def _tenants(options: Options) -> list[Any]:
    return [*options.get("companies", ()), *options.get("virtual_servers", ())]
