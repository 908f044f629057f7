# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # The action group "all": where integrations are kept.
    DOCUMENTATION = r"""
options:
  registry:
    description:
      - Where integrations, tenants, notifications and the history are kept, as a database URL.
      - V(sqlite:////var/lib/msp/registry.sqlite) is a file, which suits one machine.
      - V(postgresql://msp@db.example.com/msp) is a PostgreSQL database, which suits a team, AWX and Automation
        Controller.
      - A URL that carries a password is refused. Use O(registry_password) or O(registry_password_file).
      - If omitted, the environment variable E(MSP_KASPERSKY_REGISTRY) is used, and without that a file in the user's
        data directory.
    type: str
  registry_password:
    description:
      - Password of the PostgreSQL user.
      - If omitted, the environment variable E(MSP_KASPERSKY_REGISTRY_PASSWORD) is used.
      - Mutually exclusive with O(registry_password_file).
    type: str
  registry_password_file:
    description:
      - File whose content is the password of the PostgreSQL user, on the host that runs the module.
      - If omitted, the environment variable E(MSP_KASPERSKY_REGISTRY_PASSWORD_FILE) is used.
    type: path
  instance:
    description:
      - Name of the Kaspersky solution that is meant, one Administration Server of Kaspersky Security Center or one
        account of Kaspersky Business Hub. A new name makes a new instance at its first use.
      - Names of integrations are unique in an instance. An instance is a name space, not a security boundary.
      - If omitted, the environment variable E(MSP_KASPERSKY_INSTANCE) is used.
    type: str
    default: default
  secret_store:
    description:
      - Where passwords and private keys are kept.
      - V(keyring) is the operating system's keyring, for example the Secret Service or the macOS Keychain.
      - V(registry) is the registry itself, in which they are encrypted under O(secret_key). This suits AWX and
        Automation Controller, whose containers have no keyring.
      - A registry has one secret store, which it records at its first use. If omitted, the recorded one is used, and
        V(keyring) at the first use.
      - If omitted, the environment variable E(MSP_KASPERSKY_SECRET_STORE) is looked at first.
    type: str
    choices:
      - keyring
      - registry
  secret_key:
    description:
      - Key under which secrets are encrypted with O(secret_store=registry). C(openssl rand -base64 32) makes one.
      - Several keys, newest first and separated by commas, allow a change of the key. The first one encrypts, all of
        them decrypt, and O(msp.kaspersky.registry#module:reencrypt) moves everything to the first one.
      - If omitted, the environment variable E(MSP_KASPERSKY_SECRET_KEY) is used.
      - Mutually exclusive with O(secret_key_file).
    type: str
  secret_key_file:
    description:
      - File whose content is what O(secret_key) would be, on the host that runs the module.
      - Unlike the value of an environment variable, its content does not show up in gathered facts.
      - If omitted, the environment variable E(MSP_KASPERSKY_SECRET_KEY_FILE) is used.
    type: path
  actor:
    description:
      - Who is acting, for the history. This is stated, not proven.
      - If omitted, the environment variable E(MSP_KASPERSKY_ACTOR) is used, then the user who launched the AWX job,
        then the number of the job, then the operating system's user.
    type: str
requirements:
  - python >= 3.11
  - SQLAlchemy >= 2.0.30
  - keyring >= 24.3.0 (with the secret store V(keyring))
  - cryptography >= 42.0.0 (with the secret store V(registry))
  - psycopg >= 3.1.18 (with a PostgreSQL registry)
notes:
  - An option that is set to null counts as omitted. An environment variable that is blank counts as unset, but an
    option that is blank is refused, so that an empty lookup never means another registry or instance.
"""
