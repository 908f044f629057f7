# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the values of Security Center's Open API, in JSON and in Python (vendor's Open API description, "Types").

Texts, booleans, small numbers and arrays are plain JSON. What JSON cannot tell apart is wrapped where it stands in a
container or an array: ``{"type": "datetime", "value": "2020-05-03T00:59:09Z"}``; containers in containers likewise, as
``params``. An argument of a call is not wrapped, because the call knows its type.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeGuard

_BITS_OF_INT = 32
_BITS_OF_LONG = 64


UNREADABLE = object()
"""
Stands for a value of an unknown type, or not of the type that it says. Only those who need it refuse it: what a newer
server adds, or tells wrongly about something else, is no matter of ours.
"""


class UnreadableValue(Exception):
    """An answer that cannot be understood; the text goes on after "its answer", in our words."""


def encode(arguments: Mapping[str, Any]) -> bytes:
    """
    Write the arguments of a call.

    :param arguments: texts, booleans, numbers, aware times, dates, bytes, lists and dictionaries of these.
    """
    plain = {name: _unwrapped(_wrapped(value)) for name, value in arguments.items()}
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode("ascii")


def decode(content: bytes) -> Any:
    """
    Read an answer.

    Servers wrap containers in some places and leave them bare in others; both come out as dictionaries.

    :returns: for example a dictionary; times are aware, in UTC. Single values may be :data:`UNREADABLE`.
    :raises UnreadableValue: it is not JSON.
    """
    try:
        # The hook sees containers from the inside out, so that no depth of nesting is a matter of ours.
        return json.loads(content, object_hook=_read, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UnreadableValue("is damaged JSON") from None


def is_number(value: object) -> TypeGuard[int]:
    """Tell a whole number from everything else, also from true and false, which Python takes for numbers."""
    return isinstance(value, int) and not isinstance(value, bool)


def _read(found: dict[str, Any]) -> Any:
    if len(found) != 2 or "type" not in found or "value" not in found or not isinstance(found["type"], str):
        return found
    try:
        return _READERS[found["type"]](found["value"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return UNREADABLE


def _refuse(_constant: str) -> None:
    raise ValueError  # NaN and the infinities are not JSON


def _read_long(value: Any) -> int:
    if not is_number(value) or not _fits(value, _BITS_OF_LONG):
        raise ValueError
    return value


def _read_float(value: Any) -> float:
    if not (is_number(value) or isinstance(value, float)) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _read_datetime(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_binary(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _read_container(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "long": _read_long,
    "float": _read_float,
    "double": _read_float,
    "datetime": _read_datetime,
    "date": date.fromisoformat,
    "binary": _read_binary,
    "params": _read_container,
}


def _wrapped(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_wrapped(item) for item in value]
    if isinstance(value, int) and _fits(value, _BITS_OF_INT):
        return value
    known = _WRITERS.get(type(value))
    return {"type": known[0], "value": known[1](value)} if known else value


def _unwrapped(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) else value


def _fits(number: int, bits: int) -> bool:
    return -(1 << bits - 1) <= number < 1 << bits - 1


def _write_datetime(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _write_binary(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _write_container(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _wrapped(value) for name, value in fields.items()}


_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    int: ("long", int),
    float: ("double", float),
    datetime: ("datetime", _write_datetime),
    date: ("date", date.isoformat),
    bytes: ("binary", _write_binary),
    dict: ("params", _write_container),
}
