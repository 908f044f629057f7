# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Of all that lists tenants: where to look, and which to show.
    DOCUMENTATION = r"""
options:
  bound:
    description:
      - V(true) shows those that an integration holds, V(false) those that none holds. If omitted, both are shown.
      - Needs the registry as a source.
    type: bool
  stale:
    description:
      - V(true) shows those that the registry knows and Security Center no longer has, V(false) those that it has.
        If omitted, both are shown.
      - Needs Security Center as a source.
    type: bool
  known:
    description:
      - V(true) shows those that the registry knows, V(false) those that only Security Center has. If omitted, both are
        shown.
      - Needs the registry as a source.
    type: bool
  integration:
    description:
      - Name of the integration that holds them.
      - Needs the registry as a source.
    type: str
  sources:
    description:
      - Where to look. V(registry) is what was bound or declared before, V(security_center) is what exists in Kaspersky
        Security Center now.
      - If omitted, the registry is looked at, and Security Center as well if O(security_center) is given. Companies are
        looked for in the registry alone then.
      - With V(security_center) alone, no registry is needed, and there is none to tell what is bound.
    type: list
    elements: str
    choices:
      - registry
      - security_center
"""
