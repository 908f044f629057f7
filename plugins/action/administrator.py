# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.options import ADMINISTRATOR
from ansible_collections.msp.kaspersky.plugins.plugin_utils.client_action import ClientAction


class ActionModule(ClientAction):
    specification = ADMINISTRATOR
    work = IntegrationClient.keep_administrator
