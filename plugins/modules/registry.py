#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry
short_description: Create, upgrade and maintain the registry
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Creates the registry in which integrations are kept, or upgrades it to the schema of this version of the collection.
  - Moves a registry to another database.
  - M(msp.kaspersky.integration) does so by itself when it first needs to. This module does it beforehand, and does the
    work that comes up from time to time, which is to change the key, to check integrity and to drop what is too old.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.job
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.writer
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
options:
  state:
    description:
      - V(present) creates the registry if there is none, and upgrades an older one.
    type: str
    choices:
      - present
    default: present
  old_registry:
    description:
      - Address of another registry, which is moved to O(registry) with its history, notifications and secrets, for
        example from SQLite to PostgreSQL or back. Every row is compared.
      - At O(registry) there must be no registry yet, or the one that was moved from there before.
      - The one that is moved stays where it is and is not used any more. Every task that tries to is refused with
        RV(error.code=registry_moved).
      - Secrets in a keyring stay there, and are opened on the same machine as before.
    type: str
  old_registry_password:
    description:
      - Password of the PostgreSQL user of O(old_registry).
      - Mutually exclusive with O(old_registry_password_file).
    type: str
  old_registry_password_file:
    description:
      - File whose content is the password of the PostgreSQL user of O(old_registry), on the host that runs the module.
    type: path
  solution:
    description:
      - Kaspersky solution that O(instance) stands for. If given, the instance is recorded.
    type: str
    choices:
      - security_center
      - business_hub
  forget_server:
    description:
      - Whether O(instance) forgets which Administration Server it stands for, because that one was replaced, or because
        the first binding went to a wrong one. The next binding that looks virtual servers up and changes something
        records it anew.
      - Meant for one run. In a playbook that runs again and again, no wrong server would ever be noticed.
    type: bool
    default: false
  reencrypt:
    description:
      - Whether to encrypt everything anew under the first key of O(secret_key), after which the other keys can be
        dropped.
      - Has a meaning with O(secret_store=registry) only.
    type: bool
    default: false
  check_integrity:
    description:
      - Whether to check that the registry is intact and that every secret it knows of can be opened.
    type: bool
    default: false
  history_retention:
    description:
      - Drops entries of the instance's history that are older than this number of days. If omitted, all are kept.
    type: int
  notification_retention:
    description:
      - Drops delivered notifications of the instance that are older than this number of days. If omitted, all are kept.
    type: int
seealso:
  - module: msp.kaspersky.registry_info
  - module: msp.kaspersky.binding
"""

EXAMPLES = r"""
- name: Create the registry of a team
  msp.kaspersky.registry:
    registry: postgresql://msp@db.example.com/msp
    registry_password_file: /run/secrets/registry_password
    secret_store: registry
    secret_key_file: /run/secrets/registry_key

- name: Change the key, with the new one before the old one
  msp.kaspersky.registry:
    secret_key: "{{ vault_new_registry_key }},{{ vault_old_registry_key }}"
    reencrypt: true

- name: Move the registry of one person to the database of a team
  msp.kaspersky.registry:
    old_registry: sqlite:////home/ann/.local/share/msp_kaspersky/registry.sqlite3
    registry: postgresql://msp@db.example.com/msp
    registry_password_file: /run/secrets/registry_password

- name: Let the instance take another Administration Server for its own, which took the place of the old one
  msp.kaspersky.registry:
    instance: Head office
    forget_server: true

- name: Check the registry and drop what is too old
  msp.kaspersky.registry:
    check_integrity: true
    history_retention: 730
    notification_retention: 90

- name: Show what retention would drop
  msp.kaspersky.registry:
    history_retention: 365
  check_mode: true
"""

RETURN = r"""
moved:
  description: Which registry was moved where. Null if none was.
  returned: success
  type: dict
  contains:
    from:
      description: Address that it was moved from.
      type: str
      sample: sqlite:////home/ann/.local/share/msp_kaspersky/registry.sqlite3
    to:
      description: Address that it was moved to.
      type: str
      sample: postgresql://msp@db.example.com/msp
    rows:
      description: How many rows each of its tables has.
      type: dict
      sample:
        integration: 3
        tenant: 60
registry:
  description: The registry as it is now.
  returned: when there is a registry, so not in check mode of its creation
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
created:
  description: Whether the registry was created.
  returned: success
  type: bool
  sample: false
upgraded:
  description: Whether the registry was upgraded.
  returned: success
  type: bool
  sample: false
instance_recorded:
  description: Whether the instance was recorded.
  returned: when O(solution) is given, except in check mode of an upgrade
  type: bool
  sample: false
forgotten_server:
  description: Identity of the Administration Server that the instance stood for. Null if none was recorded.
  returned: when O(forget_server=true), except in check mode of an upgrade
  type: str
  sample: 2b7f0a8c-53d1-4c1e-9a55-8d2f60c1e7b4
reencrypted:
  description: How many secrets were encrypted anew.
  returned: when there is a registry
  type: int
  sample: 0
removed_history:
  description: How many entries of the history were dropped.
  returned: when there is a registry
  type: int
  sample: 0
removed_notifications:
  description: How many notifications were dropped.
  returned: when there is a registry
  type: int
  sample: 0
integrity:
  description: What was checked. If anything is damaged, the task fails and names it.
  returned: when O(check_integrity=true) and there is a registry
  type: dict
  contains:
    checked_integrations:
      description: How many integrations were checked.
      type: int
      sample: 2
    faults:
      description: What is damaged, which is nothing.
      type: list
      elements: str
      sample: []
diff:
  description: What was done.
  returned: success
  type: dict
  sample:
    before: {}
    after: {}
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
      sample: secret_key_wrong
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import REGISTRY


def main() -> None:
    run(REGISTRY, IntegrationClient.maintain_registry)


if __name__ == "__main__":
    main()
