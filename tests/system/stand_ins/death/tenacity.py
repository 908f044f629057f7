# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the library that repeats requests: the process is killed before the first one."""

from __future__ import annotations

import os
import signal


class Retrying:
    """Never tries."""

    def __init__(self, **_options: object) -> None:
        pass

    def __call__(self, *_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def stop_after_attempt(_number: int) -> None:
    """Be there to be called."""


def retry_if_exception_type(_kind: type[Exception]) -> None:
    """Be there to be called."""
