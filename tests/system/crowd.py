# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A crowd: processes that carry out random tasks on one registry until their time is up.

The program below forks them, as that of :mod:`system.worker` does. Each process writes down what it did, one line a
task, so that nothing is lost of a crowd that has to be stopped.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import Barrier, synchronize
from pathlib import Path
from typing import Any

import keyring

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils.client import prepare_to_fork

from .keyrings import FolderKeyring
from .random_tasks import RandomTasks, Task
from .tasks import Options, perform, perform_in_process

PROCESSES = 16
LONGEST_START = 60.0
FIRST_LOOK: Task = ("integration_info", {"instance": "north", "tenants": True})


@dataclass(frozen=True)
class Record:
    """
    One task and how it ended.

    :param actor: names the task, also in the history.
    :param begin: when it began, on the clock that all processes of the machine share, and so when it ended.
    :param code: of the error, if it failed; ``exception``, if it was none of ours.
    """

    actor: str
    module: str
    options: Options
    begin: float
    end: float
    result: dict[str, Any] | None = None
    code: str | None = None
    msg: str | None = None

    @property
    def instance(self) -> str:
        """Where it happened."""
        return str(self.options["instance"])

    @property
    def changed(self) -> bool:
        """Whether it says that it changed something."""
        return bool(self.result and self.result["changed"])


@dataclass(frozen=True)
class Orders:
    """
    What a crowd is told.

    :param common: options of every task.
    :param channels: options of tasks that deliver.
    :param folder: where each process writes down what it did.
    """

    seed: str
    seconds: float
    common: Options
    channels: Options
    keyring: str
    folder: str
    processes: int = PROCESSES


class Crowd:
    """A crowd at work. A context manager."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def __enter__(self) -> Crowd:
        command = [sys.executable, "-m", "system.crowd", json.dumps(asdict(self._orders))]
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})
        return self

    def __exit__(self, *_about: object) -> None:
        self._process.wait(60)

    @property
    def is_at_work(self) -> bool:
        """Whether anybody still works."""
        return self._process.poll() is None

    def records(self) -> Iterator[Record]:
        """Tell what was done, of each process in its order."""
        assert self._process.wait(60) == 0
        for file in sorted(Path(self._orders.folder).iterdir()):
            for line in file.read_text(encoding="utf-8").splitlines():
                yield Record(**json.loads(line))


def main(orders: Orders) -> int:
    """Let the processes work, and wait for all of them; returns how many ended otherwise than they should."""
    for library in ("psycopg", "requests", "tenacity"):
        importlib.import_module(library)  # once, in place of once a process
    prepare_to_fork()
    gc.freeze()
    ready = Barrier(orders.processes, timeout=LONGEST_START)
    children = [_forked(number, orders, ready) for number in range(orders.processes)]
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


def _forked(number: int, orders: Orders, ready: synchronize.Barrier) -> int:
    child = os.fork()
    if child:
        return child
    keyring.set_keyring(FolderKeyring(Path(orders.keyring)))
    tasks = RandomTasks(f"{orders.seed}/{number}", orders.channels)
    with Path(orders.folder, f"{number:02}.jsonl").open("w", encoding="utf-8") as file:
        carried_out("", FIRST_LOOK, orders.common, in_process=True)  # the first one takes longer than all after it
        ready.wait()
        until, done = time.monotonic() + orders.seconds, 0
        while time.monotonic() < until:
            record = carried_out(f"{number}.{done}", tasks.next(), orders.common, in_process=number % 4 != 0)
            tasks.learn(record.instance, record.result or {})
            file.write(json.dumps(asdict(record), default=str) + "\n")
            done += 1
    os._exit(0)


def carried_out(actor: str, task: Task, common: Options, *, in_process: bool = False) -> Record:
    """Carry out a task, as a module does or as an action does, and tell how it ended."""
    module, options = task
    work = perform_in_process if in_process else perform
    ended: dict[str, Any]
    begin = time.monotonic()
    try:
        ended = {"result": work(module, {**common, **options, "actor": actor})}
    except IntegrationError as error:
        ended = {"code": str(error.code), "msg": error.message}
    except BaseException as error:  # noqa: BLE001 (told to the test, which fails)
        ended = {"code": "exception", "msg": f"{type(error).__name__}: {error}"}
    return Record(actor, module, options, begin, time.monotonic(), **ended)


if __name__ == "__main__":
    sys.exit(main(Orders(**json.loads(sys.argv[1]))))
