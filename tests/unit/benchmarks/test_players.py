# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ansible_collections.msp.kaspersky.tests.benchmarks.players import changed, reason, timed


@pytest.mark.parametrize(("recap", "expected"), [("ok=1 changed=0", False), ("a: changed=0\nb: changed=12", True)])
def test_the_recap_tells_whether_anything_changed(recap: str, expected: bool) -> None:
    assert changed(recap) is expected


def test_the_reason_is_the_line_that_tells_it() -> None:
    assert reason("ok: [a]\nfatal: [a]: FAILED!  => {}\nPLAY RECAP") == "fatal: [a]: FAILED! => {}"
    assert reason("one\nlast") == "last"
    assert reason("") == ""


def test_the_time_of_a_program_and_of_what_it_starts_is_taken(tmp_path: Path) -> None:
    busy = "import time; t = time.process_time()\nwhile time.process_time() < t + 0.2: pass"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); sys.exit(3)"
    with (tmp_path / "printed").open("wb") as output:
        sample, exit_code = timed([sys.executable, "-c", program], os.environ, output.fileno())
    assert exit_code == 3
    assert sample.cpu_seconds >= 0.2
    assert sample.seconds >= 0.2
    assert sample.mebibytes > 1
