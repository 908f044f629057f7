# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Imports a built collection as Automation Hub does, and takes a warning for a failure.

galaxy-importer by itself is content when ansible-doc or ansible-lint fail within it, or are not there at all.

usage: import_collection.py TARBALL
"""

from __future__ import annotations

import subprocess
import sys

command = [sys.executable, "-m", "galaxy_importer.main", sys.argv[1]]
finished = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
print(finished.stdout)
complaints = [line for line in finished.stdout.splitlines() if line.startswith(("ERROR", "WARNING"))]
sys.exit(finished.returncode or bool(complaints))
