# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays that are run by one of the doors, and what is seen of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret

from .tasks import SECRET_KEY

Task = dict[str, Any]

MODULE = "msp.kaspersky."
SECONDS = 300
VAULT_PASSWORD = "Vault-password"
STAND_INS = Path(__file__).with_name("stand_ins")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_JOB = re.compile(r"j\d+\.\d+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# What Ansible itself says otherwise about actions, from ansible-core 2.19 on.
_ANSIBLES_WORDS = {"Action failed: ": "Module failed: "}


@dataclass(frozen=True)
class Play:
    """
    A play of which each task registers what comes of it, whatever it is.

    :param keywords: of the play.
    :param hosts: with their variables.
    :param stand_in: the folder below ``stand_ins`` whose library takes the place of the real one.
    """

    tasks: list[Task]
    keywords: Task = field(default_factory=dict)
    hosts: Mapping[str, Task] = field(default_factory=lambda: {"here": {}})
    stand_in: str | None = None


@dataclass(frozen=True)
class Seen:
    """
    What is seen of a play.

    :param results: of its tasks, by host, number and name.
    :param screen: what the tasks brought there.
    :param modules: how many tasks went to modules.
    """

    results: dict[str, Any]
    screen: list[str]
    modules: int


def task(module: str, *, keywords: Task | None = None, **options: Any) -> Task:
    """Make a task."""
    return {"name": module, MODULE + module: options, **(keywords or {})}


def vaulted(text: str, password: str = VAULT_PASSWORD) -> Task:
    """Write a text encrypted, as a play in JSON holds it."""
    return {"__ansible_vault": VaultLib().encrypt(text, VaultSecret(password.encode())).decode()}


def run(play: Play, folder: Path, *, in_process: Any, interpreter: str = sys.executable) -> Seen:
    """Run a play in an empty folder by one of the doors."""
    shutil.rmtree(folder, ignore_errors=True)
    done = start(play, folder, in_process=in_process, interpreter=interpreter)
    assert all((folder / f"{host}.json").exists() for host in play.hosts), done.stdout + done.stderr
    return Seen(
        results={name: result for host in play.hosts for name, result in _results(folder, host)},
        screen=[line for line in comparable(done.stdout + done.stderr).splitlines() if _is_told_by_the_task(line)],
        modules=done.stdout.count("plugins/modules/"),
    )


def start(
    play: Play, folder: Path, *, in_process: Any, interpreter: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a play in a folder, which may hold the registry of another one, however it ends."""
    (folder / "relative").mkdir(parents=True, exist_ok=True)
    variables = {"msp_kaspersky_in_process": in_process, "ansible_python_interpreter": interpreter}
    files = {
        "relative/key": SECRET_KEY,
        "vault": VAULT_PASSWORD,
        "play.yml": json.dumps([_written(play, folder, variables)]),
        "hosts.yml": json.dumps({"all": {"hosts": play.hosts}}),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "ansible", "playbook", "-vvv", "-i", f"{folder}/hosts.yml", "-c", "local"]
    stand_in = str(STAND_INS / play.stand_in) if play.stand_in else None
    return subprocess.run(
        [*command, "--vault-password-file", f"{folder}/vault", f"{folder}/play.yml"],
        cwd=folder.parent,
        env={
            **os.environ,
            "HOME": str(folder),
            "ANSIBLE_INJECT_INVOCATION": "true",
            "ANSIBLE_NOCOLOR": "true",
            "PYTHONPATH": os.pathsep.join(filter(None, [stand_in, os.environ.get("PYTHONPATH")])),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def comparable(text: str) -> str:
    """Put what differs from run to run in the place of what is found there."""
    found: dict[str, str] = {}
    text = _UUID.sub(lambda match: found.setdefault(match[0], f"id {len(found)}"), text)
    for said, meant in _ANSIBLES_WORDS.items():
        text = text.replace(said, meant)
    return _JOB.sub("a job", _MOMENT.sub("a moment", text))


def _written(play: Play, folder: Path, variables: Task) -> Task:
    everything = ", ".join(f"'{number:02} {made['name']}': result{number}" for number, made in enumerate(play.tasks))
    keep = {
        "name": "Keep",
        "ansible.builtin.copy": {
            "content": "{{ {" + everything + "} | to_nice_json }}",
            "dest": f"{folder}/{{{{ inventory_hostname }}}}.json",
        },
        "vars": {"ansible_python_interpreter": sys.executable},
        "delegate_to": "localhost",
    }
    defaults = {
        "registry": f"sqlite:///{folder}/registry.sqlite3",
        "secret_store": "registry",
        "secret_key_file": str(folder / "relative" / "key"),
        "actor": "tester",
    }
    return {
        "hosts": "all",
        "gather_facts": False,
        "vars": variables,
        "module_defaults": {f"group/{MODULE}all": defaults},
        "tasks": [*(_registered(made, number) for number, made in enumerate(play.tasks)), keep],
        **play.keywords,
    }


def _registered(made: Task, number: int) -> Task:
    """Let a task register its result; of a block that is rescued the rescue, of any other the block."""
    for part in ("rescue", "block"):
        if part in made:
            *others, last = made[part]
            return {**made, part: [*others, _registered(last, number)]}
    return {**made, "register": f"result{number}", "ignore_errors": True}


def _results(folder: Path, host: str) -> Iterator[tuple[str, Any]]:
    results = json.loads(comparable((folder / f"{host}.json").read_text(encoding="utf-8")))
    return ((f"{host} {name}", result) for name, result in results.items())


def _is_told_by_the_task(line: str) -> bool:
    return line.startswith(("ok:", "changed:", "fatal:", "failed:", "[WARNING]", "[ERROR]", "+", "-", "...ignoring"))
