#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_info
short_description: Show the registry and what it holds
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Returns where the registry is, which version its tables have, where its secrets are kept, and how much it holds.
  - It never creates a registry. If there is none, the failure says where it was looked for.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.info
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
options: {}
seealso:
  - module: msp.kaspersky.registry
"""

EXAMPLES = r"""
- name: Look at the registry
  msp.kaspersky.registry_info:
    registry: postgresql://msp@db.example.com/msp
    registry_password_file: /run/secrets/registry_password
  register: inventory

- name: Say which instances there are
  ansible.builtin.debug:
    msg: "{{ inventory.registry.instances | map(attribute='name') }}"
"""

RETURN = r"""
registry:
  description: The registry.
  returned: success
  type: dict
  contains:
    location:
      description: Where the registry is, without password.
      type: str
      sample: postgresql://msp@db.example.com/msp
    registry_id:
      description: Identifier of the registry.
      type: str
      sample: 8a5a4a6a-40b8-4a63-a0a3-0c5d6a7e9a01
    schema_version:
      description: Version of its tables.
      type: int
      sample: 1
    secret_store:
      description: Where its secrets are kept, V(keyring) or V(registry).
      type: str
      sample: keyring
    secrets_kept_at:
      description: The machine and keyring that hold its secrets. Null if the registry holds them itself.
      type: str
      sample: SecretService Keyring of msp on control.example.com
    instances:
      description: Its instances, each with C(name), C(solution) and the counts of what it holds.
      type: list
      elements: dict
      sample:
        - name: default
          solution: security_center
          integrations: 2
          tenants: 60
    counts:
      description: How many integrations, tenants, notifications and history entries it holds.
      type: dict
      sample:
        history: 128
        integrations: 2
        notifications: 4
        tenants: 60
    notifications_pending:
      description: How many notifications wait for delivery.
      type: int
      sample: 0
error:
  description:
    - What went wrong, for C(rescue). The user guide explains every code.
  returned: on failure
  type: dict
  contains:
    code:
      description:
        - What happened, for example V(invalid_settings), V(credentials_refused) or V(registry_missing).
      type: str
      sample: registry_missing
    faults:
      description:
        - Every single fault with its C(code) and C(message), and the C(option) or C(api) that it is about.
      returned: when several faults are possible
      type: list
      elements: dict
      sample: []
"""

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import run
from ansible_collections.msp.kaspersky.plugins.module_utils.options import REGISTRY_INFO


def main() -> None:
    run(REGISTRY_INFO, IntegrationClient.describe_registry)


if __name__ == "__main__":
    main()
