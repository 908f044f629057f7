# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Of every module. Each one states its own action groups.
    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use these groups in C(module_defaults) to set options once for all modules that have them.
    support: full
  check_mode:
    description: Can run in C(check_mode) and tells what would change, without changing anything.
    support: full
  diff_mode:
    description: Returns in C(diff_mode) what changed, or in C(check_mode) what would change.
  idempotent:
    description: Run twice in a row with the same options, the second run changes nothing.
    support: full
  platform:
    description: Operating systems that the module runs on.
    platforms: posix
    support: full
notes:
  - Secrets are never returned, logged or shown in a diff. What Ansible prints by itself is beyond the reach of a
    module, namely items of loops, C(environment) values at high verbosity, and lines of the playbook around a failure.
    So keep secrets out of loop items, and name the variable or lookup that yields them inside the task instead.
"""

    # Of modules that change something.
    WRITER = r"""
options: {}
attributes:
  check_mode:
    details:
      - Check mode proves as much as a real run does. It may ask outside systems, reading only, and writes nothing.
  diff_mode:
    support: full
"""

    # Of modules that only read.
    INFO = r"""
options: {}
attributes:
  check_mode:
    details:
      - This module changes nothing.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    details:
      - This module changes nothing.
"""
