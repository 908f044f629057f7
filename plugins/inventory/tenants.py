# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Virtual servers and companies as hosts
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Makes a host of every virtual server of Kaspersky Security Center and of every company, with the integration that
    holds it, so that plays, O(ignore:--limit), C(serial) and job slices work on tenants.
  - Tasks run on the controller. Nothing is sent to a tenant, and no tenant is connected to.
  - The source is a file whose name is or ends in C(tenants.yml) or C(tenants.yaml), for example C(ksc.tenants.yml).
  - A host is called after its tenant, for example C(harbour-dental-3fa2c19e04b7), the last part of which is made from
    C(KLVSRV_UID) of a virtual server or from the identifier of a company in the registry. So a tenant can never be
    taken for a server of the same name. A tenant that gets another name becomes another host.
  - Each host has the variables C(kaspersky_tenant_name), C(kaspersky_tenant_registered_name), C(kaspersky_tenant_uid),
    C(kaspersky_tenant_id), C(kaspersky_tenant_kind), C(kaspersky_tenant_instance), C(kaspersky_tenant_bound),
    C(kaspersky_tenant_bound_at), C(kaspersky_tenant_integration), C(kaspersky_tenant_integration_id),
    C(kaspersky_tenant_platform), C(kaspersky_tenant_account), C(kaspersky_tenant_known), C(kaspersky_tenant_stale) and
    C(kaspersky_tenant_enabled), which M(msp.kaspersky.tenant_info) describes, and C(kaspersky_tenant_solution).
  - All hosts are in the group C(kaspersky_tenants). Below it are C(kaspersky_bound), C(kaspersky_unbound),
    C(kaspersky_stale), C(kaspersky_unknown) and C(kaspersky_disabled), and one for each integration, platform and
    solution, for example C(kaspersky_integration_Integration_with_Tigerpaw), C(kaspersky_platform_tigerpaw) and
    C(kaspersky_solution_security_center).
extends_documentation_fragment:
  - msp.kaspersky.tenants
  - msp.kaspersky.registry
  - msp.kaspersky.security_center
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - Says that the file is a source of this plugin.
    type: str
    required: true
    choices:
      - msp.kaspersky.tenants
  filters:
    description:
      - Which hosts to show. The first condition that holds for a host decides. A host for which none holds is shown.
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description:
          - A Jinja condition on the variables of a host. The hosts for which it holds are shown.
        type: raw
      exclude:
        description:
          - A Jinja condition on the variables of a host. The hosts for which it holds are left out.
        type: raw
notes:
  - Values may be templates with lookups, so that no secret needs to be in the file. Variables of plays and hosts do
    not exist yet when it is read.
  - If the source cannot be read, Ansible warns and goes on without its hosts, unless C(any_unparsed_is_failed) is set.
  - Names of tenants and integrations come from outside. They are never rendered as templates.
seealso:
  - module: msp.kaspersky.tenant_info
  - module: msp.kaspersky.binding
"""

EXAMPLES = r"""
# ksc.tenants.yml: what exists in Security Center now, and which integration holds it.
# Without security_center, it is what the registry knows.
plugin: msp.kaspersky.tenants
registry: postgresql://msp@db.example.com/msp
registry_password: "{{ lookup('ansible.builtin.env', 'MSP_DATABASE_PASSWORD') }}"
instance: Head office
security_center:
  url: https://ksc.example.com
  username: inventory
  password: "{{ lookup('ansible.builtin.env', 'KSC_PASSWORD') }}"
  ca_path: /etc/msp/ksc.pem

# For ten minutes, neither of them is asked again.
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /var/cache/msp
cache_timeout: 600

# Only some of them
bound: true
filters:
  - include: "'Dental' in kaspersky_tenant_name"
  - exclude: true

# Variables and groups of one's own
strict: true
compose:
  client_number: kaspersky_tenant_uid
groups:
  new_clients: kaspersky_tenant_bound_at >= '2026'
keyed_groups:
  - key: kaspersky_tenant_platform
    prefix: psa
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.parameters import set_fallbacks
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.options import TENANTS
from ansible_collections.msp.kaspersky.plugins.plugin_utils.cache_keys import question_key
from ansible_collections.msp.kaspersky.plugins.plugin_utils.host_filters import host_filters, is_included
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import PluginError, ask
from ansible_collections.msp.kaspersky.plugins.plugin_utils.merged_tenants import EarlierTenants
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain
from ansible_collections.msp.kaspersky.plugins.plugin_utils.tenant_hosts import (
    ALL_TENANTS,
    FIELDS,
    STATES,
    VARIABLE_PREFIX,
    Tenant,
    TenantHost,
    tenant_hosts,
)

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19, every text that is not marked unsafe is a template

    def trust_as_template(value: str) -> str:
        return value


