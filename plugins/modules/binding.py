#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: binding
short_description: Bind virtual servers or companies to an integration
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Binds virtual servers (Kaspersky Security Center) or companies (Kaspersky Business Hub) to an integration, or
    unbinds them. Each stands for one client company of the managed service provider.
  - A virtual server or company is bound to one integration at most. If another one holds it, the task is refused and
    names that integration.
  - Everything is checked before anything is written, so that either the whole task is done or nothing of it.
  - With O(security_center), virtual servers are looked up in Kaspersky Security Center, in one request however many
    there are, in check mode as well. Nothing is ever written there.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.job
  - msp.kaspersky.security_center
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.writer
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
      - msp.kaspersky.security_center
options:
  integration:
    description:
      - Name of the integration. Either this or O(integration_id) is required.
    type: str
  integration_id:
    description:
      - Identifier of the integration.
    type: str
  virtual_servers:
    description:
      - Virtual servers, if the integration starts from Kaspersky Security Center.
      - Each is a name, or a dictionary with C(uid), which is its C(KLVSRV_UID), C(name), or both.
      - With O(security_center), a name is the one that the virtual server has there. It is remembered by its C(uid), so
        that it stays bound when it is renamed. A playbook may go on calling it by its old name, and is warned of the
        new one. A name that could mean two virtual servers is refused, with the C(uid) of each.
      - Without O(security_center), a new one needs its C(uid) and its C(name). A known one may be given by either.
    type: list
    elements: raw
  companies:
    description:
      - Companies, if the integration starts from Kaspersky Business Hub.
      - Each is a name, or a dictionary with C(name), C(id) for its identifier, and C(new).
      - A name that nearly equals a known one needs its C(id), or V(new=true) to declare that it is another company. So
        a typing error does not make a company that does not exist.
    type: list
    elements: raw
  state:
    description:
      - V(present) binds what is listed.
      - V(absent) unbinds what is listed, also what no longer exists in Security Center. If every entry has its C(uid),
        Security Center is not asked, and need not exist any more.
      - V(exact) binds what is listed and unbinds everything else.
    type: str
    choices:
      - present
      - absent
      - exact
    default: present
  allow_empty:
    description:
      - Whether O(state=exact) may come with an empty list, which unbinds everything.
    type: bool
    default: false
  move_from:
    description:
      - Name of an integration that virtual servers or companies may be taken over from. What any other integration
        holds is still refused.
    type: str
notes:
  - Each entry of a list has a line of its own. A string with commas is refused, because a comma may be part of a name.
  - What Security Center no longer has, or no longer shows to the account, stays bound until a task unbinds it.
  - The first change that is made with O(security_center) records which Administration Server the instance stands for.
    From then on, another one is refused with RV(error.code=instance_mismatch).
seealso:
  - module: msp.kaspersky.integration
  - module: msp.kaspersky.tenant_info
"""

EXAMPLES = r"""
- name: Bind companies
  msp.kaspersky.binding:
    integration: Integration with Tigerpaw
    companies:
      - Harbour Dental
      - name: Northwind Logistics
        id: "1042"

- name: Bind virtual servers by the names that they have in Security Center
  msp.kaspersky.binding:
    integration: Integration with Tigerpaw
    virtual_servers:
      - Harbour Dental
      - Northwind Logistics
    security_center:
      url: https://ksc.example.com
      username: ansible
      password_file: ~/.config/msp/security-center-password
      ca_path: ~/.config/msp/security-center.pem
  register: binding

- name: Unbind what no longer exists in Security Center
  msp.kaspersky.binding:
    integration: Integration with Tigerpaw
    virtual_servers: "{{ binding.stale }}"
    state: absent

- name: Bind a virtual server without asking Security Center
  msp.kaspersky.binding:
    integration: Integration with Tigerpaw
    virtual_servers:
      - uid: VSRV5c21f0e2-7e0b-4d7e-9a53-3c4f1d2b8a90
        name: Harbour Dental

- name: Show what the exact list would change, without changing it
  msp.kaspersky.binding:
    integration: Integration with Tigerpaw
    companies: "{{ clients }}"
    state: exact
  check_mode: true
  diff: true

- name: Take a company over from another integration
  msp.kaspersky.binding:
    integration: Integration with Autotask
    companies:
      - Harbour Dental
    move_from: Integration with Tigerpaw

- name: Bind a company, or say who holds it
  block:
    - name: Bind a company
      msp.kaspersky.binding:
        integration: Integration with Autotask
        companies:
          - Harbour Dental
  rescue:
    - name: Say who holds it
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result.msg }}"
      when: ansible_failed_result.error.code == 'tenant_held'

- name: Unbind a company
  msp.kaspersky.binding:
    integration: Integration with Autotask
    companies:
      - Harbour Dental
    state: absent
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
bound:
  description: What was bound, that no integration held before.
  returned: success
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
unbound:
  description: What was unbound. It is valid input for this module.
  returned: success
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
moved:
  description: What was taken over from O(move_from).
  returned: success
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
unchanged:
  description: What already was as it should be.
  returned: success
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
stale:
  description:
    - The virtual servers that the integration holds after the task although Security Center no longer has them, or no
      longer shows them to the account. It is valid input for this module, to unbind them with O(state=absent).
  returned: success, if Security Center was asked
  type: list
  elements: dict
  contains:
    kind:
      description: V(virtual_server).
      type: str
      sample: virtual_server
    uid:
      description: C(KLVSRV_UID) of the virtual server.
      type: str
      sample: VSRV5c21f0e2-7e0b-4d7e-9a53-3c4f1d2b8a90
    name:
      description: Name that it had last.
      type: str
      sample: Harbour Dental
diff:
  description: Who holds the virtual servers or companies before and after, and how they are known.
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
      sample: tenant_held
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import BINDING


def main() -> None:
    run(BINDING, IntegrationClient.bind_tenants)


if __name__ == "__main__":
    main()
