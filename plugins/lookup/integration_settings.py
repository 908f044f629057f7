# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: integration_settings
short_description: Get the saved settings of integrations, secrets included
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Returns what an integration has saved, for any other task that talks to its platform.
  - It reads the registry and the secret store. It writes nothing, sends nothing, and does the same in check mode.
  - What it returns holds passwords and private keys in clear. Use it where the value is needed, in a task with
    C(no_log=true), and nowhere else. The notes say where values stay visible.
extends_documentation_fragment:
  - msp.kaspersky.registry
options:
  _terms:
    description:
      - Names of integrations. Several names in one lookup cost little more than one, because the registry is opened
        once.
      - Mutually exclusive with O(integration_id). One of the two is required.
    type: list
    elements: str
  integration_id:
    description:
      - Identifier of the integration, instead of its name. It outlives a change of the name.
    type: str
  registry:
    env:
      - name: MSP_KASPERSKY_REGISTRY
    vars:
      - name: msp_kaspersky_registry
  registry_password:
    env:
      - name: MSP_KASPERSKY_REGISTRY_PASSWORD
    vars:
      - name: msp_kaspersky_registry_password
  registry_password_file:
    env:
      - name: MSP_KASPERSKY_REGISTRY_PASSWORD_FILE
    vars:
      - name: msp_kaspersky_registry_password_file
  instance:
    env:
      - name: MSP_KASPERSKY_INSTANCE
    vars:
      - name: msp_kaspersky_instance
  secret_store:
    env:
      - name: MSP_KASPERSKY_SECRET_STORE
    vars:
      - name: msp_kaspersky_secret_store
  secret_key:
    env:
      - name: MSP_KASPERSKY_SECRET_KEY
    vars:
      - name: msp_kaspersky_secret_key
  secret_key_file:
    env:
      - name: MSP_KASPERSKY_SECRET_KEY_FILE
    vars:
      - name: msp_kaspersky_secret_key_file
  actor:
    description:
      - Without effect, like E(MSP_KASPERSKY_ACTOR), because looking settings up writes no history.
      - It is accepted as in every module, so that all take the same options.
    env:
      - name: MSP_KASPERSKY_ACTOR
    vars:
      - name: msp_kaspersky_actor
notes:
  - A lookup runs on the controller, inside of Ansible's own process. C(module_defaults) and C(environment) of a play or
    task do not reach it. So its options are also read from Ansible variables, which C(module_defaults) can use as well.
    An option of the lookup goes before the variable, and the variable before the environment variable.
  - Ansible evaluates a lookup wherever its value is used. Put it into C(vars) of the one task that needs it. A fact or
    a registered variable keeps the secrets for the rest of the play, and may write them into the cache of facts.
  - Results of lookups are never run as templates, whatever they contain.
  - That settings were looked up is not written into the history.
seealso:
  - plugin: msp.kaspersky.tigerpaw_headers
    plugin_type: filter
  - module: msp.kaspersky.integration_info
"""

EXAMPLES = r"""
- name: Ask Tigerpaw for an account
  ansible.builtin.uri:
    url: "{{ account_url }}"
    headers: "{{ tigerpaw | msp.kaspersky.tigerpaw_headers('GET', account_url) }}"
    follow_redirects: none
  vars:
    tigerpaw: "{{ lookup('msp.kaspersky.integration_settings', 'Integration with Tigerpaw') }}"
    account_url: "{{ tigerpaw.settings.url }}/api/accounts/1"
  register: account
  no_log: true

- name: Give another program the saved password
  ansible.builtin.command:
    argv:
      - /opt/billing/bin/import
    stdin: "{{ lookup('msp.kaspersky.integration_settings', integration_id=billing_id).settings.soap_password }}"
  changed_when: true
  no_log: true

- name: Write down which user each integration has
  ansible.builtin.copy:
    content: "{{ users | to_nice_yaml }}"
    dest: users.yml
    mode: "0600"
  vars:
    names: [Tigerpaw north, Tigerpaw south]
    saved: "{{ query('msp.kaspersky.integration_settings', names, instance='Head office') }}"
    users: "{{ dict(saved | map(attribute='name') | zip(saved | map(attribute='settings.soap_user_name'))) }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description:
    - The integrations, in the order in which they were asked for. C(lookup) makes a dictionary of a single one,
      C(query) always returns a list.
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the integration.
      type: str
      sample: 1f0f4c5e-6a4b-4a52-9d3b-7c1d2a9f4b11
    name:
      description: Its name.
      type: str
      sample: Integration with Tigerpaw
    platform:
      description: Its platform.
      type: str
      sample: tigerpaw
    solution:
      description: The Kaspersky solution that it belongs to.
      type: str
      sample: security_center
    instance:
      description: The instance that it belongs to.
      type: str
      sample: default
    settings:
      description:
        - Its settings as the options of M(msp.kaspersky.integration) for its platform name them, secrets included.
        - An address that the platform derives from another one is filled in.
      type: dict
      sample:
        ca_path: null
        rest_private_key: VALUE_OF_THE_PRIVATE_KEY
        rest_public_key: 3383259B-9FBA-486E-97A8-E81893741F83
        soap_password: VALUE_OF_THE_PASSWORD
        soap_url: https://api2.tigerpawsoftware.com/api/rmm/tsiWS.asmx
        soap_user_name: kaspersky
        url: https://api2.tigerpawsoftware.com
        validate_certs: true
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.options import ALL, INTEGRATION_SETTINGS
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import PluginError, ask

VARIABLE_PREFIX = "msp_kaspersky_"


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
        # Not by set_options: it repeats in its message what it cannot convert, and ignores what is no option.
        given = {name: value for name, value in options.items() if value is not None}
        arguments = {**self._from_variables(variables or {}), **given, "_terms": self._flatten(terms) or None}
        try:
            result = ask(INTEGRATION_SETTINGS, arguments, IntegrationClient.saved_settings)
        except PluginError as error:
            raise AnsibleLookupError(error.message) from None
        return list(result["integrations"])

    def _from_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        named = {name: VARIABLE_PREFIX + name for name in ALL}
        return {name: self._templar.template(variables[key]) for name, key in named.items() if key in variables}
