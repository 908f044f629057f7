# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a play is timed: a whole ``ansible-playbook``, with its processor time and its memory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .samples import Sample

PLAYS = Path(__file__).resolve().parent / "plays"
CHECKOUT = PLAYS.parents[2]
LONGEST_PLAY = 900
LONGEST_REASON = 300

# The user's own settings must not change what is measured.
FOREIGN_SETTINGS = ("ANSIBLE_", "MSP_KASPERSKY_", "PYTHON", "XDG_")


class PlayFailed(Exception):
    """A play failed, took too long, or did something else than it was to do. Says why in a line."""


@dataclass(frozen=True)
class Play:
    """
    What is to be played.

    :param tag: of the one task that is meant.
    :param hosts: how many hosts the inventory has.
    :param changes: whether the task is to change something; a play that does otherwise has failed.
    """

    playbook: str
    tag: str
    variables: Mapping[str, Any]
    hosts: int = 1
    changes: bool = False


class Player:
    """
    Plays in a folder of its own, away from the user's files.

    :param variables: those that every play gets.
    """

    def __init__(self, folder: Path, variables: Mapping[str, Any]) -> None:
        self._folder = folder
        self._variables = variables
        link = folder / "collections" / "ansible_collections" / "msp" / "kaspersky"
        link.parent.mkdir(parents=True)
        link.symlink_to(CHECKOUT)
        (folder / "ansible.cfg").touch()

    def play(self, play: Play) -> Sample:
        """
        Play once.

        :raises PlayFailed: if it did not go as it was meant.
        """
        command = self._command(play)
        printed = self._folder / "printed"
        with printed.open("wb") as output:
            sample, exit_code = timed(command, self._environment(), output.fileno())
        text = printed.read_text(encoding="utf-8", errors="replace")
        if exit_code:
            raise PlayFailed(reason(text) or f"ansible-playbook ended with {exit_code}")
        if changed(text) != play.changes:
            raise PlayFailed("something was changed" if changed(text) else "nothing was changed")
        return sample

    def _command(self, play: Play) -> list[str]:
        inventory, variables = self._folder / "inventory.ini", self._folder / "variables.json"
        names = [f"tenant{number} ansible_connection=local number={number}" for number in range(play.hosts)]
        inventory.write_text("\n".join(["[tenants]", *names, ""]), encoding="utf-8")
        variables.write_text(json.dumps({**self._variables, **play.variables}), encoding="utf-8")
        program = [sys.executable, "-m", "ansible", "playbook", str(PLAYS / play.playbook)]
        return [*program, "--inventory", str(inventory), "--tags", play.tag, "--extra-vars", f"@{variables}"]

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
        return own | {
            "ANSIBLE_COLLECTIONS_PATH": str(self._folder / "collections"),
            "ANSIBLE_CONFIG": str(self._folder / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "true",
            "HOME": str(self._folder / "home"),
        }


def timed(command: list[str], environment: Mapping[str, str], output: int) -> tuple[Sample, int]:
    """
    Run a program, and stop it with all that it started when it takes too long.

    :param output: the file that takes what it prints.
    :returns: what it took, together with its exit code. Processor time is that of all its processes, memory that of the
        largest.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    limit = threading.Timer(LONGEST_PLAY, kill, (process.pid,))
    limit.start()
    try:
        _pid, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        kill(process.pid)
        raise
    finally:
        limit.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)  # it is gone, which only wait4 knows
    seconds = time.perf_counter() - began
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), process.returncode


def kill(process: int) -> None:
    """Kill a process and its descendants. They share no group: Ansible gives each worker a session of its own."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    os.kill(process, signal.SIGKILL)
    for child in children:
        kill(int(child))


def changed(printed: str) -> bool:
    """Read in the recap whether anything was changed."""
    return any(int(number) for number in re.findall(r"\bchanged=(\d+)", printed))


def reason(printed: str) -> str:
    """Find the first line that tells why a play failed, or the last line of all."""
    told = re.search(r"^.*(?:fatal:|failed:|\[ERROR\]:|ERROR[!:]).*$", printed, re.MULTILINE)
    line = told[0] if told else next(iter(reversed(printed.splitlines())), "")
    return " ".join(line.split())[:LONGEST_REASON]
