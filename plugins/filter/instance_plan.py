# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: instance_plan
short_description: Tell what makes an instance as it is described
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Compares the description of an instance with what there is, and tells what has to be done and what is wrong with it
    as a whole. The role P(msp.kaspersky.integrations#role) does what it tells.
  - It writes nothing and asks nobody. What it returns holds no secrets.
positional: integrations, tenants, prune, confirmed
options:
  _input:
    description:
      - The description, as the role's variable C(integrations_instance) holds it.
    type: dict
    required: true
  integrations:
    description:
      - What M(msp.kaspersky.integration_info) returns as C(integrations).
    type: list
    elements: dict
    required: true
  tenants:
    description:
      - What M(msp.kaspersky.tenant_info) returns as C(tenants).
    type: list
    elements: dict
    required: true
  prune:
    description:
      - Whether what is not described goes.
    type: bool
    default: false
  confirmed:
    description:
      - Names of exactly what goes, C(integrations) that are deleted and C(tenants) that no integration holds then.
    type: dict
    default: {}
seealso:
  - module: msp.kaspersky.integration
  - module: msp.kaspersky.binding
"""

EXAMPLES = r"""
- name: See what is there and not described
  ansible.builtin.debug:
    msg: "{{ (integrations_instance | msp.kaspersky.instance_plan(found.integrations, known.tenants)).left }}"
"""

RETURN = r"""
_value:
  description:
    - V(faults) is what is wrong, V(keep) and V(bindings) are what to do with what is described, V(unbind) and V(delete)
      what to do with the rest if it is to go, V(left) names what stays of it. V(option) is V(virtual_servers) or
      V(companies).
  type: dict
  sample:
    option: companies
    faults: []
    keep: []
    bindings: []
    unbind: []
    delete: []
    left:
      integrations: []
      tenants: []
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.module_utils import instance_plans
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain

NAME = "msp.kaspersky.instance_plan"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"instance_plan": planned}


def planned(description: Any, integrations: Any, tenants: Any, prune: Any = False, confirmed: Any = None) -> Any:
    """
    Compare a description with what there is.

    :returns: the plan, of which Ansible never takes a text for a template.
    :raises AnsibleFilterError: something is not what it should be; the message holds no value.
    """
    given = [plain(value) for value in (description, integrations, tenants, prune, confirmed)]
    try:
        return wrap_var(instance_plans.instance_plan(*given))
    except Exception as error:  # noqa: BLE001 (its text may hold a secret)
        raise AnsibleFilterError(f"{NAME}: unexpected {type(error).__name__}; its text is withheld") from None
