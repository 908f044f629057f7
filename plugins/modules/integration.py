#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: integration
short_description: Keep an integration between a Kaspersky solution and a PSA platform
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Creates, edits, renames and deletes an integration, which is the named set of connection settings between one
    Kaspersky solution and one PSA platform of a managed service provider.
  - New settings are proven against the platform before they are saved. If one of its APIs refuses them, nothing is
    saved.
  - Deleting an integration unbinds its virtual servers or companies, clears its settings and secrets, and notifies its
    administrators. The virtual servers and companies live on, and the administrators keep their access to them. The
    platform is not asked, because its licence may be gone.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.job
  - msp.kaspersky.connection
  - msp.kaspersky.verification
  - msp.kaspersky.notifications
  - msp.kaspersky.security_center
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.writer
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
      - msp.kaspersky.verification
      - msp.kaspersky.notifications
      - msp.kaspersky.security_center
  idempotent:
    details:
      - With O(update_secrets=always) every run changes the secrets that are given.
options:
  name:
    description:
      - Name of the integration, unique in its instance.
      - Defaults to V(Integration with Tigerpaw) and so on, by platform, when an integration is created.
    type: str
  integration_id:
    description:
      - Identifier of the integration. It selects an existing integration and never creates one.
      - A O(name) beside it has to be the integration's, or the task is refused.
    type: str
  new_name:
    description:
      - Name that the integration is to have from now on. If it already has it, nothing changes.
    type: str
  state:
    description:
      - V(present) creates the integration, or edits it.
      - V(absent) deletes it. This requires O(name) or O(integration_id).
    type: str
    choices:
      - present
      - absent
    default: present
  platform:
    description:
      - PSA platform that the integration leads to. Required to create an integration, fixed afterwards.
    type: str
    choices:
      - tigerpaw
      - connectwise_manage
      - autotask
  solution:
    description:
      - Kaspersky solution that the integration starts from, Kaspersky Security Center (on premises) or Kaspersky
        Business Hub (cloud). Required to create an integration, fixed afterwards.
    type: str
    choices:
      - security_center
      - business_hub
  tigerpaw:
    description:
      - Settings for O(platform=tigerpaw). An omitted setting keeps what is stored. None can be made blank.
      - Tigerpaw needs both of its APIs, because charges can be written through SOAP only and accounts are read through
        REST.
    type: dict
    suboptions:
      soap_user_name:
        description:
          - User of the SOAP API. Required at creation.
        type: str
      soap_password:
        description:
          - Password of the SOAP user. Required at creation, and when the SOAP API moves to another address.
        type: str
      rest_public_key:
        description:
          - Public key of a rep account. Required at creation.
        type: str
      rest_private_key:
        description:
          - Private key of the rep account. Required at creation, and when the REST API moves to another address.
        type: str
      url:
        description:
          - Address of the REST API.
          - Defaults to V(https://api2.tigerpawsoftware.com) at creation.
        type: str
      soap_url:
        description:
          - Address of the SOAP API.
          - If it was never set, it is O(tigerpaw.url) followed by V(/api/rmm/tsiWS.asmx).
        type: str
      soap_check_operation:
        description:
          - SOAP operation that proves the SOAP user, one that only reads. Its name begins with C(Get), C(List),
            C(Validate) or C(Check).
          - Without it, the SOAP API is checked to be there, which is told as V(reachable) and comes with a warning.
        type: str
      validate_certs:
        description:
          - Whether to verify the TLS certificate of Tigerpaw.
          - Defaults to V(true) at creation.
        type: bool
      ca_path:
        description:
          - File with the certificate authorities that Tigerpaw's certificate is verified against, in PEM format.
            Without it, those of the Python library certifi are used.
        type: path
  connectwise_manage:
    description:
      - Settings for O(platform=connectwise_manage). An omitted setting keeps what is stored. None can be made blank.
    type: dict
    suboptions:
      host:
        description:
          - Address of the server, for example V(na.myconnectwise.net). Required at creation.
        type: str
      company_id:
        description:
          - Login company. Required at creation.
        type: str
      client_id:
        description:
          - Client ID that ConnectWise issued to the integrator. Required at creation.
        type: str
      public_key:
        description:
          - Public key of the API member. Required at creation.
        type: str
      private_key:
        description:
          - Private key of the API member. Required at creation, and when the server moves to another address.
        type: str
      validate_certs:
        description:
          - Whether to verify the TLS certificate of the server.
          - Defaults to V(true) at creation.
        type: bool
      ca_path:
        description:
          - File with the certificate authorities that the server's certificate is verified against, in PEM format.
            Without it, those of the Python library certifi are used.
        type: path
  autotask:
    description:
      - Settings for O(platform=autotask). An omitted setting keeps what is stored. None can be made blank.
    type: dict
    suboptions:
      user_name:
        description:
          - User name of the API user. Required at creation.
        type: str
      password:
        description:
          - Password (secret) of the API user. Required at creation, and when O(autotask.url) moves to another address.
        type: str
      api_integration_code:
        description:
          - API integration code of the vendor that the API user is tied to. Required at creation, and when
            O(autotask.url) moves to another address.
        type: str
      url:
        description:
          - Address at which the zone of the API user is looked up.
          - Defaults to V(https://webservices.autotask.net) at creation.
        type: str
      validate_certs:
        description:
          - Whether to verify the TLS certificate of Autotask.
          - Defaults to V(true) at creation.
        type: bool
      ca_path:
        description:
          - File with the certificate authorities that Autotask's certificate is verified against, in PEM format.
            Without it, those of the Python library certifi are used.
        type: path
  reset:
    description:
      - Names of optional settings that go back to what they are at creation, for example V(soap_check_operation).
    type: list
    elements: str
  administrators:
    description:
      - People who look after the integration and are notified when it is deleted. This is the full list.
      - If omitted, the stored ones are kept. With O(solution=business_hub) there has to be at least one.
    type: list
    elements: dict
    suboptions:
      email:
        description:
          - E-mail address, exactly one. Required.
        type: str
      alias:
        description:
          - Name of the person. Required.
        type: str
  update_secrets:
    description:
      - V(on_change) stores a secret that is given if it is another one than the stored one, which is found out without
        opening the stored one.
      - V(always) stores every secret that is given.
      - V(on_create) stores secrets only when the integration is created.
    type: str
    choices:
      - on_change
      - always
      - on_create
    default: on_change
  required_secrets:
    description:
      - Names of secret settings, for example V(soap_password), that have to be given in this task.
      - A rotation should use it, because an empty lookup that ends up as an omitted option would otherwise look like
        success.
    type: list
    elements: str
  verify:
    description:
      - V(on_change) proves settings against the platform before they are saved.
      - V(always) proves them as well when nothing changes.
      - V(never) saves them unproven.
    type: str
    choices:
      - on_change
      - always
      - never
    default: on_change
  require_verified:
    description:
      - APIs whose credentials have to be proven. If one of these is only V(reachable), the task fails and saves
        nothing.
    type: list
    elements: str
    choices:
      - rest
      - soap
  when_bound:
    description:
      - What a deletion does when virtual servers or companies are bound to the integration.
      - V(unbind) unbinds them.
      - V(fail) refuses the deletion and names them.
    type: str
    choices:
      - unbind
      - fail
    default: unbind
  unbind_only:
    description:
      - The virtual servers and companies that a deletion may unbind, by name, C(uid) or C(id).
      - If another one is bound, perhaps since you looked, nothing is deleted, and it is named. An empty list lets a
        deletion unbind none.
    type: list
    elements: str
notes:
  - No setting of a platform has an environment variable that stands in for it, so that a stray variable never changes a
    credential.
  - A stored secret never follows an edited address. When the scheme, host or port that it is sent to changes, the
    secret has to be given again in the same task.
  - After a deletion, notifications that could not be delivered stay in the registry. The task succeeds with a warning,
    and M(msp.kaspersky.notification) delivers them later.
seealso:
  - module: msp.kaspersky.integration_info
  - module: msp.kaspersky.binding
  - module: msp.kaspersky.notification
"""

EXAMPLES = r"""
- name: Keep an integration with Tigerpaw, with options in common for all tasks
  module_defaults:
    group/msp.kaspersky.all:
      registry: postgresql://msp@db.example.com/msp
      registry_password_file: /run/secrets/registry_password
      secret_store: registry
      secret_key_file: /run/secrets/registry_key
      instance: Head office
  block:
    - name: Create the integration, or bring it to this state
      msp.kaspersky.integration:
        platform: tigerpaw
        solution: security_center
        tigerpaw:
          soap_user_name: kaspersky
          soap_password: "{{ vault_tigerpaw_soap_password }}"
          rest_public_key: "{{ tigerpaw_rest_public_key }}"
          rest_private_key: "{{ vault_tigerpaw_rest_private_key }}"
          soap_check_operation: GetServiceTypes
        administrators:
          - email: ann@msp.example
            alias: Ann
      register: tigerpaw

    - name: Show what would change with another address, to which no stored secret follows, without changing it
      msp.kaspersky.integration:
        name: Integration with Tigerpaw
        tigerpaw:
          url: https://tigerpaw.msp.example
          soap_password: "{{ vault_tigerpaw_soap_password }}"
          rest_private_key: "{{ vault_tigerpaw_rest_private_key }}"
      check_mode: true
      diff: true

- name: Rename an integration
  msp.kaspersky.integration:
    name: Integration with Tigerpaw
    new_name: Tigerpaw north

- name: Rotate a password, and refuse to go on if it came out empty
  msp.kaspersky.integration:
    name: Tigerpaw north
    tigerpaw:
      soap_password: "{{ lookup('ansible.builtin.env', 'TIGERPAW_SOAP_PASSWORD') | default(omit, true) }}"
    required_secrets:
      - soap_password

- name: Rotate the passwords of several integrations, with names but no secrets as loop items
  msp.kaspersky.integration:
    name: Tigerpaw {{ item }}
    tigerpaw:
      soap_password: "{{ lookup('ansible.builtin.vars', 'vault_soap_password_' ~ item) }}"
    required_secrets:
      - soap_password
  loop:
    - north
    - south

- name: Put an optional setting back
  msp.kaspersky.integration:
    name: Tigerpaw north
    reset:
      - soap_check_operation

- name: Tell refused credentials from other failures
  block:
    - name: Prove the settings even if nothing changes
      msp.kaspersky.integration:
        name: Tigerpaw north
        verify: always
        require_verified:
          - rest
          - soap
      register: proof
  rescue:
    - name: Say that the credentials have to be replaced
      ansible.builtin.debug:
        msg: "Tigerpaw refuses the API user: {{ ansible_failed_result.msg }}"
      when: ansible_failed_result.error.code == 'credentials_refused'

    - name: Fail on anything else
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg }}"
      when: ansible_failed_result.error.code != 'credentials_refused'

