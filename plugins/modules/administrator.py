#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: administrator
short_description: Keep one person as an administrator of many integrations
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Adds a person to the administrators of integrations, changes the alias or the address, or removes the person, in all
    integrations at once. Administrators are notified when an integration is deleted.
  - Everything is checked before anything is written, so that either the whole task is done or nothing of it.
  - The full list of one integration is kept with M(msp.kaspersky.integration).
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
  email:
    description:
      - E-mail address of the person, exactly one. Upper and lower case are the same.
    type: str
    required: true
  alias:
    description:
      - Name of the person. Required where the person is added. If omitted, the stored one is kept.
    type: str
  new_email:
    description:
      - Address that the person has from now on. Where it is already in use, nothing changes.
    type: str
  state:
    description:
      - V(present) adds the person to O(integrations), or to all with O(all_integrations). Without these, it changes the
        person wherever it is an administrator.
      - V(absent) removes the person. The last administrator of an integration with Kaspersky Business Hub is not
        removed, and then nothing is.
    type: str
    choices:
      - present
      - absent
    default: present
  integrations:
    description:
      - Names of the integrations that are meant. If omitted, all of the instance that have the person.
    type: list
    elements: str
  all_integrations:
    description:
      - Whether all integrations of the instance are meant.
    type: bool
    default: false
seealso:
  - module: msp.kaspersky.integration
  - module: msp.kaspersky.integration_info
"""

EXAMPLES = r"""
- name: Have Ann look after two integrations
  msp.kaspersky.administrator:
    email: ann@msp.example
    alias: Ann
    integrations:
      - Integration with Tigerpaw
      - Integration with Autotask

- name: Have Bob look after all of them
  msp.kaspersky.administrator:
    email: bob@msp.example
    alias: Bob
    all_integrations: true

- name: Tell the new address of Ann wherever she is an administrator
  msp.kaspersky.administrator:
    email: ann@msp.example
    new_email: ann@new.example

- name: Remove Bob, who has left
  msp.kaspersky.administrator:
    email: bob@msp.example
    state: absent
"""

RETURN = r"""
integrations:
  description: Every integration that the task is about.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the integration.
      type: str
      sample: 6d1a3c52-9a27-4ad2-8a3e-6a1c1c1f3b55
    name:
      description: Name of the integration.
      type: str
      sample: Integration with Tigerpaw
    changed:
      description: Whether its administrators changed.
      type: bool
      sample: true
    administrators:
      description: All of its administrators as they are now, or as they would be in check mode.
      type: list
      elements: dict
      contains:
        email:
          description: E-mail address.
          type: str
          sample: ann@msp.example
        alias:
          description: Name of the person.
          type: str
          sample: Ann
diff:
  description: The administrators of the integrations that change, before and after.
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
      sample: last_administrator
    faults:
      description:
        - Every single fault with its C(code) and C(message), and the C(option) that it is about.
        - That of an integration has its name as C(entry).
      returned: when several faults are possible
      type: list
      elements: dict
      sample: []
"""

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import run
from ansible_collections.msp.kaspersky.plugins.module_utils.options import ADMINISTRATOR


def main() -> None:
    run(ADMINISTRATOR, IntegrationClient.keep_administrator)


if __name__ == "__main__":
    main()
