# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The language in which ConnectWise Manage is asked for companies: ``conditions=name="x" and deletedFlag=false``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TERM = re.compile(r"""\s*([A-Za-z/]+)\s*(!=|=|<=|>=|<|>|\blike\b|\bcontains\b)\s*("(?:[^"]*)"|[^\s"]+)\s*""")
_AND = re.compile(r"and\b", re.IGNORECASE)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value < wanted,
    ">": lambda value, wanted: value > wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">=": lambda value, wanted: value >= wanted,
    "contains": lambda value, wanted: str(wanted).casefold() in str(value).casefold(),
    "like": lambda value, wanted: re.fullmatch(re.escape(wanted).replace("%", ".*"), value, re.IGNORECASE) is not None,
}


def meets(row: Mapping[str, Any], conditions: str) -> bool:
    """
    Tell whether a row meets all conditions.

    :raises ValueError: They cannot be read.
    """
    rest, met = conditions, True
    while rest:
        term = _TERM.match(rest)
        if term is None or term[1] not in row:
            raise ValueError(rest)
        met = _COMPARE[term[2]](row[term[1]], _value(term[3])) and met
        rest = rest[term.end() :]
        if rest:
            joined = _AND.match(rest)
            if joined is None or joined.end() == len(rest):
                raise ValueError(rest)
            rest = rest[joined.end() :]
    return met


def _value(text: str) -> Any:
    if text.startswith('"'):
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text)
