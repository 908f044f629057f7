# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for Python's own module: what would go to the system's log goes to the file in SYSLOG."""

from __future__ import annotations

import os
from pathlib import Path

LOG_INFO = LOG_USER = 0


def openlog(*_arguments: object) -> None:
    """Do without: the file is opened for each line."""


def syslog(*arguments: object) -> None:
    """Write a line."""
    with Path(os.environ["SYSLOG"]).open("a", encoding="utf-8") as file:
        print(*arguments, file=file)
