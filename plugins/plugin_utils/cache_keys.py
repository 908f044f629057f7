# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under which key an answer is cached: one for each question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from ansible_collections.msp.kaspersky.plugins.module_utils.environment import Options
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification


def question_key(specification: ModuleSpecification, arguments: Mapping[str, Any], fields: Iterable[str]) -> str:
    """
    Tell one question from another, without its secrets.

    :param arguments: the options together with what the environment adds to them.
    :param fields: what is told of each thing, so that answers of another version are left alone.
    :returns: 16 hexadecimal digits.
    """
    asked = [list(fields), sorted(map(str, arguments)), _without_secrets(specification.argument_spec, arguments)]
    return sha256(json.dumps(asked, default=repr).encode()).hexdigest()[:16]


def _without_secrets(options: Options, arguments: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        (
            name,
            _without_secrets(option["options"], arguments[name])
            if _is_nested(option, arguments[name])
            else arguments[name],
        )
        for name, option in options.items()
        if name in arguments and not option.get("no_log")
    ]


def _is_nested(option: Mapping[str, Any], value: Any) -> bool:
    return "options" in option and isinstance(value, Mapping)
