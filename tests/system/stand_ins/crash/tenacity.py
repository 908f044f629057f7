# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the library that repeats requests: crashes with all that it was given, the signature included."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NoReturn


class Retrying:
    """Never tries."""

    def __init__(self, **_options: object) -> None:
        pass

    def __call__(self, attempt: Callable[[], object]) -> NoReturn:
        given = inspect.getclosurevars(attempt).nonlocals
        raise RuntimeError(f"{given['method']} {given['url']} {given['headers']()} {given['body']}")


def stop_after_attempt(_number: int) -> None:
    """Be there to be called."""


def retry_if_exception_type(_kind: type[Exception]) -> None:
    """Be there to be called."""
