# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # The action group "notifications": how administrators are told.
    DOCUMENTATION = r"""
options:
  notify_through:
    description:
      - How administrators are told.
      - V(smtp) is a mail to each of them, through O(smtp_host).
      - V(security_center) is a mail to each of them as well, which the Administration Server sends with settings of its
        own. It needs the option C(security_center).
      - V(webhook) is one message to O(webhook_url).
      - A deletion makes notifications for exactly these, even if one of them is not configured; then its notifications
        stay in the registry. M(msp.kaspersky.notification) delivers or discards only notifications of these.
      - An empty list is refused, because it would tell nobody.
      - If omitted, the environment variable E(MSP_KASPERSKY_NOTIFY_THROUGH) is used, with commas in between, and
        without that V(smtp), and V(webhook) where O(webhook_url) or O(webhook_url_file) is given.
        M(msp.kaspersky.notification) then means all.
    type: list
    elements: str
    choices:
      - smtp
      - webhook
      - security_center
  smtp_host:
    description:
      - Mail server. Without it, mails stay in the registry until M(msp.kaspersky.notification) delivers them.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_HOST) is used.
    type: str
  smtp_port:
    description:
      - Port of the mail server.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_PORT) is used, and without that 587 for
        O(smtp_encryption=starttls), 465 for O(smtp_encryption=tls) and 25 for O(smtp_encryption=none).
    type: int
  smtp_encryption:
    description:
      - How the connection to the mail server is encrypted. It is never downgraded.
      - A login over V(none) is refused.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_ENCRYPTION) is used.
    type: str
    choices:
      - starttls
      - tls
      - none
    default: starttls
  smtp_username:
    description:
      - User name for the mail server. Without it, there is no login.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_USERNAME) is used.
    type: str
  smtp_password:
    description:
      - Password for the mail server.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_PASSWORD) is used.
      - Mutually exclusive with O(smtp_password_file).
    type: str
  smtp_password_file:
    description:
      - File whose content is the password for the mail server, on the host that runs the module.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_PASSWORD_FILE) is used.
    type: path
  smtp_validate_certs:
    description:
      - Whether to verify the TLS certificate of the mail server.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_VALIDATE_CERTS) is used.
    type: bool
    default: true
  smtp_ca_path:
    description:
      - File with the certificate authorities that the mail server's certificate is verified against, in PEM format.
      - If omitted, the environment variable E(MSP_KASPERSKY_SMTP_CA_PATH) is used, and without that those of the
        Python library certifi.
    type: path
  mail_from:
    description:
      - Sender of the mails.
      - If omitted, the environment variable E(MSP_KASPERSKY_MAIL_FROM) is used.
    type: str
  webhook_url:
    description:
      - Address that gets every notification as an HTTP POST in JSON, for example of a chat. Its value is treated as a
        secret.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_URL) is used.
      - Mutually exclusive with O(webhook_url_file).
    type: str
  webhook_url_file:
    description:
      - File whose content is the address of the webhook, on the host that runs the module.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_URL_FILE) is used.
    type: path
  webhook_secret:
    description:
      - Secret that signs the body of the request, so that the receiver can tell where it comes from.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_SECRET) is used.
      - Mutually exclusive with O(webhook_secret_file).
    type: str
  webhook_secret_file:
    description:
      - File whose content is the secret that signs the body, on the host that runs the module.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_SECRET_FILE) is used.
    type: path
  webhook_validate_certs:
    description:
      - Whether to verify the TLS certificate of the webhook's receiver.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_VALIDATE_CERTS) is used.
    type: bool
    default: true
  webhook_ca_path:
    description:
      - File with the certificate authorities that the certificate of the webhook's receiver is verified against, in PEM
        format.
      - If omitted, the environment variable E(MSP_KASPERSKY_WEBHOOK_CA_PATH) is used, and without that those of the
        Python library certifi.
    type: path
"""
