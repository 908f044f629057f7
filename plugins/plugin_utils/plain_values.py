# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What Ansible hands to a plugin, as Python's own values.

Inside of its own process Ansible passes texts that are unsafe, tagged, rendered when read or still encrypted. Modules
never see these, so what modules are made of need not know them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from ansible.module_utils.common.parameters import remove_values

try:
    from ansible.parsing.vault import EncryptedString
except ImportError:  # before ansible-core 2.19
    from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode as EncryptedString

_PLAIN = frozenset({str, bool, int, float, type(None)})


def plain(value: Any) -> Any:
    """
    Turn a value into Python's own types, everything inside included.

    :returns: texts, numbers, lists and dictionaries as a module would get them; vaulted text decrypted.
    :raises AnsibleError: a vaulted text cannot be decrypted.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, EncryptedString):
        return plain(str(value))
    if isinstance(value, str):
        return str.__str__(value)  # str(value) would ask the subclass, which returns itself
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__int__(value)
    if isinstance(value, date):  # moments as well; YAML makes one of a name such as 2026-11-23
        return value.isoformat()
    return float.__float__(value) if isinstance(value, float) else value


def masked(value: Any, secrets: Collection[str]) -> Any:
    """
    Mask secrets wherever they stand, as ``AnsibleModule`` does.

    :param value: of Python's own types.
    :param secrets: none of them empty.
    :returns: the value itself where there is nothing to mask.
    """
    # Ansible looks for each secret in each text. One look at all of them together takes a tenth of the time.
    said = _said(value) if secrets else ""
    return remove_values(value, secrets) if any(secret in said for secret in secrets) else value


def _said(value: Any) -> str:
    """Write all texts and numbers of a value one below the other."""
    said: list[str] = []
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            left += item.values()
        elif isinstance(item, list):
            left += item
        else:
            said.append(str(item))
    return "\n".join(said)