- name: Delete an integration and notify its administrators
  msp.kaspersky.integration:
    name: Tigerpaw north
    state: absent
    smtp_host: mail.msp.example
    smtp_username: notifier
    smtp_password_file: /run/secrets/smtp_password
    mail_from: notifier@msp.example
  register: deleted

- name: Delete an integration and let Security Center send the mails
  msp.kaspersky.integration:
    name: Tigerpaw west
    state: absent
    notify_through:
      - security_center
    security_center:
      url: https://ksc.example.com
      username: ansible
      password_file: /run/secrets/ksc_password
      ca_path: /etc/ssl/certs/ksc.pem

- name: Bind what was unbound to another integration
  msp.kaspersky.binding:
    integration: Tigerpaw south
    virtual_servers: "{{ deleted.unbound }}"
"""

RETURN = r"""
integration:
  description:
    - The integration as it is now, or as it would be in check mode, where what is yet to be made is null.
    - With O(state=absent) the integration as it was, or null if there was none.
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
verification:
  description:
    - What was proven of each API, V(verified) or V(reachable).
    - V(reachable) means that the API answers, and that its credentials are not proven.
    - Empty if nothing had to be proven.
  returned: when O(state=present)
  type: dict
  sample:
    rest: verified
    soap: reachable
secrets_changed:
  description: Names of the secret settings that were stored anew.
  returned: when O(state=present)
  type: list
  elements: str
  sample:
    - soap_password
