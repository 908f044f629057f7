# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: writes integrations as the variable that recreates them, safe to load again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._domain.errors import missing_library
from .._domain.model import TENANT_KINDS, Integration, Tenant
from .._domain.plan import shown_administrators
from .._domain.tenant_references import OPTIONS
from .results import tenant_references

_TEMPLATE_MARKERS = ("{{", "{%", "{#")
_HEADING = """\
# Integrations of the instance {instance}, without secrets: add those by reference, for example
# soap_password: "{{{{ lookup('community.hashi_vault.hashi_vault', ...) }}}}".
"""


class _Unsafe(str):
    """Text from outside that Ansible must never evaluate when it loads the file."""


def exported(instance: str, integrations: Sequence[Integration], tenants: Mapping[str, Sequence[Tenant]]) -> str:
    """
    Write integrations so that the text can be saved and loaded as a file of variables.

    Text that Ansible would take for a template is tagged ``!unsafe``, so a tenant called ``{{ ... }}`` stays a name.

    :param tenants: the tenants that each integration holds, by id of the integration.
    :returns: a YAML document with the variable ``msp_kaspersky_integrations``.
    :raises IntegrationError: ``dependency_missing`` without PyYAML.
    """
    try:
        import yaml
    except ImportError:
        raise missing_library("PyYAML") from None

    class Dumper(yaml.SafeDumper):
        """Knows the tag ``!unsafe``."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))
    described = [_described(integration, tenants.get(integration.id, ())) for integration in integrations]
    document = yaml.dump(
        {"msp_kaspersky_integrations": _marked(described)},
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=120,
    )
    return "---\n" + _HEADING.format(instance=_one_line(instance)) + document


def _described(integration: Integration, tenants: Sequence[Tenant]) -> dict[str, Any]:
    settings = {name: value for name, value in integration.settings.items() if value is not None}
    described: dict[str, Any] = {
        "name": integration.name,
        "platform": integration.platform,
        "solution": str(integration.solution),
        integration.platform: settings,
    }
    if integration.administrators:
        described["administrators"] = shown_administrators(integration.administrators)
    if tenants:
        described[OPTIONS[TENANT_KINDS[integration.solution]]] = tenant_references(tenants)
    return described


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, str) and any(marker in value for marker in _TEMPLATE_MARKERS):
        return _Unsafe(value)
    return value


def _one_line(text: str) -> str:
    return " ".join(text.split())
