# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the sandbox as a process beside those that use it. Needs nothing but Python itself."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
PATIENCE = 30


@contextmanager
def running_sandbox(python: Path, details: Path) -> Iterator[dict[str, Any]]:
    """
    Run the sandbox for a while; it ends with this block, or with this process at the latest.

    :param python: an interpreter that has the sandbox's requirements.
    :param details: the file in which the sandbox tells what to put where to reach it.
    :returns: what that file says.
    :raises RuntimeError: if the sandbox does not start.
    """
    command = [str(python), "-m", "sandbox", "--with-parent", "--details", str(details)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS)})
    try:
        deadline = time.monotonic() + PATIENCE
        while not details.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The sandbox does not start.")
            time.sleep(0.05)
        yield json.loads(details.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
