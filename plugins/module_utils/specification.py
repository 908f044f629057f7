# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module accepts: its options, and the relations between them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .environment import Options

_DAY = 24 * 60 * 60
_CENTURY_IN_DAYS = 36525
_MOST = {
    "timeout": _DAY,
    "security_center.timeout": _DAY,
    "verify_delay": _DAY,
    "smtp_port": 65535,
    "credentials_older_than": _CENTURY_IN_DAYS,
    "history_newer_than": _CENTURY_IN_DAYS,
    "history_retention": _CENTURY_IN_DAYS,
    "notification_retention": _CENTURY_IN_DAYS,
}


@dataclass(frozen=True)
class ModuleSpecification:
    """
    What a module accepts.

    :param argument_spec: as ``AnsibleModule`` expects it, and so the other relations between options.
    :param required_if: ``(option, value, options of which one is needed)``; always "any of", never "all of".
    :param least: the smallest number that an option accepts, by path of the option.
    :param most: the largest one; beyond it, times and ports cannot be reckoned with.
    :param never_null: options that mean everything when omitted, so that null, an empty lookup, must not count as that.
    :param returns_secrets: whether the result consists of secrets and goes out as it is, unlike errors and warnings.
        For lookups alone, whose results Ansible neither shows nor logs; no module can use such a specification.
    """

    argument_spec: Options
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[str, Any, tuple[str, ...]], ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=lambda: _MOST)
    never_null: tuple[str, ...] = ()
    returns_secrets: bool = False

    def keywords(self) -> dict[str, Any]:
        """
        Tell the specification in the words of ansible-core.

        :returns: keyword arguments of ``AnsibleModule`` and ``ArgumentSpecValidator``; a copy that may be changed.
        """
        return {
            "argument_spec": deepcopy(self.argument_spec),
            "mutually_exclusive": [list(names) for names in self.mutually_exclusive],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_if": [[name, value, list(names), True] for name, value, names in self.required_if],
        }

    @cached_property
    def validator(self) -> ArgumentSpecValidator:
        """Judges and completes arguments as ansible-core does, but takes nothing from the environment. Made once."""
        keywords = self.keywords()
        for option in keywords["argument_spec"].values():
            option.pop("fallback", None)
        return ArgumentSpecValidator(**keywords)
