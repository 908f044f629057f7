# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: names the running process and its user: a crashed process has to be told from a slow one."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from getpass import getuser

CLOCKS_DIFFER_BY = timedelta(days=1)
"""
Of two hosts, at most. What lies further in the future was written by a clock that was wrong; nobody should have to wait
until then.
"""

_interruptions = 0


def this_process() -> str:
    """
    Name this process, since it was interrupted last.

    :returns: ``host/process id``, and ``.1`` after the first interruption.
    """
    return f"{socket.gethostname()}/{os.getpid()}" + (f".{_interruptions}" if _interruptions else "")


def begin_anew() -> None:
    """Let what this process has begun count as left by one that has ended, though it goes on itself."""
    global _interruptions
    _interruptions += 1


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
    host, _slash, life = process.rpartition("/")
    number = life.partition(".")[0]
    if host != socket.gethostname():
        return False
    if number == str(os.getpid()):
        return process != this_process()
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError, OverflowError):  # another user's, or no number of a process
        pass
    return False
