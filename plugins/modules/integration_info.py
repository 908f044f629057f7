#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: integration_info
short_description: Show integrations, prove their credentials, export them
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Returns the integrations of an instance that fit all the filters given. Without filters these are all integrations.
  - No fitting integration is an empty list and not a failure. An instance that does not exist is a failure.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.connection
  - msp.kaspersky.verification
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.info
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
      - msp.kaspersky.verification
options:
  name:
    description:
      - Name of the integration.
    type: str
  integration_id:
    description:
      - Identifier of the integration.
    type: str
  platform:
    description:
      - PSA platform that the integrations lead to.
    type: str
    choices:
      - tigerpaw
      - connectwise_manage
      - autotask
  solution:
    description:
      - Kaspersky solution that the integrations start from.
    type: str
    choices:
      - security_center
      - business_hub
  tenant:
    description:
      - Name or identifier of a virtual server or company. Shows the integration that holds it.
    type: str
  credentials_older_than:
    description:
      - Shows integrations of which no secret was changed for more than this number of days.
    type: int
  user_name:
    description:
      - Shows integrations that use this API user, which is the SOAP user name or the REST public key for Tigerpaw, the
        public key for ConnectWise Manage, and the user name for Autotask. M(msp.kaspersky.api_user) rotates its
        credentials in all of them.
    type: str
  api_users:
    description:
      - Whether to return the API users of the integrations, each with all integrations of the registry that use it,
        those of other instances included, and with the age of its credentials. M(msp.kaspersky.api_user) rotates one.
    type: bool
    default: false
  verify:
    description:
      - Whether to prove the stored credentials of the integrations against their platforms.
      - A user that was refused at an address is not tried there again in the same task, so that it is not locked out.
      - At most 12 integrations are asked about at once at one address, and 32 in all.
    type: bool
    default: false
  history:
    description:
      - Whether to return what was done to the integrations, when and by whom.
      - With O(name) or O(integration_id), also of integrations that were deleted since.
    type: bool
    default: false
  history_newer_than:
    description:
      - Returns of the history what is not older than this number of days. If omitted, all of it.
    type: int
  history_limit:
    description:
      - Returns of the history no more than this number of entries, the newest. If omitted, all of it.
    type: int
  tenants:
    description:
      - Whether to return the virtual servers or companies that are bound to each integration.
    type: bool
    default: false
  export:
    description:
      - Whether to return YAML text with the variable C(integrations_instance), of which the role
        P(msp.kaspersky.integrations#role) recreates the integrations and their bindings.
      - It holds no secrets, and a comment where each belongs.
      - What came from outside stays data when it is loaded again, even if it looks like a template.
    type: bool
    default: false
seealso:
  - module: msp.kaspersky.integration
  - module: msp.kaspersky.tenant_info
"""

EXAMPLES = r"""
- name: Show all integrations of an instance
  msp.kaspersky.integration_info:
    registry: postgresql://msp@db.example.com/msp
    registry_password_file: /run/secrets/registry_password
    instance: Head office
  register: all_integrations

- name: Find integrations whose credentials are due
  msp.kaspersky.integration_info:
    credentials_older_than: 90
  register: due

- name: Find the integrations that share an API user
  msp.kaspersky.integration_info:
    user_name: kaspersky
  register: sharing

- name: List the API users, those with the oldest credentials first
  msp.kaspersky.integration_info:
    api_users: true
  register: users

- name: Prove the stored credentials
  msp.kaspersky.integration_info:
    platform: tigerpaw
    verify: true
  register: proof

- name: Name the integrations whose credentials are not accepted any more
  ansible.builtin.debug:
    msg: "{{ proof.integrations | selectattr('verification.state', 'eq', 'failed') | map(attribute='name') }}"

- name: Export everything
  msp.kaspersky.integration_info:
    export: true
  register: exported

- name: Keep the export in version control
  ansible.builtin.copy:
    content: "{{ exported.export }}"
    dest: integrations.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
integrations:
  description: The integrations that fit, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Generated identifier, which stays the same whatever is changed.
      type: str
      sample: 6d1a3c52-9a27-4ad2-8a3e-6a1c1c1f3b55
    name:
      description: Name of the integration.
      type: str
      sample: Integration with Tigerpaw
    platform:
      description: PSA platform that the integration leads to.
      type: str
      sample: tigerpaw
    solution:
      description: Kaspersky solution that the integration starts from.
      type: str
      sample: security_center
    instance:
      description: Name of the instance that the integration belongs to.
      type: str
      sample: default
    settings:
      description: Settings of the platform, without secrets.
      type: dict
      sample:
        rest_public_key: 4f0c2b7e
        soap_user_name: kaspersky
        url: https://api2.tigerpawsoftware.com
        validate_certs: true
    administrators:
      description: People who look after the integration.
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
    tenant_count:
      description: How many virtual servers or companies are bound to the integration.
      type: int
      sample: 60
    created_at:
      description: When the integration was created, in ISO 8601 (UTC), like all times.
      type: str
      sample: "2026-11-22T20:12:00Z"
    updated_at:
      description: When the integration was last changed.
      type: str
      sample: "2026-11-22T20:12:00Z"
    credentials_changed_at:
      description: When one of its secrets was last changed.
      type: str
      sample: "2026-11-22T20:12:00Z"
    credentials_age:
      description: How many whole days ago that was.
      type: int
      sample: 45
    verified_at:
      description: When its credentials were last proven. Null if they never were.
      type: str
      sample: "2026-11-22T20:12:00Z"
    tenants:
      description: The virtual servers or companies that are bound to the integration.
      returned: when O(tenants=true)
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
        bound_at:
          description: Since when the integration holds it, in ISO 8601 (UTC).
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
    verification:
      description: How the proof of its credentials went.
      returned: when O(verify=true)
      type: dict
      contains:
        state:
          description:
            - V(verified) if all of its APIs accept the credentials, V(reachable) if one of them could only be reached,
              V(failed) if there is an C(error).
          type: str
          sample: verified
        apis:
          description: The same for each API. Empty if there is an C(error).
          type: dict
          sample:
            rest: verified
            soap: verified
        error:
          description:
            - Why the credentials could not be proven, with C(code), C(msg) and more by code. Null if they could.
          type: dict
          sample: null
api_users:
  description: The API users of the integrations, those with the oldest credentials first.
  returned: when O(api_users=true)
  type: list
  elements: dict
  contains:
    platform:
      description: PSA platform.
      type: str
      sample: tigerpaw
    setting:
      description: Setting of an integration that names the user.
      type: str
      sample: soap_user_name
    user_name:
      description: Name of the user.
      type: str
      sample: kaspersky
    address:
      description: Scheme, host and port at which it is a user.
      type: str
      sample: https://api2.tigerpawsoftware.com:443
    credentials_age:
      description: For how many whole days one of the integrations that use it has had the same secrets.
      type: int
      sample: 45
    integrations:
      description: Every integration of the registry that uses it.
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
        instance:
          description: Instance that the integration belongs to.
          type: str
          sample: default
history:
  description:
    - What was done to the integrations, the oldest first. Without filters also to those deleted, and to the instance.
  returned: when O(history=true)
  type: list
  elements: dict
  contains:
    at:
      description: When.
      type: str
      sample: "2026-11-22T20:12:00Z"
    actor:
      description: By whom, as stated and not proven.
      type: str
      sample: ann
    job:
      description: Job of AWX or Automation Controller in which it was done. Null outside of one.
      type: dict
      contains:
        id:
          description: Number of the job.
          type: str
          sample: "4711"
        template:
          description: Name of the job template.
          type: str
          sample: "Kaspersky: delete an integration"
        launched_by:
          description: Name of the user who launched it.
          type: str
          sample: ann
        schedule:
          description: Name of the schedule that launched it, or its workflow.
          type: str
          sample: Every night
        workflow:
          description: Name of the workflow that it is part of.
          type: str
          sample: Monthly work
    action:
      description: What, for example V(created), V(changed), V(bindings_changed), V(deleted) or V(server_recorded).
      type: str
      sample: created
    integration_id:
      description: Identifier of the integration. Empty if it was done to the instance.
      type: str
      sample: 6d1a3c52-9a27-4ad2-8a3e-6a1c1c1f3b55
    integration:
      description: Name that the integration had. Empty if it was done to the instance.
      type: str
      sample: Integration with Tigerpaw
    summary:
      description: What exactly, without secrets.
      type: dict
      sample: {}
export:
  description:
    - YAML text with the variable C(integrations_instance), as the role P(msp.kaspersky.integrations#role) takes it.
  returned: when O(export=true)
  type: str
  sample: |
    ---
    integrations_instance:
      name: default
      solution: business_hub
      integrations: []
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import INTEGRATION_INFO


def main() -> None:
    run(INTEGRATION_INFO, IntegrationClient.list_integrations)


if __name__ == "__main__":
    main()
