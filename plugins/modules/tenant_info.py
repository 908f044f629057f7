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
  - Returns the virtual servers or companies of an instance that fit all the filters given, each of them once, as the
    registry and Kaspersky Security Center together know them.
  - None that fits is an empty list and not a failure. An instance that does not exist is a failure.
  - Nothing is written, neither in the registry nor in Security Center.
extends_documentation_fragment:
  - msp.kaspersky.tenants
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
      - Name of the virtual server or company, the one that it has now or the one that the registry knows.
    type: str
  uid:
    description:
      - C(KLVSRV_UID) of the virtual server, or the identifier that was given to the company.
    type: str
seealso:
  - module: msp.kaspersky.binding
  - module: msp.kaspersky.integration_info
"""

EXAMPLES = r"""
- name: Show the companies that no integration holds
  msp.kaspersky.tenant_info:
    bound: false
  register: free

- name: Show the virtual servers that nobody has bound yet
  msp.kaspersky.tenant_info:
    bound: false
    stale: false
    security_center:
      url: https://ksc.example.com
      username: ansible
      password_file: ~/.config/msp/security-center-password
      ca_path: ~/.config/msp/security-center.pem
  register: unbound

- name: Show the virtual servers that no longer exist in Security Center, account from the environment
  msp.kaspersky.tenant_info:
    stale: true
  register: stale

- name: Show what exists in Security Center, without a registry
  msp.kaspersky.tenant_info:
    sources:
      - security_center
  register: existing

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
      description: Identifier in the registry. Null if the registry does not know it.
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
      description: Name of the virtual server or company; that of Security Center if it is there.
      type: str
      sample: Harbour Dental
    registered_name:
      description:
        - Name under which the registry knows it. Another one than RV(tenants[].name) means that it was renamed in
          Security Center. Null if the registry does not know it.
      type: str
      sample: Harbor Dental
    known:
      description: Whether the registry knows it. Null if the registry is not among the sources.
      type: bool
      sample: true
    stale:
      description:
        - Whether the registry knows it and Security Center no longer has it, or does not show it to the account. Null
          of a company, and if Security Center was not asked.
      type: bool
      sample: false
    enabled:
      description: Whether the virtual server is enabled in Security Center. Null if nothing is told of it there.
      type: bool
      sample: true
    instance:
      description:
        - Instance that it belongs to. A virtual server that Security Center has may be known to another instance of the
          registry than that of the task.
      type: str
      sample: default
    bound:
      description: Whether an integration holds it. Null if the registry is not among the sources.
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
    platform:
      description: PSA platform of the integration that holds it. May be null.
      type: str
      sample: tigerpaw
    bound_at:
      description: Since when the integration holds it, in ISO 8601 (UTC). May be null.
      type: str
      sample: "2026-11-22T20:12:00Z"
    account:
      description: Account of the PSA that it is mapped to in that integration. Null if it is not mapped.
      type: dict
      contains:
        id:
          description: Identifier of the account.
          type: str
          sample: "4711"
        name:
          description: Name that the account had when it was mapped.
          type: str
          sample: Harbour Dental Ltd
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
