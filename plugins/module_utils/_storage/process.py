# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: names the running process and its user: a crashed process has to be told from a slow one."""

from __future__ import annotations

import os
import socket
from getpass import getuser


def this_process() -> str:
    """
    Name this process.

    :returns: ``host/process id``.
    """
    return f"{socket.gethostname()}/{os.getpid()}"


def this_user() -> str:
    """
    Name the user of the operating system.

    :returns: a name, or ``user`` and the number where it has none, as in many containers.
    """
    try:
        return getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def is_gone(process: str) -> bool:
    """
    Tell whether a process has certainly ended; of one on another host nothing is known.

    :param process: as :func:`this_process` names it.
    """
    host, _slash, number = process.rpartition("/")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError, OverflowError):  # another user's, or no number of a process
        pass
    return False
