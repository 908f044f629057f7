# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: writes what is left over of a migration as a file of variables that one can edit and feed back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from .migration_plan import Assignment, LeftOver
from .model import Account, Tenant

_HEADING = """\
---
# Clients for whom no account was certain. Fill in accounts, and feed the file back with the next run.
# What is left without an account stays as it is.
"""
_TEMPLATE_MARKERS = ("{{", "{%", "{#")
# Printed as they are, a YAML parser would take these for the end of a line, or for nothing.
_ESCAPED = re.compile("[\x85\u2028\u2029\ufeff]")


def open_questions(left_over: Iterable[LeftOver], answers: Iterable[Assignment]) -> str:
    """
    Write a YAML document with the variable ``psa_migration_mappings``.

    Answers are written again until they are carried out: a run may end before that, and the file is all that has them.

    Names from outside stay data: what Ansible would take for a template is tagged ``!unsafe``.

    :returns: one entry for each tenant; without an answer, with its candidates as comments and the account left open.
    """
    entries = "".join([*(_entry(item) for item in left_over), *(_answer(item) for item in answers)])
    return f"{_HEADING}psa_migration_mappings:{f'{chr(10)}{entries}' if entries else f' []{chr(10)}'}"


def _entry(item: LeftOver) -> str:
    candidates = "".join(f"    #   {_candidate(account)}\n" for account in item.candidates)
    could_be = f"    # {item.reason}:\n{candidates}" if candidates else f"    # {item.reason}\n"
    return f"  - tenant:\n{_tenant(item.tenant)}{could_be}    account:\n"


def _answer(item: Assignment) -> str:
    return f"  - tenant:\n{_tenant(item.tenant)}    account: {_candidate(item.account)}\n"


def _tenant(tenant: Tenant) -> str:
    uid = f"      uid: {_text(tenant.uid)}\n" if tenant.uid else ""
    return f"{uid}      name: {_text(tenant.name)}\n"


def _candidate(account: Account) -> str:
    return f"{{id: {_text(account.id)}, name: {_text(account.name)}}}"


def _text(text: str) -> str:
    """Write a text as JSON does, which is YAML as well."""
    quoted = _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
    return f"!unsafe {quoted}" if any(marker in text for marker in _TEMPLATE_MARKERS) else quoted
