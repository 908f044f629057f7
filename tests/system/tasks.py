# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks, carried out as modules or actions do it, but without a playbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.msp.kaspersky.plugins.module_utils import options as specifications
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient, forget_everything
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import attempt

Options = dict[str, Any]
Result = dict[str, Any]

SECRET_KEY = "c3lzdGVtLXRlc3Qta2V5LW5vdC11c2VkLWVsc2V3aGU="
OTHER_KEY = "YW5vdGhlciBrZXkgZm9yIHRoZSBzeXN0ZW0gdGVzdHM="
SOAP_PASSWORD, REST_PRIVATE_KEY = "Soap<&>pass'w0rd \u00e9", "Private/Key+0123456789=="
TIGERPAW = {
    "soap_user_name": "kaspersky",
    "soap_password": SOAP_PASSWORD,
    "rest_public_key": "public-key-1",
    "rest_private_key": REST_PRIVATE_KEY,
    "url": "https://tigerpaw.example",
}
ADMINISTRATORS = [{"email": "ann@msp.example", "alias": "Ann"}, {"email": "bob@msp.example", "alias": "Bob"}]

MODULES: dict[str, tuple[ModuleSpecification, Callable[[IntegrationClient], Result]]] = {
    "integration": (specifications.INTEGRATION, IntegrationClient.keep_integration),
    "api_user": (specifications.API_USER, IntegrationClient.rotate_credentials),
    "administrator": (specifications.ADMINISTRATOR, IntegrationClient.keep_administrator),
    "integration_info": (specifications.INTEGRATION_INFO, IntegrationClient.list_integrations),
    "binding": (specifications.BINDING, IntegrationClient.bind_tenants),
    "mapping": (specifications.MAPPING, IntegrationClient.map_accounts),
    "account_info": (specifications.ACCOUNT_INFO, IntegrationClient.list_accounts),
    "tenant_info": (specifications.TENANT_INFO, IntegrationClient.list_tenants),
    "notification_info": (specifications.NOTIFICATION_INFO, IntegrationClient.list_notifications),
    "notification": (specifications.NOTIFICATION, IntegrationClient.deliver_notifications),
    "registry": (specifications.REGISTRY, IntegrationClient.maintain_registry),
    "registry_info": (specifications.REGISTRY_INFO, IntegrationClient.describe_registry),
}


def perform(module: str, options: Options, check_mode: bool = False) -> Result:
    """
    Carry out one task as a module does, which begins like a new process.

    :param module: name of the module.
    :param options: as a task gives them; they are validated and completed by ansible-core's own validator.
    :raises IntegrationError: the task failed.
    """
    specification, work = MODULES[module]
    validated = ArgumentSpecValidator(specification.argument_spec).validate(options)
    assert not validated.error_messages, validated.error_messages
    given = {name: value for name, value in validated.validated_parameters.items() if value is not None}
    forget_everything()
    return work(IntegrationClient(given, SecretsInPlay(), check_mode))


def perform_in_process(module: str, options: Options) -> Result:
    """
    Carry out one task as an action does, with what the process has kept from those before.

    :raises IntegrationError: the task failed.
    """
    outcome = attempt(MODULES[module][0], options, MODULES[module][1], check_mode=False)
    if outcome.failed:
        raise IntegrationError(ErrorCode(outcome.result["error"]["code"]), outcome.result["msg"])
    return outcome.result
