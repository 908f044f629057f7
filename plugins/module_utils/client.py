# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The one client that every door calls: it manages integrations, their bindings, notifications and registry.

Each method imports its own operation: a module compiles all that it imports anew with each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ._domain.progress import Tell
from ._domain.redaction import SecretsInPlay
from ._operations.context import open_context
from ._storage.database import close_databases, is_usable
from ._storage.process import begin_anew
from ._storage.secrets import forget_fingerprint_keys

# What tasks import where they use it.
_OPERATIONS = (
    "administrate",
    "bind",
    "delete",
    "inform",
    "keep",
    "list_accounts",
    "list_tenants",
    "maintain",
    "map",
    "outbox",
    "rotate",
    "settings",
    "verify",
)
_STORES = ("encrypted_store", "keyring_store")


class IntegrationClient:
    """
    Carries out one task. Each method is one module or plugin; its docs say which options it reads and what it returns.

    :param options: validated options of the module or plugin; ``None`` counts as omitted.
    :param in_play: collects every secret that the task meets, so that the door can mask them.
    :param check_mode: plan and prove only, write nothing and send nothing that writes.
    :param tell: takes a line now and then while long work runs; without names and secrets.
    :raises IntegrationError: ``invalid_settings`` with every fault at once, or ``dependency_missing``.
    """

    def __init__(
        self, options: Mapping[str, Any], in_play: SecretsInPlay, check_mode: bool, tell: Tell | None = None
    ) -> None:
        self._context = open_context(options, in_play, check_mode, tell)

    def keep_integration(self) -> dict[str, Any]:
        """
        Create, edit, rename or delete an integration (module ``integration``).

        :raises IntegrationError: with one of the codes of the user guide; nothing is half done then.
        """
        if self._context.options.get("state") == "absent":
            from ._operations.delete import delete_integration

            return delete_integration(self._context)
        from ._operations.keep import keep_integration

        return keep_integration(self._context)

    def rotate_credentials(self) -> dict[str, Any]:
        """
        Give an API user new credentials in every integration that uses it (module ``api_user``).

        :raises IntegrationError: with one of the codes of the user guide; nothing was changed then.
        """
        from ._operations.rotate import rotate_credentials

        return rotate_credentials(self._context)

    def keep_administrator(self) -> dict[str, Any]:
        """Add, edit or remove one person in many integrations (module ``administrator``)."""
        from ._operations.administrate import keep_administrator

        return keep_administrator(self._context)

    def list_integrations(self) -> dict[str, Any]:
        """List, verify and export integrations (module ``integration_info``)."""
        from ._operations.inform import list_integrations

        return list_integrations(self._context)

    def bind_tenants(self) -> dict[str, Any]:
        """Bind, unbind and move tenants (module ``binding``)."""
        from ._operations.bind import bind_tenants

        return bind_tenants(self._context)

    def list_tenants(self) -> dict[str, Any]:
        """List tenants with the integration that holds each (module ``tenant_info``)."""
        from ._operations.list_tenants import list_tenants

        return list_tenants(self._context)

    def map_accounts(self) -> dict[str, Any]:
        """Map tenants to accounts of the PSA (module ``mapping``)."""
        from ._operations.map import map_accounts

        return map_accounts(self._context)

    def list_accounts(self) -> dict[str, Any]:
        """List accounts of the PSA with the tenant that is mapped to each (module ``account_info``)."""
        from ._operations.list_accounts import list_accounts

        return list_accounts(self._context)

    def list_notifications(self) -> dict[str, Any]:
        """List the outbox (module ``notification_info``)."""
        from ._operations.inform import list_notifications

        return list_notifications(self._context)

    def deliver_notifications(self) -> dict[str, Any]:
        """Deliver or discard pending messages (module ``notification``)."""
        from ._operations.outbox import empty_outbox

        return empty_outbox(self._context)

    def maintain_registry(self) -> dict[str, Any]:
        """Create, upgrade, encrypt anew, check and trim a registry (module ``registry``)."""
        from ._operations.maintain import maintain_registry

        return maintain_registry(self._context)

    def describe_registry(self) -> dict[str, Any]:
        """Tell what a registry holds and where its secrets are (module ``registry_info``)."""
        from ._operations.inform import describe_registry

        return describe_registry(self._context)

    def saved_settings(self) -> dict[str, Any]:
        """Hand out the saved settings of integrations, secrets included (lookup ``integration_settings``)."""
        from ._operations.settings import saved_settings

        return saved_settings(self._context)


def forget_everything() -> None:
    """Begin as a new process does: without the connections, keys and WSDLs that are kept from one task to the next."""
    from ._remote.kept import forget_what_is_kept  # no task needs it, so only the end of one imports it

    begin_anew()
    close_databases()
    forget_fingerprint_keys()
    forget_what_is_kept()


def can_work_here() -> bool:
    """Tell whether this Python has the library that every task needs; which others one needs shows when it runs."""
    return is_usable()


def prepare_to_fork() -> None:
    """Do once what every process that is forked from this one would do for itself; leaves nothing open."""
    if can_work_here():
        from ._storage.rehearsal import rehearse

        for operation in _OPERATIONS:
            import_module(f"{__package__}._operations.{operation}")
        for store in _STORES:
            import_module(f"{__package__}._storage.{store}")
        rehearse()
