#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mapping
short_description: Map virtual servers or companies to accounts of the PSA
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Says which account of the PSA stands for the same client company as a bound virtual server (Kaspersky Security
    Center) or company (Kaspersky Business Hub). What happens to it is told, and billed, there.
  - A mapping is one to one in both directions. An account that something else is mapped to is refused, and what is
    mapped to one account already goes to another only if the task names the first one.
  - Everything is checked before anything is written, so that either the whole task is done or nothing of it.
  - With O(match=automatic), accounts are found by identifiers and names. Nothing that is mapped is touched, and what is
    not certain is left to people. Check mode is the preview.
  - The PSA is asked for its accounts, in check mode as well, unless all is as it should be or mappings only end.
    Nothing is ever written there.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.job
  - msp.kaspersky.connection
  - msp.kaspersky.verification
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.writer
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
  mappings:
    description:
      - Which virtual server or company is which account. Each entry is a dictionary.
      - C(tenant) is the virtual server or company, which has to be bound to the integration. It is a name, or a
        dictionary with C(uid) (for a company also C(id)), C(name), or both.
      - C(account) is the account, a name or a dictionary with C(id), C(name), or both. A few entries that all have an
        C(id) spare the PSA from listing every account. It may be left out with O(state=absent).
      - C(move_from) is the account that the virtual server or company is mapped to until now, and may be taken away
        from. If it is mapped to any other one, the task is refused.
      - Either this or O(match) is required. Mutually exclusive with O(match).
    type: list
    elements: raw
  match:
    description:
      - V(automatic) finds accounts for everything that is bound and not mapped. Stable identifiers count most, then
        equal names, then names that differ in case, accents, punctuation or the legal form. The user guide tells the
        rules.
      - What is ambiguous is returned in RV(ambiguous) with its candidates, and left alone.
    type: str
    choices:
      - automatic
  state:
    description:
      - V(present) maps what is listed.
      - V(absent) ends the mappings of what is listed, if the account is the listed one or none is given. Nothing is
        deleted, in Kaspersky's solution or in the PSA, and the PSA is not asked.
      - V(exact) maps what is listed and ends every other mapping of the integration.
    type: str
    choices:
      - present
      - absent
      - exact
    default: present
  allow_empty:
    description:
      - Whether O(state=exact) may come with an empty list, which ends every mapping.
    type: bool
    default: false
notes:
  - To unbind a virtual server or company ends its mapping. If another integration takes it over, the mapping is kept
    for its return, until the first integration is deleted. Until then the account is not free for others.
seealso:
  - module: msp.kaspersky.account_info
  - module: msp.kaspersky.binding
"""

EXAMPLES = r"""
- name: Say which client is which account
  msp.kaspersky.mapping:
    integration: Integration with Tigerpaw
    mappings:
      - tenant: Harbour Dental
        account: Harbour Dental Ltd
      - tenant:
          id: "1042"
        account:
          id: 4711

- name: Show what would be matched, without changing anything
  msp.kaspersky.mapping:
    integration: Integration with Tigerpaw
    match: automatic
  check_mode: true
  register: preview

- name: Map what is certain
  msp.kaspersky.mapping:
    integration: Integration with Tigerpaw
    match: automatic
  register: mapping

- name: Show what people have to decide
  ansible.builtin.debug:
    var: mapping.ambiguous

- name: Correct a mapping
  msp.kaspersky.mapping:
    integration: Integration with Tigerpaw
    mappings:
      - tenant: Harbour Dental
        account: Harbour Dental Group
        move_from: Harbour Dental Ltd

- name: End a mapping
  msp.kaspersky.mapping:
    integration: Integration with Tigerpaw
    mappings:
      - tenant: Harbour Dental
    state: absent

- name: Map a client, or say who has the account
  block:
    - name: Map a client
      msp.kaspersky.mapping:
        integration: Integration with Tigerpaw
        mappings:
          - tenant: Northwind Logistics
            account: Northwind
  rescue:
    - name: Say who has the account
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result.msg }}"
      when: ansible_failed_result.error.code == 'account_taken'
"""

RETURN = r"""
integration:
  description: The integration as it is now, or as it would be in check mode.
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
mapped:
  description: What was mapped, that was mapped to nothing before.
  returned: success
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
    by:
      description: How the account was found - V(identifier), V(name) or V(normalised_name).
      returned: when O(match=automatic)
      type: str
      sample: name
moved:
  description: What was mapped to another account before.
  returned: success
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
    move_from:
      description: Account that it was mapped to before.
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
unmapped:
  description: Mappings that ended. It is valid input for O(mappings), to bring them back.
  returned: success
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
      description: Account that it was mapped to.
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
unchanged:
  description: Mappings that stay. If the account has another name by now, that is taken over, and RV(diff) shows it.
  returned: success
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
ambiguous:
  description: What was left alone, because its account has to be chosen by people.
  returned: when O(match=automatic)
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
    candidates:
      description: Accounts that it could be.
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
    reason:
      description: >-
        Why it was not mapped. V(several_accounts) or V(several_tenants), V(contradiction) of identifier and name,
        V(legal_form), V(inactive), or V(similar_name).
      type: str
      sample: several_accounts
unmatched_tenants:
  description: Virtual servers and companies for which no account was found.
  returned: when O(match=automatic)
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
unmatched_accounts:
  description: Accounts that nothing is mapped to after the task.
  returned: when O(match=automatic)
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
diff:
  description: What the changing virtual servers or companies are mapped to before and after.
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
      sample: account_taken
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import MAPPING


def main() -> None:
    run(MAPPING, IntegrationClient.map_accounts)


if __name__ == "__main__":
    main()
