# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which web application listens under which name, and with whose certificate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp

from .autotask import Autotask
from .certificates import Authority
from .connectwise_manage import ConnectwiseManage
from .control import Control
from .foreign import Foreign
from .gate import Gate
from .security_center import SecurityCenter
from .state import State
from .tigerpaw import Tigerpaw
from .webhook import Webhook

HTTPS_LISTENERS = (
    "tigerpaw",
    "security_center",
    "connectwise_manage",
    "autotask",
    "webhook",
    "foreign",
    "unknown_ca",
    "security_center_unknown_ca",
)
PLAIN_LISTENERS = ("foreign_plain", "control", "proxy")


def applications(
    state: State, details: Callable[[], dict[str, Any]], known: Authority, unknown: Authority
) -> dict[str, tuple[ASGIApp, Authority | None]]:
    """
    Return the applications with their certificate authorities; the proxy is none of them.

    :param details: What the control API tells about the sandbox.
    :param known: The authority that clients are told to trust.
    :param unknown: The one that nobody trusts.
    """
    foreign = Gate(state, Foreign(state))
    autotask = Autotask(state)
    return {
        "tigerpaw": (Gate(state, Tigerpaw(state)), known),
        "security_center": (Gate(state, SecurityCenter(state)), known),
        "connectwise_manage": (Gate(state, ConnectwiseManage(state)), known),
        "autotask": (Gate(state, autotask, autotask.pause), known),
        "webhook": (Gate(state, Webhook(state)), known),
        "foreign": (foreign, known),
        "foreign_plain": (foreign, None),
        "unknown_ca": (Gate(state, Tigerpaw(state, recorded_as="unknown_ca")), unknown),
        "security_center_unknown_ca": (Gate(state, SecurityCenter(state, recorded_as="unknown_ca")), unknown),
        "control": (Control(state, details).application(), None),
    }
