# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report_page
short_description: Make a report about integrations and clients, as one page of HTML
version_added: 0.1.0
author:
  - msp.kaspersky contributors (@msp-kaspersky)
description:
  - Turns what the info modules return into one page of HTML that needs nothing beside it. It loads nothing and runs
    nothing. The role P(msp.kaspersky.report#role) writes it to a file.
  - It asks nobody. The page holds names of clients, and no secrets.
positional: title, today, days, oldest, accounts
options:
  _input:
    description:
      - For each instance a dictionary with C(integrations) and C(history) of M(msp.kaspersky.integration_info),
        C(tenants) of M(msp.kaspersky.tenant_info) and C(notifications) of M(msp.kaspersky.notification_info).
    type: list
    elements: dict
    required: true
  title:
    description:
      - Heading of the page.
    type: str
    default: Protection and tickets
  today:
    description:
      - The day that it is about, for example V(2026-11-23). Ages and changes are counted from it.
    type: str
    required: true
  days:
    description:
      - How many days of changes are shown.
    type: int
    default: 7
  oldest:
    description:
      - Days after which credentials count as old.
    type: int
    default: 180
  accounts:
    description:
      - Results of M(msp.kaspersky.account_info) in a loop over integrations, with the item as C(report_integration).
        One that failed is told as an integration whose accounts could not be listed.
      - If omitted, the page says that accounts were not asked for.
    type: list
    elements: dict
seealso:
  - module: msp.kaspersky.integration_info
  - module: msp.kaspersky.tenant_info
"""

EXAMPLES = r"""
- name: Write a report about one instance
  ansible.builtin.copy:
    content: "{{ [kept | combine(clients, outbox)] | msp.kaspersky.report_page('Our clients', '2026-11-23') }}"
    dest: report.html
    mode: "0600"
"""

RETURN = r"""
_value:
  description:
    - The page.
  type: str
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import plain
from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_facts import read_facts
from ansible_collections.msp.kaspersky.plugins.plugin_utils.report_page import page

NAME = "msp.kaspersky.report_page"


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"report_page": reported}


def reported(
    told: Any,
    title: Any = "Protection and tickets",
    today: Any = "",
    days: Any = 7,
    oldest: Any = 180,
    accounts: Any = None,
) -> Any:
    """
    Make the page.

    :returns: HTML, which Ansible never takes for a template.
    :raises AnsibleFilterError: something is not what it should be; the message holds no value.
    """
    try:
        day = date.fromisoformat(str(today))
        # Old versions of Ansible make an empty text of nothing.
        asked = None if accounts in (None, "") else plain(accounts)
        facts = read_facts(plain(told), title=str(title), today=day, days=int(days), oldest=int(oldest), asked=asked)
        return wrap_var(page(facts))
    except Exception as error:  # noqa: BLE001 (its text may hold names of clients)
        raise AnsibleFilterError(f"{NAME}: unexpected {type(error).__name__}; its text is withheld") from None
