# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: reads the entries of ``mappings``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import Fault, InvalidSettings
from .model import TENANT_KINDS, Integration, Tenant, TenantKind
from .tenant_references import TenantReference, refuse_repeated, tenant_reference
from .text import LONGEST_NAME, clean_name, clean_text, cleaned, nearest

# What the results of the module hold beside these is taken along and means nothing.
_KEYS = ("tenant", "account", "move_from", "by", "candidates", "reason")
_ACCOUNT_KEYS = ("id", "name")


@dataclass(frozen=True)
class AccountReference:
    """
    What means one account of the PSA: its identifier, or the name that it alone has.

    :param option: where it stands.
    """

    option: str
    id: str | None
    name: str | None

    @property
    def title(self) -> str:
        """What the task calls it."""
        return str(self.name or self.id)

    def means(self, tenant: Tenant) -> bool:
        """Tell whether it is the account that a tenant is mapped to; an identifier says more than a name."""
        if tenant.account_id is None:
            return False
        return self.name == tenant.account_name if self.id is None else self.id == tenant.account_id

    def describes(self, tenant: Tenant) -> bool:
        """Tell whether it is that account, and has the name that is known of it."""
        return self.means(tenant) and self.name in (None, tenant.account_name)


@dataclass(frozen=True)
class MappingReference:
    """
    One entry of ``mappings``.

    :param option: where it stands.
    :param account: nothing only where a mapping is to end, whatever the account.
    :param move_from: the account that the tenant may be taken away from.
    """

    option: str
    tenant: TenantReference
    account: AccountReference | None = None
    move_from: AccountReference | None = None


def mapping_references(options: Mapping[str, Any], integration: Integration) -> tuple[MappingReference, ...]:
    """
    Read the entries of a task.

    :raises InvalidSettings: every fault at once.
    """
    entries, state = options.get("mappings") or [], options.get("state") or "present"
    if state == "exact" and not entries and not options.get("allow_empty"):
        told = "an empty list with state: exact would end every mapping; set allow_empty: true if that is meant"
        raise InvalidSettings([Fault("mappings", told)])
    return mapping_references_of(entries, TENANT_KINDS[integration.solution], needs_account=state != "absent")


def mapping_references_of(
    entries: Sequence[Any], kind: TenantKind, *, needs_account: bool = True
) -> tuple[MappingReference, ...]:
    """
    Read entries that are given in the form of ``mappings``.

    :param kind: of the tenants.
    :param needs_account: whether each has to name an account.
    :raises InvalidSettings: every fault at once.
    """
    read, faults = readable_mapping_references(dict(enumerate(entries)), kind, needs_account=needs_account)
    if faults:
        raise InvalidSettings(faults)
    return read


def readable_mapping_references(
    entries: Mapping[int, Any], kind: TenantKind, *, needs_account: bool = True
) -> tuple[tuple[MappingReference, ...], list[Fault]]:
    """
    Read what can be read of them, for those who have more to say of the entries than their form.

    :param entries: by their place in the list.
    :returns: the entries whose form is right, and every fault in the form of the others.
    """
    faults: list[Fault] = []
    read, named = [], []
    for index, entry in entries.items():
        wrong: list[Fault] = []
        reference = _reference(wrong, f"mappings[{index}]", entry, kind, needs_account=needs_account)
        faults += wrong
        named += [reference.tenant] if reference else []
        read += [reference] if reference and not wrong else []
    refuse_repeated(faults, named)
    return tuple(read), faults


def _reference(
    faults: list[Fault], option: str, entry: Any, kind: TenantKind, *, needs_account: bool
) -> MappingReference | None:
    if not isinstance(entry, Mapping):
        faults.append(Fault(option, "must be a dictionary with tenant and account"))
        return None
    _refuse_unknown(faults, option, entry, _KEYS)
    needed = ["tenant", "account"] if needs_account else ["tenant"]
    faults += [Fault(f"{option}.{key}", "is required") for key in needed if entry.get(key) is None]
    account = _account_reference(faults, f"{option}.account", entry.get("account"))
    move_from = _account_reference(faults, f"{option}.move_from", entry.get("move_from"))
    given = entry.get("tenant")
    tenant = None if given is None else tenant_reference(faults, kind, f"{option}.tenant", given)
    return MappingReference(option, tenant, account, move_from) if tenant else None


def _account_reference(faults: list[Fault], option: str, entry: Any) -> AccountReference | None:
    if entry is None:
        return None
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        faults.append(Fault(option, "must be a name, or a dictionary with id and name"))
        return None
    _refuse_unknown(faults, option, entry, _ACCOUNT_KEYS)
    account_id = cleaned(faults, f"{option}.id", _clean_id, entry.get("id"))
    name = cleaned(faults, f"{option}.name", clean_name, entry.get("name"))
    if all(entry.get(key) is None for key in _ACCOUNT_KEYS):
        faults.append(Fault(option, "needs an id or a name"))
    return AccountReference(option, account_id, name)


def _refuse_unknown(faults: list[Fault], option: str, entry: Mapping[Any, Any], allowed: tuple[str, ...]) -> None:
    for key in entry:
        if key not in allowed:
            near = nearest(str(key), allowed)
            faults.append(Fault(f"{option}.{key}", f"is unknown; did you mean {' or '.join(near or allowed)}?"))


def _clean_id(value: object) -> str:
    """PSA platforms number their accounts, so a number is what people write."""
    account_id = str(value) if isinstance(value, int) and not isinstance(value, bool) else clean_text(value)
    if len(account_id) > LONGEST_NAME:
        raise ValueError(f"must not be longer than {LONGEST_NAME} characters")
    return account_id
