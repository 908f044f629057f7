# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the sandbox by itself: ``PYTHONPATH=tests python -m sandbox``."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from pathlib import Path

from .details import describe, write_details
from .server import Sandbox

LOOK_EVERY = 0.2


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Runs the sandbox until it is told to stop.")
    parser.add_argument(
        "--details", type=Path, metavar="FILE", help="write what to put where as JSON, once all listens"
    )
    parser.add_argument("--for", type=float, default=3600, dest="seconds", metavar="SECONDS", help="end by itself then")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started it is gone")
    return parser.parse_args()


def wait_for_the_end(seconds: float, parent: int | None) -> None:
    """
    Wait until a signal arrives, the time is over, or the parent process is gone.

    :param parent: The parent process, if its end matters.
    """
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    end = time.monotonic() + seconds
    while time.monotonic() < end and not told.wait(LOOK_EVERY):
        if parent not in (None, os.getppid()):
            return


def main() -> None:
    """Run the sandbox."""
    parent = os.getppid()
    arguments = parse_arguments()
    if arguments.details:
        # What an earlier sandbox left must not be taken for this one's.
        arguments.details.unlink(missing_ok=True)
    with Sandbox() as sandbox:
        try:
            if arguments.details:
                write_details(sandbox.details(), arguments.details)
            else:
                print(describe(sandbox.details()), flush=True)
            wait_for_the_end(arguments.seconds, parent if arguments.with_parent else None)
        finally:
            if arguments.details:
                arguments.details.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
