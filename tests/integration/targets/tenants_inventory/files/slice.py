# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cut an inventory as AWX does it for sliced jobs: every n-th host by name, and the groups without the others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

source, target, number, count = sys.argv[1:]
inventory = json.loads(Path(source).read_text(encoding="utf-8"))
variables = inventory["_meta"]["hostvars"]
kept = sorted(variables)[int(number) - 1 :: int(count)]
for name, group in inventory.items():
    if name != "_meta" and "hosts" in group:
        group["hosts"] = [host for host in group["hosts"] if host in kept]
inventory["_meta"]["hostvars"] = {host: variables[host] for host in kept}
Path(target).write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(inventory)}\nEND\n", encoding="utf-8")
Path(target).chmod(0o700)
