# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tigerpaw_headers
short_description: Sign a request to Tigerpaw's REST API
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Makes the headers with which Tigerpaw's REST API accepts a request, for M(ansible.builtin.uri) and others.
  - Each signature is made for one method and one path, at one moment. Method, path and date are signed, the query and
    the body are not.
  - It signs only requests to the origin (scheme, host and port) of the integration's own address, so that a mistyped or
    foreign URL never gets a signature.
positional: method, url
options:
  _input:
    description:
      - An integration as P(msp.kaspersky.integration_settings#lookup) returns it, or its C(settings) alone.
    type: dict
    required: true
  method:
    description:
      - Method of the request, for example V(GET). It has to be the one that the request is sent with.
    type: str
    required: true
  url:
    description:
      - URL of the request, spelled as it is sent.
    type: str
    required: true
notes:
  - Whoever sees the headers can repeat the request for as long as the server takes the signature, but cannot learn the
    private key from them. Some versions of ansible-core show the headers of M(ansible.builtin.uri) with C(-vvv), and
    modules write their options to the system's log. C(no_log=true) prevents both.
  - M(ansible.builtin.uri) sends the headers along when it follows a redirect, wherever that leads. So set
    C(follow_redirects=none).
  - Ansible renders the options of a task once, also with C(until) and C(retries). All attempts carry the same
    signature, which grows old.
seealso:
  - plugin: msp.kaspersky.integration_settings
    plugin_type: lookup
  - module: ansible.builtin.uri
"""

EXAMPLES = r"""
- name: Find accounts by name
  ansible.builtin.uri:
    url: "{{ search_url }}"
    method: POST
    headers: "{{ tigerpaw | msp.kaspersky.tigerpaw_headers('POST', search_url) }}"
    follow_redirects: none
    body_format: json
    body:
      Criteria:
        - SearchType: AccountName
          MatchType: Contains
          Criteria: net
      PageSize: 10
      StartRow: 1
  vars:
    tigerpaw: "{{ lookup('msp.kaspersky.integration_settings', 'Integration with Tigerpaw') }}"
    search_url: "{{ tigerpaw.settings.url }}/api/accounts/search"
  register: found
  no_log: true
"""

RETURN = r"""
_value:
  description:
    - The headers C(Authorization), C(X-TSI-Date) and C(Accept).
  type: dict
  sample:
    Accept: application/json
    Authorization: TSI VALUE_OF_THE_TOKEN
    X-TSI-Date: Thu, 18 Jun 2015 07:25:43 GMT
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.msp.kaspersky.plugins.module_utils.signatures import NotSigned, tigerpaw_headers
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain

NAME = "msp.kaspersky.tigerpaw_headers"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tigerpaw_headers": signed_headers}


def signed_headers(settings: Any, method: Any, url: Any) -> dict[str, str]:
    """
    Sign a request.

    :raises AnsibleFilterError: it cannot be signed; the message holds no secret.
    """
    try:
        return tigerpaw_headers(plain(settings), plain(method), plain(url))
    except NotSigned as reason:
        raise AnsibleFilterError(f"{NAME}: {reason}") from None
    except Exception as error:  # noqa: BLE001 (its text may hold the private key)
        raise AnsibleFilterError(f"{NAME}: unexpected {type(error).__name__}; its text is withheld") from None
