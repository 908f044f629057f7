# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: shared_rotations
short_description: Tell which shared API users get new secrets
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Finds the API users that several integrations share and that the description of an instance gives new secrets, so
    that M(msp.kaspersky.api_user) can give them to all at once. The role P(msp.kaspersky.integrations#role) does that.
  - Users of integrations that change more than secrets are left out, because the new secrets can only be proven
    together with the rest.
  - It writes nothing and asks nobody. What it returns holds no secrets, only their names.
positional: keep, integrations, api_users
options:
  _input:
    description:
      - What M(msp.kaspersky.integration) returns in check mode, for each integration of the description.
    type: list
    elements: dict
    required: true
  keep:
    description:
      - What P(msp.kaspersky.instance_plan#filter) returns as C(keep).
    type: list
    elements: dict
    required: true
  integrations:
    description:
      - What M(msp.kaspersky.integration_info) returns as C(integrations).
    type: list
    elements: dict
    required: true
  api_users:
    description:
      - What it returns as C(api_users).
    type: list
    elements: dict
    required: true
seealso:
  - module: msp.kaspersky.api_user
"""

EXAMPLES = r"""
- name: Name the users that get new secrets in many integrations
  ansible.builtin.debug:
    msg: "{{ rehearsed.results | msp.kaspersky.shared_rotations(plan.keep, found.integrations, found.api_users) }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each user. V(number) says which integration of the description gives the secrets, V(secrets) names
      them.
  type: list
  elements: dict
  sample:
    - number: 0
      platform: tigerpaw
      user_name: kaspersky
      address: https://api2.tigerpawsoftware.com:443
      secrets:
        - soap_password
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.module_utils import rotation_plans
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain

NAME = "msp.kaspersky.shared_rotations"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"shared_rotations": planned}


def planned(results: Any, keep: Any, integrations: Any, api_users: Any) -> Any:
    """
    Find the shared users that get new secrets.

    :returns: the plan, of which Ansible never takes a text for a template.
    :raises AnsibleFilterError: something is not what it should be; the message holds no value.
    """
    given = [plain(value) for value in (results, keep, integrations, api_users)]
    try:
        return wrap_var(rotation_plans.shared_rotation_plan(*given))
    except Exception as error:  # noqa: BLE001 (its text may hold a secret)
        raise AnsibleFilterError(f"{NAME}: unexpected {type(error).__name__}; its text is withheld") from None