_LOCAL = {
    "ansible_connection": trust_as_template("local"),
    "ansible_python_interpreter": trust_as_template("{{ ansible_playbook_python }}"),
}


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Tenants as hosts."""

    NAME = "msp.kaspersky.tenants"

    def verify_file(self, path: str) -> bool:
        return path.endswith(("tenants.yml", "tenants.yaml")) and bool(super().verify_file(path))

    def set_options(
        self, task_keys: Any = None, var_options: Any = None, direct: Mapping[str, Any] | None = None
    ) -> None:
        # The collection's own options are judged where it judges those of modules: ansible-core repeats wrong values.
        of_core = self.option_definitions.keys() - TENANTS.argument_spec.keys()
        self._arguments = {name: value for name, value in (direct or {}).items() if name not in of_core}
        others = {name: value for name, value in (direct or {}).items() if name in of_core}
        super().set_options(task_keys=task_keys, var_options=var_options, direct=others)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        arguments = {name: self._rendered(name, value) for name, value in self._arguments.items()}
        tenants = self._tenants(arguments, path, cache)
        self._add_groups()
        earlier = EarlierTenants((host.name, host.vars) for host in self.inventory.hosts.values())
        hosts = tenant_hosts([earlier.merged(tenant) for tenant in tenants], self._is_foreign, earlier.host_names)
        for host, variables in self._shown(hosts):
            self._add_host(host, variables)

    def _rendered(self, option: str, value: Any) -> Any:
        try:
            return plain(self.templar.template(value))
        except AnsibleError:  # its text shows the template, which may hold a password with braces in it
            told = "cannot be rendered as a template; take a password with {{ or {% in it from a file or a lookup"
            raise AnsibleParserError(f"{option}: {told}") from None

    def _tenants(self, arguments: Mapping[str, Any], path: str, cache: bool) -> list[Tenant]:
        """Take the tenants from the cache, or ask and put them there."""
        if not self.get_option("cache"):
            return _list_tenants(arguments)
        key = f"{self.get_cache_key(path)}_{question_key(TENANTS, _with_environment(arguments), FIELDS)}"
        kept = self._cache.get(key) if cache else None
        if kept is None:
            kept = self._cache[key] = {"tenants": _list_tenants(arguments)}
        tenants: list[Tenant] = kept["tenants"]
        return tenants

    def _is_foreign(self, group: str, integration_id: str) -> bool:
        found = self.inventory.groups.get(group)
        variable = f"{VARIABLE_PREFIX}integration_id"
        return found is not None and any(host.vars.get(variable) != integration_id for host in found.hosts)

    def _shown(self, hosts: Iterable[TenantHost]) -> list[tuple[TenantHost, dict[str, Any]]]:
        """Choose all hosts before any is added, because a play must not run over half of them."""
        filters = host_filters(self.get_option("filters"))
        every = [(host, _LOCAL | _unsafe(host.variables)) for host in hosts]
        return [item for item in every if is_included(self.templar, item[0].name, item[1], filters)]

    def _add_groups(self) -> None:
        self.inventory.add_group(ALL_TENANTS)
        for group in STATES:
            self._add_group(group)

    def _add_group(self, group: str) -> None:
        self.inventory.add_group(group)
        self.inventory.add_child(ALL_TENANTS, group)

    def _add_host(self, host: TenantHost, variables: Mapping[str, Any]) -> None:
        self.inventory.add_host(host.name, group=ALL_TENANTS)
        for name, value in variables.items():
            self.inventory.set_variable(host.name, name, value)
        for group in set(STATES).difference(host.groups):  # what another source said before it was known better
            self.inventory.groups[group].remove_host(self.inventory.get_host(host.name))
        for group in host.groups:
            self._add_group(group)
            self.inventory.add_child(group, host.name)
        self._construct(host.name)

    def _construct(self, host: str) -> None:
        strict = self.get_option("strict")
        found = self.inventory.get_host(host)
        self._set_composite_vars(self.get_option("compose"), found.get_vars(), host, strict=strict)
        variables = found.get_vars()
        groups, keyed_groups = self.get_option("groups"), self.get_option("keyed_groups")
        self._add_host_to_composed_groups(groups, variables, host, strict=strict, fetch_hostvars=False)
        self._add_host_to_keyed_groups(keyed_groups, variables, host, strict=strict, fetch_hostvars=False)


def _list_tenants(arguments: Mapping[str, Any]) -> list[Tenant]:
    try:
        tenants: list[Tenant] = ask(TENANTS, arguments, IntegrationClient.list_tenants)["tenants"]
    except PluginError as error:
        raise AnsibleParserError(error.message) from None
    if any(field not in tenant for tenant in tenants[:1] for field in FIELDS):
        told = "a secret of this source, which is masked everywhere, is a word of the results as well; change it"
        raise AnsibleParserError(f"The tenants cannot be read: {told} (error code: invalid_settings)")
    return tenants


def _with_environment(arguments: Mapping[str, Any]) -> dict[str, Any]:
    completed = {name: value for name, value in arguments.items() if value is not None}
    set_fallbacks(TENANTS.argument_spec, completed)
    return completed


def _unsafe(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wrap_var(value) for name, value in variables.items()}
