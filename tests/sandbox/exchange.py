# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request and all that is needed to answer it badly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from .connection import Connection
from .records import RecordedRequest
from .state import Addresses, State


@dataclass
class Exchange:
    """A request that is to be answered badly."""

    request: RecordedRequest
    connection: Connection
    genuine: Callable[[], Response]
    """Makes the answer that it should get."""
    state: State
    options: dict[str, Any]

    @property
    def addresses(self) -> Addresses:
        """Where everything listens."""
        return self.state.addresses

    @property
    def media_type(self) -> str:
        """What the client expects."""
        return "text/xml; charset=utf-8" if self.request.system == "soap" else "application/json; charset=utf-8"
