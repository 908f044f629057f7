# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the Open API of Security Center writes values, arguments and errors."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/json"

NOT_EXIST = 1125
NO_ACCESS = 1184
NOT_FOUND = 1186
BAD_FORMAT = 1192
NOT_PERMITTED = 1193
UNAVAILABLE = 1195
BLOCKED = 2013
MESSAGES = {
    NOT_EXIST: "Object does not exist",
    NO_ACCESS: "Access denied",
    NOT_FOUND: "Object not found",
    BAD_FORMAT: "Bad format",
    NOT_PERMITTED: "Operation is not permitted",
    UNAVAILABLE: "Server is temporarily unavailable",
    1229: "Limit is exceeded",
    1453: "Logon failed",
    BLOCKED: "User account is blocked",
}


def typed(kind: str, value: Any) -> dict[str, Any]:
    """Write a value that is no plain JSON: ``long``, ``datetime``, ``double``, and ``params`` for a container."""
    return {"type": kind, "value": value}


def to_json(value: Any) -> bytes:
    """Write a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class OpenApiError(Exception):
    """The call is answered with an error."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, "Unknown error")

    def as_answer(self) -> dict[str, Any]:
        """Return the answer."""
        place = {"module": "KLSTD", "file": "kca/std/src/prci/servercall.cpp", "line": 417}
        return {"PxgError": {"code": self.code, "subcode": 0, **place, "message": self.message}}


class Arguments:
    """What a call was given. What is missing or of a wrong type is refused as bad format."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def integer(self, name: str) -> int:
        """Return an integer, which may also come as a ``long``."""
        value = self._values.get(name)
        if isinstance(value, dict) and value.get("type") == "long":
            value = value.get("value")
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._bad(name, "an integer")
        return value

    def text(self, name: str) -> str:
        """Return a string that is not empty."""
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise self._bad(name, "a string")
        return value

    def texts(self, name: str) -> list[str]:
        """Return an array of strings."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._bad(name, "an array of strings")
        return value

    def container(self, name: str) -> Arguments:
        """Return a container at the top level, which is bare."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise self._bad(name, "a container")
        return Arguments(value)

    def omitted(self, name: str) -> bool:
        """Tell whether an argument is missing or null."""
        return self._values.get(name) is None

    def _bad(self, name: str, expected: str) -> OpenApiError:
        return OpenApiError(BAD_FORMAT, f"Bad format: parameter '{name}' must be {expected}")


@lru_cache(maxsize=8)
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


def open_api_answer(body: bytes, pack: bool = False) -> Response:
    """Answer with JSON, packed where the client takes it so."""
    if not pack:
        return Response(body, media_type=MEDIA_TYPE)
    return Response(_packed(body), headers={"Content-Encoding": "gzip"}, media_type=MEDIA_TYPE)
