# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWX, as far as it is here: its own code injects credentials, ansible-runner runs jobs, a stand-in keeps objects."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
from awx_plugins.interfaces._temporary_private_credential_api import Credential
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

CHECKOUT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parent / "stand_ins" / "awx" / "stand_in.py"
MODULES = (
    "credential",
    "credential_type",
    "execution_environment",
    "inventory",
    "inventory_source",
    "job_template",
    "project",
)
IN_CONTAINER = "/runner/"

Objects = dict[str, dict[str, dict[str, Any]]]


class Controller:
    """
    Plays the role against the stand-in.

    :param folder: an empty one.
    """

    store: Path
    """The file with the objects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.store = folder / "objects.json"
        plugins = folder / "ansible_collections" / "awx" / "awx" / "plugins"
        for name in ("modules", "module_utils"):
            (plugins / name).mkdir(parents=True)
        shutil.copy(STAND_IN, plugins / "module_utils")
        imported = "from ansible_collections.awx.awx.plugins.module_utils.stand_in import main"
        for name in MODULES:
            (plugins / "modules" / f"{name}.py").write_text(f"{imported}\n\nmain('{name}')\n", encoding="utf-8")

    def play(self, **variables: Any) -> subprocess.CompletedProcess[str]:
        """Play the role with these variables."""
        play = {"hosts": "localhost", "gather_facts": False, "roles": [{"role": "msp.kaspersky.awx_setup"}]}
        (self._folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        (self._folder / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
        collections = os.pathsep.join([str(self._folder), os.environ["ANSIBLE_COLLECTIONS_PATH"]])
        return subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-vvv", "play.yml", "-e", "@variables.json"],
            cwd=self._folder,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": collections,
                "AWX_STAND_IN": str(self.store),
                "HOME": str(self._folder),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def objects(self) -> Objects:
        """Return what the modules were given, by module and name."""
        read: Objects = json.loads(self.store.read_text(encoding="utf-8"))
        return read


@dataclass
class Injected:
    """
    What a job gets from its credentials.

    :param shown: the variables as AWX shows them with the job.
    :param arguments: of ansible-playbook; extra variables would be here.
    """

    variables: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)


def inject(credential_type: Mapping[str, Any], inputs: Mapping[str, Any], folder: Path, into: Injected) -> None:
    """
    Inject a credential with AWX's own code.

    :param folder: the private folder of a job.
    """
    (folder / "env").mkdir(exist_ok=True)
    kept = ManagedCredentialType(
        namespace="",
        kind="cloud",
        name=credential_type["name"],
        inputs=credential_type["inputs"],
        injectors=credential_type["injectors"],
    )
    variables: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    inject_credential(kept, Credential(dict(inputs)), variables, shown, into.arguments, str(folder))
    # In its container, a job sees its private folder under this name. Here is no container.
    into.variables |= {name: value.replace(IN_CONTAINER, f"{folder}/") for name, value in variables.items()}
    into.shown |= shown


@dataclass(frozen=True)
class Finished:
    """
    A job that has come to its end.

    :param status: as ansible-runner calls it, for example ``successful``.
    :param events: in their order.
    """

    status: str
    events: list[dict[str, Any]]

    @property
    def output(self) -> str:
        """What AWX shows of the job."""
        return "\n".join(event["stdout"] for event in self.events)


@dataclass
class Job:
    """
    A job in its private folder.

    :param number: what AWX calls it.
    :param template: the name of what it was made from.
    """

    folder: Path
    injected: Injected
    number: int = 1
    template: str = "Kaspersky"

    def run(
        self, playbook: str, answers: Mapping[str, Any], inventory: Path | None = None, project: Path = CHECKOUT
    ) -> Finished:
        """
        Run a playbook as AWX does, and wait.

        :param answers: those of the survey.
        :param inventory: by default one without hosts.
        """
        self._write("env/envvars", {**self.injected.variables, **self._own_variables()})
        self._write("env/extravars", _untemplated({**answers, **self._told()}))
        self._write("env/settings", {"fact_cache_type": "jsonfile", "job_timeout": 300})
        if inventory is None:
            inventory = self.folder / "no_hosts"
            inventory.touch()
        command = [sys.executable, "-m", "ansible_runner", "run", str(self.folder), "--quiet", "-vvvv"]
        options = {"playbook": playbook, "inventory": inventory, "project-dir": project, "ident": self.number}
        subprocess.run(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            check=False,
            timeout=330,
        )
        return self._finished()

    def left_behind(self) -> dict[str, bytes]:
        """Return every file that the job has left, by name, without what AWX put there for it."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        names = {str(file.relative_to(self.folder)): file for file in files}
        return {name: file.read_bytes() for name, file in names.items() if not name.startswith("env/tmp")}

    def _finished(self) -> Finished:
        artifacts = self.folder / "artifacts" / str(self.number)
        files = artifacts.glob("job_events/[0-9]*.json")
        events = sorted(
            (json.loads(file.read_text(encoding="utf-8")) for file in files), key=lambda event: event["counter"]
        )
        return Finished((artifacts / "status").read_text(encoding="utf-8"), events)

    def _write(self, name: str, content: dict[str, Any] | str) -> None:
        (self.folder / "env").mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")

    def _told(self) -> dict[str, Any]:
        """Return what AWX tells a playbook of its job, by the names of its methods ``awx_meta_vars``."""
        facts = {
            "job_id": self.number,
            "job_launch_type": "manual",
            "job_template_id": 7,
            "job_template_name": self.template,
            "user_id": 3,
            "user_name": "ann",
            "user_email": "ann@msp.example",
        }
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in facts.items()}

    def _own_variables(self) -> dict[str, str]:
        """Return what AWX sets itself, and what leads to the collection and keeps out of the user's files."""
        return {
            "JOB_ID": str(self.number),
            "AWX_PRIVATE_DATA_DIR": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "HOME": str(self.folder),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }


def _untemplated(value: Any) -> str:
    """Write answers as AWX does, which never lets a text of theirs be a template (awx/main/utils/safe_yaml.py)."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)}: {_untemplated(item)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_untemplated, value))}]"
    return f"!unsafe {json.dumps(value)}" if isinstance(value, str) else json.dumps(value)
