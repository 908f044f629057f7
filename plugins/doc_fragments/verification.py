# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # With the fragment "connection" the action group "verification": how credentials are proven.
    DOCUMENTATION = r"""
options:
  verify_retries:
    description:
      - How often to ask again when credentials were refused. A new API user of a PSA platform may take some minutes to
        work.
      - Keep it at V(0) where repeated refusals lock a user out.
      - If omitted, the environment variable E(MSP_KASPERSKY_VERIFY_RETRIES) is used.
    type: int
    default: 0
  verify_delay:
    description:
      - How many seconds to wait before asking again.
      - If omitted, the environment variable E(MSP_KASPERSKY_VERIFY_DELAY) is used.
    type: int
    default: 30
requirements:
  - zeep >= 4.2.1 (to verify Tigerpaw)
"""
