# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The way of a plugin that runs inside of Ansible's own process to the client: the same boundary that modules have.

A plugin gathers the options that it was given, as they are, and asks:

.. code-block:: python

    result = ask(TENANT_INFO, {"registry": ..., "bound": True}, IntegrationClient.list_tenants)

Options that are ``None`` count as omitted; those that have an environment variable fall back to it. That is the
environment of Ansible itself: ``environment:`` of a play or task reaches modules and actions only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.display import Display

from ansible_collections.msp.kaspersky.plugins.module_utils.client import forget_everything
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome, Work, perform_unchecked
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain


class PluginError(AnsibleError):
    """
    A refusal or failure, without any secret.

    :param message: what is wrong, where, and what to do. A task sees of a plugin's failure nothing but a text, so the
        code is put behind it.
    :param error: ``code`` and further facts, as modules return them in ``error``.
    """

    def __init__(self, message: str, error: Mapping[str, Any]) -> None:
        super().__init__(f"{message} (error code: {error['code']})")
        self.error = error

    @property
    def code(self) -> str:
        """What happened, for example ``registry_missing``."""
        return str(self.error["code"])


def ask(
    specification: ModuleSpecification, arguments: Mapping[str, Any], work: Work, *, check_mode: bool = False
) -> dict[str, Any]:
    """
    Let the client do its work with a plugin's options, and show its warnings.

    :param specification: what the plugin accepts.
    :param arguments: the options as Ansible handed them over, not validated.
    :param work: a method of ``IntegrationClient``.
    :returns: its result; redacted, unless the specification says that it returns secrets.
    :raises PluginError: whatever failed, all faults of the options at once; it holds no secret and refers to no other
        exception. Interruptions pass.
    """
    outcome = attempt(specification, arguments, work, check_mode=check_mode)
    for warning in outcome.warnings:
        Display().warning(warning)
    if outcome.failed:
        raise PluginError(outcome.result["msg"], outcome.result["error"])
    return outcome.result


def attempt(
    specification: ModuleSpecification,
    arguments: Mapping[str, Any],
    work: Work,
    *,
    check_mode: bool,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Outcome:
    """
    Let the client do its work with a plugin's options, and tell what came of it.

    An interruption, such as that of the keyword ``timeout``, passes. It may have come at any moment, so nothing that
    is kept is used again after it; the exceptions that it interrupted are left behind: their texts may hold secrets.

    :param environment: stands in for options that are not given; by default that of this process.
    :param tell: takes a line now and then while long work runs.
    :returns: the outcome, also that of a failure; redacted, unless the specification says that it returns secrets.
    """
    try:
        return perform_unchecked(specification, plain(arguments), check_mode, work, environment, tell)
    except BaseException as interruption:
        forget_everything()
        raise interruption from None
