# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: writes an instance as the variable that recreates it with the role ``integrations``, safe to load again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._domain.errors import missing_library
from .._domain.model import TENANT_KINDS, Instance, Integration, Tenant, TenantKind
from .._domain.plan import shown_administrators
from .._domain.platforms import stored_platform
from .._domain.similar_names import SimilarNames
from .._domain.tenant_references import OPTIONS
from .results import tenant_references

_VARIABLE = "integrations_instance"
_TEMPLATE_MARKERS = ("{{", "{%", "{#")
_HEADING = """\
---
# Everything of an instance but its secrets, as the role msp.kaspersky.integrations takes it. Where a secret belongs,
# there is a comment: let it refer to a lookup or to a variable of your own. What is kept already stays without it.
"""
_SECRET_LINE = re.compile(r"^( *)(\w+): !secret ''$", re.MULTILINE)
_NO_FOLDING = 2**31


class _Unsafe(str):
    """Text from outside that Ansible must never evaluate when it loads the file."""


class _Secret:
    """Stands where a secret belongs until the text is written; no text from outside is written like it."""


def exported(instance: Instance, integrations: Sequence[Integration], tenants: Mapping[str, Sequence[Tenant]]) -> str:
    """
    Write an instance so that the text can be saved and loaded as a file of variables.

    Text that Ansible would take for a template is tagged ``!unsafe``, so a tenant called ``{{ ... }}`` stays a name.

    :param tenants: the tenants that each integration holds, by id of the integration.
    :returns: a YAML document with the variable ``integrations_instance``.
    :raises IntegrationError: ``dependency_missing`` without PyYAML.
    """
    try:
        import yaml
    except ImportError:
        raise missing_library("PyYAML") from None

    class Dumper(yaml.SafeDumper):
        """Knows the tag ``!unsafe``, and indents lists as yamllint and ansible-lint want them."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    Dumper.add_representer(_Secret, lambda dumper, _secret: dumper.represent_scalar("!secret", ""))
    Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))
    similar = SimilarNames(tenant.name for held in tenants.values() for tenant in held)
    described = {
        "name": instance.name,
        "solution": str(instance.solution),
        "integrations": [_described(item, tenants.get(item.id, ()), similar) for item in _in_order(integrations)],
    }
    form: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": _NO_FOLDING}
    document: str = yaml.dump({_VARIABLE: _marked(described)}, Dumper=Dumper, **form)
    return _HEADING + _SECRET_LINE.sub(_commented, document)


def _in_order(integrations: Sequence[Integration]) -> list[Integration]:
    """Sort as Python does: databases differ in it."""
    return sorted(integrations, key=lambda integration: integration.name)


def _commented(line: re.Match[str]) -> str:
    """Write where a secret belongs; as a comment, because a value in its place could be taken for the secret."""
    indent, name = line.groups()
    return f'{indent}# {name}: "{{{{ your_{name} }}}}"'


def _described(integration: Integration, tenants: Sequence[Tenant], similar: SimilarNames) -> dict[str, Any]:
    tenants = sorted(tenants, key=lambda tenant: (tenant.name, tenant.uid or ""))
    platform = stored_platform(integration.platform, integration.name)
    kept = {field.name: integration.settings.get(field.name) for field in platform.plain_fields}
    settings = {name: value for name, value in kept.items() if value is not None}
    references = tenant_references(tenants)
    mappings = _mappings(tenants, references)
    return {
        "name": integration.name,
        "platform": integration.platform,
        integration.platform: {**settings, **{field.name: _Secret() for field in platform.secret_fields}},
        "administrators": shown_administrators(integration.administrators),
        OPTIONS[TENANT_KINDS[integration.solution]]: [
            _declared(tenant, reference, similar) for tenant, reference in zip(tenants, references, strict=True)
        ],
        **({"mappings": mappings} if mappings else {}),
    }


def _mappings(tenants: Sequence[Tenant], references: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """List the tenants that are mapped, each with its account, as ``mapping`` takes them."""
    return [
        {"tenant": reference, "account": {"id": tenant.account_id, "name": tenant.account_name}}
        for tenant, reference in zip(tenants, references, strict=True)
        if tenant.account_id is not None
    ]


def _declared(tenant: Tenant, reference: dict[str, Any], similar: SimilarNames) -> dict[str, Any]:
    """Say of a company without an identifier that it is no mistyped other one, if it looks like that."""
    unlike = tenant.kind is TenantKind.COMPANY and not tenant.uid and similar.to(tenant.name)
    return {**reference, "new": True} if unlike else reference


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, str) and any(marker in value for marker in _TEMPLATE_MARKERS):
        return _Unsafe(value)
    return value
