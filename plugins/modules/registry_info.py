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
      sample: 2
    secret_store:
      description: Where its secrets are kept, V(keyring) or V(registry).
      type: str
      sample: keyring
    secrets_kept_at:
      description: Host, user and backend of the keyring that holds its secrets. Empty if the registry holds them.
      type: dict
      sample:
        backend: keyring.backends.SecretService.Keyring
        host: control.example.com
        user: msp
    created_at:
      description: When it was created, in ISO 8601 (UTC).
      type: str
      sample: "2026-11-22T20:12:00Z"
    instances:
      description: Its instances.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the instance.
          type: str
          sample: default
        solution:
          description: Kaspersky solution that the instance stands for.
          type: str
          sample: security_center
        server_identity:
          description:
            - Identity of the Administration Server that the instance stands for. Null if none was recorded.
          type: str
          sample: 2b7f0a8c-53d1-4c1e-9a55-8d2f60c1e7b4
        integrations:
          description: How many integrations it has.
          type: int
          sample: 2
        tenants:
          description: How many virtual servers or companies it has.
          type: int
          sample: 60
        notifications_pending:
          description: How many of its notifications wait for delivery.
          type: int
          sample: 0
    counts:
      description: How many instances, integrations, tenants, notifications and entries of the history it holds.
      type: dict
      sample:
        history: 128
        instance: 1
        integration: 2
        notification: 4
        tenant: 60
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
