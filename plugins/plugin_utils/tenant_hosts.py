# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Tenants as hosts: what each is called, which variables it has, and to which groups it belongs.

People outside choose the names of tenants and integrations. Here they only become parts of other names, which are made
so that they can mean nothing else: no pattern, no other host, no other group.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from ansible.plugins.inventory import to_safe_group_name

Tenant = Mapping[str, Any]
Key = TypeVar("Key")

FIELDS = (
    "id",
    "kind",
    "uid",
    "name",
    "registered_name",
    "instance",
    "bound",
    "integration",
    "integration_id",
    "platform",
    "bound_at",
    "account",
    "known",
    "stale",
    "enabled",
)
"""What is told of each tenant; keys of the results of ``tenant_info``."""

VARIABLE_PREFIX = "kaspersky_tenant_"
ALL_TENANTS = "kaspersky_tenants"
STATES = ("kaspersky_bound", "kaspersky_unbound", "kaspersky_stale", "kaspersky_unknown", "kaspersky_disabled")
"""Groups that exist even when they are empty, so that playbooks can name them."""

_SOLUTIONS = {"virtual_server": "security_center", "company": "business_hub"}
_LONGEST_SLUG = 47
_SHORT_IDENTIFIER = 12


@dataclass(frozen=True)
class TenantHost:
    """
    One tenant as a host.

    :param name: without any character that means something in a pattern, and without a dot, so never a real server's.
    :param variables: hold texts from outside, which must never be rendered.
    :param groups: below :data:`ALL_TENANTS`.
    """

    name: str
    variables: dict[str, Any]
    groups: tuple[str, ...]


def tenant_hosts(
    tenants: Sequence[Tenant],
    is_foreign: Callable[[str, str], bool] = lambda _group, _id: False,
    host_names: Mapping[str, str] | None = None,
) -> list[TenantHost]:
    """
    Make a host of every tenant.

    :param tenants: results of ``tenant_info``.
    :param is_foreign: tells of a group's name whether another source uses it for another integration than this id.
    :param host_names: those that other sources have given, by identifier; a tenant that has one keeps it.
    :returns: hosts by the order of the tenants; no two share a name.
    """
    names = distinct({identifier(tenant): host_name(tenant) for tenant in tenants}, lambda key: key)
    names.update(host_names or {})
    integrations = _integration_groups(tenants, is_foreign)
    return [
        TenantHost(
            name=names[identifier(tenant)],
            variables=_variables(tenant),
            groups=tuple(_groups(tenant, integrations)),
        )
        for tenant in tenants
    ]


def host_name(tenant: Tenant) -> str:
    """
    Name the host of a tenant: a slug of its name, then a short form of its identifier.

    :returns: for example ``harbour-dental-3fa2c19e04b7``, at most 60 characters.
    """
    return f"{_slug(tenant['name'])}-{identifier(tenant)[:_SHORT_IDENTIFIER]}"


def identifier(tenant: Tenant) -> str:
    """
    Tell a tenant from every other one, whatever source tells of it.

    A virtual server's uid is unique in the world. A company's is the user's choice, so its id in the registry serves.

    :returns: 64 hexadecimal digits.
    """
    key = tenant["uid"] if tenant["kind"] == "virtual_server" else tenant["id"]
    return sha256(f"{tenant['kind']}:{key}".encode(errors="surrogatepass")).hexdigest()


def distinct(names: Mapping[Key, str], suffix: Callable[[Key], str], separator: str = "-") -> dict[Key, str]:
    """
    Tell apart what would have the same name, by a longer one for each of them.

    :param names: the name of each thing.
    :param suffix: what makes a name the thing's own; another one for each thing.
    """
    found = dict(names)
    while shared := {name for name, count in Counter(found.values()).items() if count > 1}:
        found = {key: f"{name}{separator}{suffix(key)}" if name in shared else name for key, name in found.items()}
    return found


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug[:_LONGEST_SLUG].rstrip("-") or "tenant"


def _variables(tenant: Tenant) -> dict[str, Any]:
    told = {**{field: tenant[field] for field in FIELDS}, "solution": _solution(tenant)}
    return {f"{VARIABLE_PREFIX}{field}": value for field, value in told.items()}


def _groups(tenant: Tenant, integrations: Mapping[str, str]) -> Iterator[str]:
    yield f"kaspersky_solution_{_solution(tenant)}"
    if tenant["bound"] is not None:
        yield "kaspersky_bound" if tenant["bound"] else "kaspersky_unbound"
    if tenant["integration_id"] is not None:
        yield to_safe_group_name(f"kaspersky_platform_{tenant['platform']}")
        yield integrations[tenant["integration_id"]]
    if tenant["stale"]:
        yield "kaspersky_stale"
    if tenant["known"] is False:
        yield "kaspersky_unknown"
    if tenant["enabled"] is False:
        yield "kaspersky_disabled"


def _integration_groups(tenants: Iterable[Tenant], is_foreign: Callable[[str, str], bool]) -> dict[str, str]:
    """Name the group of each integration by its id; integrations that are spelled alike get their ids as suffixes."""
    integrations = {item["integration_id"]: item["integration"] for item in tenants if item["integration_id"]}
    names = {key: to_safe_group_name(f"kaspersky_integration_{name}") for key, name in integrations.items()}
    own = {key: f"{name}_{_safe_id(key)}" if is_foreign(name, key) else name for key, name in names.items()}
    return distinct(own, _safe_id, separator="_")


def _safe_id(integration_id: str) -> str:
    return re.sub(r"\W", "_", integration_id)


def _solution(tenant: Tenant) -> str:
    return _SOLUTIONS[tenant["kind"]]
