#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tenant_info
short_description: Show virtual servers and companies with the integrations that hold them
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Returns the virtual servers or companies that the registry knows in an instance and that fit all the filters given.
  - None that fits is an empty list and not a failure. An instance that does not exist is a failure.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.security_center
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.info
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
      - msp.kaspersky.security_center
options:
  name:
    description:
      - Name of the virtual server or company.
    type: str
  uid:
    description:
      - C(KLVSRV_UID) of the virtual server, or the identifier that was given to the company.
    type: str
  bound:
    description:
      - V(true) shows those that an integration holds, V(false) those that none holds. If omitted, both are shown.
    type: bool
  stale:
    description:
      - V(true) shows those that the registry knows and Security Center no longer has, V(false) those that it has.
        If omitted, both are shown.
      - Needs Security Center as a source.
    type: bool
  known:
    description:
      - V(true) shows those that the registry knows, V(false) those that only Security Center has. If omitted, both are
        shown.
    type: bool
  integration:
    description:
      - Name of the integration that holds them.
    type: str
  sources:
    description:
      - Where to look. V(registry) is what was bound or declared before, V(security_center) is what exists in Kaspersky
        Security Center now.
      - If omitted, the registry is looked at, and Security Center as well if O(security_center) is given.
    type: list
    elements: str
    choices:
      - registry
      - security_center
seealso:
  - module: msp.kaspersky.binding
  - module: msp.kaspersky.integration_info
"""

EXAMPLES = r"""
- name: Show the companies that no integration holds
  msp.kaspersky.tenant_info:
    bound: false
  register: free

- name: Show what is bound to an integration
  msp.kaspersky.tenant_info:
    integration: Integration with Tigerpaw
  register: held

- name: Move all of it to another integration
  msp.kaspersky.binding:
    integration: Integration with Autotask
    companies: "{{ held.tenants | map(attribute='name') }}"
    move_from: Integration with Tigerpaw
"""

RETURN = r"""
tenants:
  description: The virtual servers or companies that fit, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier in the registry.
      type: str
      sample: 0b0c5c0e-3a0e-4c93-9d6e-2a4b5e0f7c11
    kind:
      description: V(virtual_server) or V(company).
      type: str
      sample: company
    uid:
      description: C(KLVSRV_UID) of a virtual server, or the identifier that was given to a company. May be null.
      type: str
      sample: "1042"
    name:
      description: Name of the virtual server or company.
      type: str
      sample: Harbour Dental
    bound:
      description: Whether an integration holds it.
      type: bool
      sample: true
    integration:
      description: Name of the integration that holds it. May be null.
      type: str
      sample: Integration with Tigerpaw
    integration_id:
      description: Identifier of the integration that holds it. May be null.
      type: str
      sample: 6d1a3c52-9a27-4ad2-8a3e-6a1c1c1f3b55
    bound_at:
      description: Since when the integration holds it, in ISO 8601 (UTC). May be null.
      type: str
      sample: "2026-11-22T20:12:00Z"
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
      sample: instance_unknown
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import TENANT_INFO


def main() -> None:
    run(TENANT_INFO, IntegrationClient.list_tenants)


if __name__ == "__main__":
    main()
