#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: notification_info
short_description: Show notifications and whether they were delivered
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Returns the notifications of an instance, one for each administrator and kind of mail, and one for the webhook.
  - Deleting an integration makes them. What could not be delivered stays until M(msp.kaspersky.notification) delivers
    or discards it.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.info
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
options:
  status:
    description:
      - Shows only notifications of these kinds.
      - V(pending) ones wait for their first delivery, V(failed) ones wait as well and at least one attempt failed,
        V(delivered) ones have arrived at the mail server, webhook or Security Center.
      - If omitted, all are shown.
    type: list
    elements: str
    choices:
      - pending
      - failed
      - delivered
  limit:
    description:
      - How many notifications to show at most, the oldest first. If omitted, all are shown.
    type: int
seealso:
  - module: msp.kaspersky.notification
"""

EXAMPLES = r"""
- name: Show notifications that could not be delivered
  msp.kaspersky.notification_info:
    status:
      - failed
  register: undelivered

- name: Say why
  ansible.builtin.debug:
    msg: "{{ undelivered.notifications | map(attribute='last_error') | unique }}"
"""

RETURN = r"""
notifications:
  description: The notifications that fit, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the notification.
      type: str
      sample: 2f8a4f0e-1a55-4a86-9a3f-1f1f0c7f8f10
    event:
      description: What happened.
      type: str
      sample: integration_deleted
    integration:
      description: Name that the integration had. Null if the notification is damaged.
      type: str
      sample: Integration with Tigerpaw
    channel:
      description: V(smtp), V(webhook) or V(security_center).
      type: str
      sample: smtp
    recipient:
      description: E-mail address. Null for the webhook.
      type: str
      sample: ann@msp.example
    status:
      description: V(pending), V(failed) or V(delivered).
      type: str
      sample: failed
    message_id:
      description:
        - Identifier of the message, the same at every attempt. It is the C(Message-ID) of a mail, the C(webhook-id) of
          a webhook's message, and the identifier of the request to Security Center.
      type: str
      sample: <2f8a4f0e-1a55-4a86-9a3f-1f1f0c7f8f10@msp.example>
    created_at:
      description: When it was made, in ISO 8601 (UTC).
      type: str
      sample: "2026-11-22T20:12:00Z"
    delivered_at:
      description: When it was delivered. May be null.
      type: str
      sample: "2026-11-22T20:12:05Z"
    attempts:
      description: How often its delivery was tried.
      type: int
      sample: 1
    last_error:
      description: Code of the error of the last attempt. May be null.
      type: str
      sample: api_unreachable
counts:
  description: How many notifications of each status there are, whatever the filter.
  returned: success
  type: dict
  sample:
    delivered: 12
    failed: 1
    pending: 0
error:
  description:
    - What went wrong, for C(rescue). The user guide explains every code.
  returned: on failure
  type: dict
  contains:
    code:
      description:
        - What happened, for example V(invalid_settings), V(credentials_refused) or V(registry_missing).
      type: str
      sample: registry_missing
    faults:
      description:
        - Every single fault with its C(code) and C(message), and the C(option) or C(api) that it is about.
      returned: when several faults are possible
      type: list
      elements: dict
      sample: []
"""

from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import run
from ansible_collections.msp.kaspersky.plugins.module_utils.options import NOTIFICATION_INFO


def main() -> None:
    run(NOTIFICATION_INFO, IntegrationClient.list_notifications)


if __name__ == "__main__":
    main()