unbound:
  description:
    - The virtual servers or companies that the deletion unbound, which are valid input for M(msp.kaspersky.binding).
  returned: when O(state=absent)
  type: list
  elements: dict
  contains:
    uid:
      description: C(KLVSRV_UID) of a virtual server, or the identifier that was given to a company.
      returned: when there is one
      type: str
      sample: "1042"
    name:
      description: Name of the virtual server or company.
      type: str
      sample: Harbour Dental
unmapped:
  description: Mappings that the deletion ended, which are valid input for M(msp.kaspersky.mapping).
  returned: when O(state=absent)
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
notified:
  description: Messages about the deletion that were delivered.
  returned: when O(state=absent)
  type: list
  elements: dict
  contains:
    channel:
      description: V(smtp), V(webhook) or V(security_center).
      type: str
      sample: smtp
    recipient:
      description: E-mail address. Null for the webhook.
      type: str
      sample: ann@msp.example
notifications_pending:
  description: How many notifications of the instance wait for delivery, those of earlier deletions included.
  returned: when O(state=absent)
  type: int
  sample: 0
diff:
  description: The integration before and after, without secrets.
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
      sample: credentials_refused
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import INTEGRATION


def main() -> None:
    run(INTEGRATION, IntegrationClient.keep_integration)


if __name__ == "__main__":
    main()
