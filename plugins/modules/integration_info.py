#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import run
from ansible_collections.msp.kaspersky.plugins.module_utils.options import INTEGRATION_INFO


def main() -> None:
    run(INTEGRATION_INFO, IntegrationClient.list_integrations)


if __name__ == "__main__":
    main()
