# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # How outside systems are reached.
    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - How many seconds to wait for an answer, for each attempt.
      - If omitted, the environment variable E(MSP_KASPERSKY_TIMEOUT) is used.
    type: int
    default: 30
  retries:
    description:
      - How often a request that is safe to repeat is repeated when a server cannot be reached, is overloaded or asks to
        come back later.
      - If omitted, the environment variable E(MSP_KASPERSKY_RETRIES) is used.
    type: int
    default: 3
  proxy:
    description:
      - Address of the HTTP proxy, for example V(http://proxy.example.com:3128).
      - Proxies from other environment variables, such as E(HTTPS_PROXY), are never used.
      - If omitted, the environment variable E(MSP_KASPERSKY_PROXY) is used.
    type: str
  proxy_username:
    description:
      - User name for the proxy.
      - If omitted, the environment variable E(MSP_KASPERSKY_PROXY_USERNAME) is used.
    type: str
  proxy_password:
    description:
      - Password for the proxy.
      - If omitted, the environment variable E(MSP_KASPERSKY_PROXY_PASSWORD) is used.
      - Mutually exclusive with O(proxy_password_file).
    type: str
  proxy_password_file:
    description:
      - File whose content is the password for the proxy, on the host that runs the module.
      - If omitted, the environment variable E(MSP_KASPERSKY_PROXY_PASSWORD_FILE) is used.
    type: path
requirements:
  - requests >= 2.31.0
  - tenacity >= 8.2.3
"""
