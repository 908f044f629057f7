#!/usr/bin/python
# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: notification
short_description: Deliver or discard notifications that are pending
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Delivers the notifications of an instance that have not been delivered, or discards them.
  - A notification belongs to the channel that it was made for. It is delivered through that channel alone, if the task
    configures it with O(smtp_host), O(webhook_url) or O(security_center).
  - A notification is delivered at least once and carries the same message identifier at every attempt. One that fails
    does not block the others.
extends_documentation_fragment:
  - msp.kaspersky.registry
  - msp.kaspersky.job
  - msp.kaspersky.connection
  - msp.kaspersky.notifications
  - msp.kaspersky.security_center
  - msp.kaspersky.attributes
  - msp.kaspersky.attributes.writer
attributes:
  action_group:
    membership:
      - msp.kaspersky.all
      - msp.kaspersky.notifications
      - msp.kaspersky.security_center
options:
  state:
    description:
      - V(delivered) delivers the notifications.
      - V(discarded) gives them up.
    type: str
    choices:
      - delivered
      - discarded
    default: delivered
  notification_ids:
    description:
      - Identifiers of the notifications that are meant. If omitted, all that have not been delivered are meant.
      - Null is refused, so that an empty lookup does not discard all of them. An empty list means none.
      - With O(state=delivered) an unknown one is refused. With O(state=discarded) it counts as discarded already.
    type: list
    elements: str
  limit:
    description:
      - How many notifications to deliver or discard at most, the oldest first. If omitted, all are.
      - Those whose channel is not configured are counted last, so that they do not keep the others waiting.
    type: int
seealso:
  - module: msp.kaspersky.notification_info
  - module: msp.kaspersky.integration
"""

EXAMPLES = r"""
- name: Deliver what is pending
  msp.kaspersky.notification:
    smtp_host: mail.msp.example
    smtp_username: notifier
    smtp_password_file: /run/secrets/smtp_password
    mail_from: notifier@msp.example
    webhook_url: "{{ vault_chat_webhook_url }}"
  register: delivery

- name: Deliver only what goes through Security Center
  msp.kaspersky.notification:
    notify_through:
      - security_center
    security_center:
      url: https://ksc.example.com
      username: ansible
      password_file: /run/secrets/ksc_password
      ca_path: /etc/ssl/certs/ksc.pem

- name: Show how many would be discarded
  msp.kaspersky.notification:
    state: discarded
  check_mode: true

- name: Discard one
  msp.kaspersky.notification:
    state: discarded
    notification_ids:
      - "{{ undelivered.notifications[0].id }}"
"""

RETURN = r"""
delivered:
  description: The notifications that were delivered, as they are now. In check mode those that would be, as they are.
  returned: success
  type: list
  elements: dict
  contains: &notification
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
discarded:
  description: The notifications that were discarded, or would be in check mode, as they were before.
  returned: success
  type: list
  elements: dict
  contains: *notification
undelivered:
  description: The notifications whose delivery failed. They stay in the registry.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the notification.
      type: str
      sample: 2f8a4f0e-1a55-4a86-9a3f-1f1f0c7f8f10
    last_error:
      description: Code of the error.
      type: str
      sample: api_unreachable
notifications_pending:
  description: How many notifications still wait.
  returned: success
  type: int
  sample: 0
diff:
  description: The state of the notifications before and after.
  returned: success
  type: dict
  sample:
    before: {}
    after: {}
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
from ansible_collections.msp.kaspersky.plugins.module_utils.options import NOTIFICATION


def main() -> None:
    run(NOTIFICATION, IntegrationClient.deliver_notifications)


if __name__ == "__main__":
    main()
