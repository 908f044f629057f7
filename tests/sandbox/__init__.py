# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The systems that the collection talks to, as local servers: Tigerpaw's REST and SOAP APIs, ConnectWise Manage, Autotask,
Security Center, mail, webhooks, a proxy.

They are no kinder than the real ones, remember what they received, and misbehave on demand. See ``README.md``.
"""

from __future__ import annotations

from .records import Mail, RecordedRequest
from .server import Sandbox
from .users import User
from .virtual_servers import VirtualServer

__all__ = ["Mail", "RecordedRequest", "Sandbox", "User", "VirtualServer"]
