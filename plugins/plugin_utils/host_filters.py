# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``filters``, as other inventory plugins have it: the first condition that holds decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean

_VERDICTS = {"include": True, "exclude": False}


@dataclass(frozen=True)
class HostFilter:
    """
    One condition and what follows from it.

    :param includes: whether a host that meets it is shown or left out.
    """

    condition: str | bool
    includes: bool


def host_filters(given: object) -> list[HostFilter]:
    """
    Read the option.

    :param given: a list of dictionaries, each with ``include`` or ``exclude``.
    :raises AnsibleParserError: it is anything else.
    """
    if given is None:
        return []
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise AnsibleParserError("filters: must be a list of conditions, each with include or exclude")
    return [_host_filter(position, entry) for position, entry in enumerate(given)]


def is_included(templar: Any, host: str, variables: Mapping[str, Any], filters: Sequence[HostFilter]) -> bool:
    """
    Tell whether a host is shown.

    :param templar: of the inventory plugin; its variables are those of the host afterwards.
    :returns: what the first condition that holds says, and true if none holds.
    :raises AnsibleParserError: a condition cannot be evaluated.
    """
    templar.available_variables = {**variables, "inventory_hostname": host}
    for rule in filters:
        if _holds(templar, rule.condition, host):
            return rule.includes
    return True


def _host_filter(position: int, entry: object) -> HostFilter:
    given = {key: value for key, value in entry.items() if value is not None} if isinstance(entry, Mapping) else {}
    if len(given) != 1 or not given.keys() <= _VERDICTS.keys():
        raise AnsibleParserError(f"filters[{position}]: must have either include or exclude, and nothing else")
    [(key, condition)] = given.items()
    if not isinstance(condition, str | bool):
        raise AnsibleParserError(f"filters[{position}].{key}: must be a Jinja condition, or true or false")
    return HostFilter(condition, _VERDICTS[key])


def _holds(templar: Any, condition: str | bool, host: str) -> bool:
    if isinstance(condition, bool):
        return condition
    try:
        if hasattr(templar, "evaluate_conditional"):
            return bool(templar.evaluate_conditional(condition))
        return bool(boolean(templar.template(f"{{% if {condition} %}} True {{% else %}} False {{% endif %}}")))
    except AnsibleError as error:
        raise AnsibleParserError(f"filters: {condition!r} cannot be evaluated for {host}: {to_text(error)}") from error
