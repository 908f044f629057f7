#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_user
short_description: Rotate the credentials of an API user in every integration that uses it
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Gives an API user of a PSA platform new credentials, in every integration of the registry that uses it, at once. A
    password that stays stale in one integration locks the user out of all of them.
  - The new credentials are proven before they are saved, once for all integrations that have the same settings, and
    only with the API that they are for. If they are refused, nothing is saved anywhere.
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
  idempotent:
    details:
      - With O(update_secrets=always) every run changes the secrets that are given.
options:
  platform:
    description:
      - PSA platform of the API user. If omitted, it is the one whose settings are given.
    type: str
    choices:
      - tigerpaw
      - connectwise_manage
      - autotask
  user_name:
    description:
      - Name of the API user as it is stored now, which is the SOAP user name or the REST public key for Tigerpaw, the
        public key for ConnectWise Manage, and the user name for Autotask.
      - If no integration has it any more, those that already have the new name are meant, so that a task can run again.
    type: str
    required: true
  address:
    description:
      - Address of the platform at which the user is one, for example V(https://api2.tigerpawsoftware.com). Its scheme,
        host and port count.
      - Required if users of the same name are in use at several addresses, because their passwords differ.
    type: str
  tigerpaw:
    description:
      - New credentials for O(platform=tigerpaw).
    type: dict
    suboptions:
      soap_user_name:
        description:
          - New user of the SOAP API, if it is another one from now on. It needs its password.
        type: str
      soap_password:
        description:
          - New password of the SOAP user.
        type: str
      rest_public_key:
        description:
          - New public key of the rep account. It needs its private key.
        type: str
      rest_private_key:
        description:
          - New private key of the rep account.
        type: str
  connectwise_manage:
    description:
      - New credentials for O(platform=connectwise_manage).
    type: dict
    suboptions:
      public_key:
        description:
          - New public key of the API member. It needs its private key.
        type: str
      private_key:
        description:
          - New private key of the API member.
        type: str
  autotask:
    description:
      - New credentials for O(platform=autotask).
    type: dict
    suboptions:
      user_name:
        description:
          - New API user, if it is another one from now on. It needs its password.
        type: str
      password:
        description:
          - New password (secret) of the API user.
        type: str
      api_integration_code:
        description:
          - New API integration code of the vendor that the API user is tied to.
        type: str
  update_secrets:
    description:
      - V(on_change) stores a secret that is given where it is another one than the stored one, which is found out
        without opening the stored one.
      - V(always) stores every secret that is given.
    type: str
    choices:
      - on_change
      - always
    default: on_change
  required_secrets:
    description:
      - Names of secret settings, for example V(soap_password), that have to be given in this task. An empty lookup that
        ends up as an omitted option is refused then.
    type: list
    elements: str
  verify:
    description:
      - V(on_change) proves the new credentials before they are saved.
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
notes:
  - All instances of the registry are meant, whatever the option O(instance) says. It would be of no use to spare one,
    because its stale password would lock the user out for the others.
  - One task is about one API user. Credentials of another user of the same platform may come with it if exactly the
    same integrations share that one.
  - What else an integration has, such as its address, is changed with M(msp.kaspersky.integration).
seealso:
  - module: msp.kaspersky.integration
  - module: msp.kaspersky.integration_info
"""

EXAMPLES = r"""
- name: Give the SOAP user its new password in every integration
  msp.kaspersky.api_user:
    user_name: kaspersky
    tigerpaw:
      soap_password: "{{ vault_soap_password }}"
    required_secrets:
      - soap_password

- name: Use another key pair in every integration that has the old one
  msp.kaspersky.api_user:
    user_name: "{{ old_public_key }}"
    connectwise_manage:
      public_key: "{{ new_public_key }}"
      private_key: "{{ vault_new_private_key }}"

- name: Use a new API user, and give it up to ten minutes to become active
  msp.kaspersky.api_user:
    user_name: old@msp.example
    autotask:
      user_name: new@msp.example
      password: "{{ vault_autotask_password }}"
    verify_retries: 20
    verify_delay: 30

- name: Show which integrations would get the new password, and prove it, without saving it
  msp.kaspersky.api_user:
    user_name: kaspersky
    tigerpaw:
      soap_password: "{{ vault_soap_password }}"
  check_mode: true
  diff: true
"""

RETURN = r"""
api_user:
  description: The API user as it is from now on.
  returned: success
  type: dict
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
integrations:
  description: Every integration that uses it.
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
    instance:
      description: Instance that the integration belongs to.
      type: str
      sample: default
    changed:
      description: Whether it got something new.
      type: bool
      sample: true
    secrets_changed:
      description: Names of the secret settings that were stored anew.
      type: list
      elements: str
      sample:
        - soap_password
secrets_changed:
  description: Names of the secret settings that were stored anew in any of them.
  returned: success
  type: list
  elements: str
  sample:
    - soap_password
verification:
  description:
    - What was proven of the API of this user, V(verified) or V(reachable), and the weaker of it if several settings
      were proven. Empty if nothing had to be proven.
  returned: success
  type: dict
  sample:
    soap: verified
diff:
  description: The integrations that change, before and after, without secrets.
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import API_USER


def main() -> None:
    run(API_USER, IntegrationClient.rotate_credentials)


if __name__ == "__main__":
    main()
