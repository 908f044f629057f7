#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: account_info
short_description: List the accounts of a PSA and what is mapped to them
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Lists the accounts of the PSA that an integration leads to, with the virtual server (Kaspersky Security Center) or
    company (Kaspersky Business Hub) that is mapped to each.
  - Tells which virtual servers and companies have no account, and whose account is no longer there. Nobody gets the
    tickets of either.
  - The PSA is asked with the stored credentials. Nothing is changed, there or in the registry.
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
  integration:
    description:
      - Name of the integration. Either this or O(integration_id) is required.
    type: str
  integration_id:
    description:
      - Identifier of the integration.
    type: str
  account_id:
    description:
      - Identifier of one account. The PSA is asked for this one alone.
    type: str
  name:
    description:
      - Only accounts of exactly this name.
    type: str
  name_contains:
    description:
      - Only accounts whose name has this part, in upper or lower case.
    type: str
  active:
    description:
      - Only accounts that are active in the PSA, or only those that are not. Accounts of which the PSA does not tell
        are shown in neither case.
    type: bool
  mapped:
    description:
      - Only accounts that something is mapped to, or only those that nothing is mapped to.
    type: bool
seealso:
  - module: msp.kaspersky.mapping
  - module: msp.kaspersky.tenant_info
"""

EXAMPLES = r"""
- name: List the accounts that nobody is mapped to
  msp.kaspersky.account_info:
    integration: Integration with Tigerpaw
    mapped: false
  register: free

- name: Find an account
  msp.kaspersky.account_info:
    integration: Integration with Tigerpaw
    name_contains: dental

- name: Fail if nobody would get the tickets of a client
  msp.kaspersky.account_info:
    integration: Integration with Tigerpaw
  register: accounts
  failed_when: accounts.tenants_without_account + accounts.lost_mappings != []
"""

RETURN = r"""
accounts:
  description: The accounts, by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the account in the PSA, as text.
      type: str
      sample: "4711"
    name:
      description: Name of the account.
      type: str
      sample: Harbour Dental Ltd
    identifiers:
      description: What else people know it by, for example the company identifier of ConnectWise Manage.
      type: list
      elements: str
      sample:
        - HarbourDental
    active:
      description: Whether it is active. Null if the PSA does not tell.
      type: bool
      sample: true
    mapped:
      description: Whether something is mapped to it.
      type: bool
      sample: true
    tenant:
      description: Virtual server or company that is mapped to it. Null if there is none.
      type: dict
      contains:
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
    kept_for:
      description:
        - One that the integration no longer holds, and whose mapping is kept for its return. Null if there is none.
      type: dict
      contains:
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
integration:
  description: The integration that was asked through.
  returned: success
  type: dict
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
    verified_at:
      description: When its credentials were last proven. Null if they never were.
      type: str
      sample: "2026-11-22T20:12:00Z"
tenants_without_account:
  description: What is bound to the integration and not mapped.
  returned: success, without O(account_id)
  type: list
  elements: dict
  contains:
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
lost_mappings:
  description: Mappings whose account the PSA no longer has, or no longer shows to the API user.
  returned: success, without O(account_id)
  type: list
  elements: dict
  contains:
    tenant:
      description: Virtual server or company.
      type: dict
      contains:
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
    account:
      description: Account that it is mapped to.
      type: dict
      contains:
        id:
          description: Identifier of the account in the PSA, as text.
          type: str
          sample: "4711"
        name:
          description: Name of the account.
          type: str
          sample: Harbour Dental Ltd
counts:
  description: How many there are, whatever the filters show.
  returned: success, without O(account_id)
  type: dict
  contains:
    accounts:
      description: Accounts of the PSA.
      type: int
      sample: 62
    accounts_without_tenant:
      description: Accounts that nothing is mapped to.
      type: int
      sample: 3
    tenants:
      description: What is bound to the integration.
      type: int
      sample: 60
    tenants_without_account:
      description: How much of that is not mapped.
      type: int
      sample: 1
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
      sample: credentials_refused
    faults:
      description:
        - Every single fault with its C(code) and C(message), and the C(option) or C(api) that it is about.
        - That of a company or virtual server has its name or C(uid) as C(entry), if the task gives one.
      returned: when several faults are possible
      type: list
      elements: dict
      sample: []
"""

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import run
from ansible_collections.msp.kaspersky.plugins.module_utils.options import ACCOUNT_INFO


def main() -> None:
    run(ACCOUNT_INFO, IntegrationClient.list_accounts)


if __name__ == "__main__":
    main()
