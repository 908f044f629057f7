# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
How fast tasks are, in whole ``ansible-playbook`` processes, beside what Ansible itself costs.

Every measurement is made several times, in turns, so that a busy moment meets all of them alike. The start-up of the
playbook is taken off: it is the time of the same play with one item or one host.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEY = "YmVuY2htYXJrLWtleS1ub3QtdXNlZC1lbHNld2hlcmU="


@dataclass
class Measurement:
    """
    One way to do something many times.

    :param tag: of the task in ``measure.yml``.
    :param count: how many items or hosts; fewer where each takes long.
    """

    name: str
    tag: str
    count: int
    in_process: bool = True
    as_hosts: bool = False
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        """Median time of one item, on the clock."""
        return 1000 * statistics.median(self.seconds) / (self.count - 1)

    @property
    def cpu_milliseconds(self) -> float:
        """Median time of one item, of the processor: all processes together, and not what others take away."""
        return 1000 * statistics.median(self.cpu_seconds) / (self.count - 1)


def measurements(items: int, hosts: int, slow: int) -> list[Measurement]:
    """List what is measured; ``slow`` is how often the ways are tried that start a process each time."""
    return [
        Measurement("do-nothing action", "nothing", items),
        Measurement("in-process door", "integration", items),
        Measurement("ansible.builtin.assert", "assert", items),
        Measurement("ordinary door", "integration", slow, in_process=False),
        Measurement("ansible.builtin.ping", "ping", slow),
        Measurement("hosts: do-nothing action", "nothing", hosts, as_hosts=True),
        Measurement("hosts: in-process door", "integration", hosts, as_hosts=True),
        Measurement("hosts: ordinary door", "integration", slow, in_process=False, as_hosts=True),
    ]


def play(folder: Path, measured: Measurement, count: int) -> tuple[float, float]:
    """
    Run the play once.

    :returns: seconds on the clock and of the processor.
    """
    items = 1 if measured.as_hosts else count
    variables = {
        "folder": str(folder),
        "how_many": items,
        "measured_hosts": "tenants" if measured.as_hosts else "localhost",
        "msp_kaspersky_in_process": measured.in_process,
        "ansible_python_interpreter": sys.executable,
        "soap_password": "soap-password-4711",
        "rest_private_key": "private-key-0815",
    }
    inventory = folder / "inventory.ini"
    names = "\n".join(f"tenant{number} ansible_connection=local" for number in range(count))
    inventory.write_text(f"[tenants]\n{names}\n", encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), "--tags", measured.tag]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*command, "--extra-vars", json.dumps(variables), str(HERE / "measure.yml")],
        env={**os.environ, "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_LOCALHOST_WARNING": "false"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def measure(measured: Measurement, folder: Path) -> None:
    """Take one sample, its own start-up taken off."""
    start_up, whole = play(folder, measured, 1), play(folder, measured, measured.count)
    measured.seconds.append(whole[0] - start_up[0])
    measured.cpu_seconds.append(whole[1] - start_up[1])


def table(measured: Iterable[Measurement]) -> str:
    """Write what was measured, in Markdown."""
    found = list(measured)
    floor = found[0]
    lines = [
        "| what | count | ms each | CPU ms each | to the floor | CPU to the floor |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for item in found:
        if item.as_hosts and not floor.as_hosts:
            floor = item
        clock, cpu = item.milliseconds / floor.milliseconds, item.cpu_milliseconds / floor.cpu_milliseconds
        lines.append(
            f"| {item.name} | {item.count} | {item.milliseconds:.1f} | {item.cpu_milliseconds:.1f} "
            f"| {clock:.2f} | {cpu:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--slow", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    todo = measurements(given.items, given.hosts, given.slow)
    with tempfile.TemporaryDirectory(prefix="msp-") as name:
        folder = Path(name)
        (folder / "key").write_text(KEY, encoding="utf-8")
        play(folder, Measurement("first use", "integration", given.items), given.items)
        for _round in range(given.rounds):
            for measured in todo:
                measure(measured, folder)
    print(table(todo))


if __name__ == "__main__":
    main()
