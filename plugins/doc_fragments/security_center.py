# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # The action group "security_center": the Administration Server that virtual servers exist in.
    DOCUMENTATION = r"""
options:
  security_center:
    description:
      - The Administration Server of Kaspersky Security Center, and an account of it.
      - If omitted as a whole, it is made from the environment variables E(MSP_KASPERSKY_SECURITY_CENTER_URL),
        E(MSP_KASPERSKY_SECURITY_CENTER_USERNAME) and so on, one for each suboption. A dictionary that is given is never
        filled up from them, so that a password cannot reach another server.
    type: dict
    suboptions:
      url:
        description:
          - Address of the Open API, for example V(https://ksc.example.com). Without a port, it is 13299. Required.
        type: str
      username:
        description:
          - User name of the account. Required.
        type: str
      password:
        description:
          - Password of the account. Either this or O(security_center.password_file) is required.
        type: str
      password_file:
        description:
          - File whose content is the password, on the host that runs the plugin.
        type: path
      internal_user:
        description:
          - Whether the account is an internal user of Security Center. V(false) means a user of the domain or of the
            operating system.
        type: bool
        default: true
      validate_certs:
        description:
          - Whether to verify the certificate of the Administration Server. It often is a self-signed one. Then
            O(security_center.ca_path) is safer than V(false).
        type: bool
        default: true
      ca_path:
        description:
          - File with the certificate authorities to trust in place of the usual ones, or with the self-signed
            certificate itself.
        type: path
      timeout:
        description:
          - Seconds that one request may take.
        type: int
        default: 30
      retries:
        description:
          - How often a reading request is repeated that failed for a passing reason.
        type: int
        default: 3
      proxy:
        description:
          - Proxy for requests to the Administration Server. Proxies from other environment variables are not used.
        type: str
      proxy_username:
        description:
          - User name for the proxy.
        type: str
      proxy_password:
        description:
          - Password for the proxy. Mutually exclusive with O(security_center.proxy_password_file).
        type: str
      proxy_password_file:
        description:
          - File whose content is the password for the proxy, on the host that runs the plugin.
        type: path
requirements:
  - requests >= 2.31.0 (with Security Center)
  - tenacity >= 8.2.3 (with Security Center)
"""
