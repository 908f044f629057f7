# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: migration_plan
short_description: Tell what has to be done to change the PSA
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Compares the integration that clients leave with the one that they go to, finds an account for each of them, and
    tells what has to be done and what people have to decide. The role P(msp.kaspersky.psa_migration#role) does what it
    tells.
  - It writes nothing and asks nobody. What it returns holds no secrets.
positional: new, accounts, kept, mappings, automatic, move_all, stale
options:
  _input:
    description:
      - The integration that clients leave, as M(msp.kaspersky.integration_info) returns it with C(tenants).
    type: dict
    required: true
  new:
    description:
      - The integration that they go to, in the same form.
    type: dict
    required: true
  accounts:
    description:
      - What M(msp.kaspersky.account_info) returns as C(accounts) for the new one.
    type: list
    elements: dict
    required: true
  kept:
    description:
      - What it returns as C(kept_mappings).
    type: list
    elements: dict
    default: []
  mappings:
    description:
      - Which client is which account, as M(msp.kaspersky.mapping) takes it. An entry without an account is a question
        that is still open.
    type: list
    elements: raw
    default: []
  automatic:
    description:
      - Whether accounts are found by identifiers and names for the other clients.
    type: bool
    default: true
  move_all:
    description:
      - Whether clients without an account are moved as well.
    type: bool
    default: false
  stale:
    description:
      - What M(msp.kaspersky.tenant_info) returns as C(id) for virtual servers that Security Center no longer has. These
        are left over.
    type: list
    elements: str
    default: []
seealso:
  - module: msp.kaspersky.mapping
  - module: msp.kaspersky.binding
"""

EXAMPLES = r"""
- name: See who has no account in the new PSA
  ansible.builtin.debug:
    msg: "{{ (old | msp.kaspersky.migration_plan(new, found.accounts)).left_over }}"
"""

RETURN = r"""
_value:
  description:
    - V(faults) is what is wrong, V(move) who is moved, V(map) who gets which account and how it was found, V(back)
      whose account was kept for a return, V(done) who has moved already, V(left_over) who has no account, with
      candidates and the reason, V(free_accounts) what is left of the accounts, V(inactive) whose account is inactive
      there. V(option) is V(virtual_servers) or V(companies).
    - V(open_questions) is what is left over as a file of variables, to be edited and fed back.
  type: dict
  sample:
    option: companies
    faults: []
    move: []
    map: []
    back: []
    done: []
    left_over: []
    free_accounts: []
    inactive: []
    open_questions: ""
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.module_utils import migration_plans
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain

NAME = "msp.kaspersky.migration_plan"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"migration_plan": planned}


def planned(
    old: Any,
    new: Any,
    accounts: Any,
    kept: Any = None,
    mappings: Any = None,
    automatic: Any = True,
    move_all: Any = False,
    stale: Any = None,
) -> Any:
    """
    Compare both sides of a migration.

    :returns: the plan, of which Ansible never takes a text for a template.
    :raises AnsibleFilterError: something is not what it should be; the message holds no value.
    """
    switches = bool(automatic), bool(move_all)
    given = [plain(value) for value in (old, new, accounts, kept or [], mappings or [], *switches, stale or [])]
    try:
        return wrap_var(migration_plans.migration_plan(*given))
    except Exception as error:  # noqa: BLE001 (its text may hold names of clients)
        raise AnsibleFilterError(f"{NAME}: unexpected {type(error).__name__}; its text is withheld") from None
