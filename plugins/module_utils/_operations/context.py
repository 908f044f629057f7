# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what every operation of one task works with, read from the options once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._domain.errors import Fault, InvalidSettings
from .._domain.jobs import known_job, who_launched
from .._domain.progress import Tell, tell_nobody
from .._domain.redaction import SecretsInPlay
from .._domain.text import clean_name, clean_text, cleaned
from .._storage.database import default_address, open_database
from .._storage.process import this_user
from .._storage.registry import Registry
from .vault import Vault

Options = Mapping[str, Any]

_LONGEST_SECRET_FILE = 65536
# Options that select what is stored.
_SELECTING = {
    "integration": clean_name,
    "integration_id": clean_text,
    "account_id": clean_text,
    "move_from": clean_name,
    "name_contains": clean_text,
    "tenant": clean_name,
    "uid": clean_text,
    "user_name": clean_text,
}


@dataclass(frozen=True)
class Context:
    """
    The surroundings of one task.

    :param instance: name of the instance that the task is about.
    :param actor: who is acting, for the history; stated, not proven.
    :param job: the job of AWX in which the task runs, if it is one.
    :param vault: opens and keeps secrets.
    :param tell: takes lines about the progress of long work while it runs.
    """

    options: Options
    registry: Registry
    instance: str
    actor: str
    job: dict[str, str] | None
    vault: Vault
    in_play: SecretsInPlay
    check_mode: bool
    tell: Tell = tell_nobody

    def secret_options(self, *names: str) -> list[str | None]:
        """
        Read secrets that are given directly or in files.

        :param names: of the direct options; the others end in ``_file``.
        :raises InvalidSettings: files that cannot be read.
        """
        faults: list[Fault] = []
        secrets = [read_secret(faults, self.options, name, self.in_play) for name in names]
        if faults:
            raise InvalidSettings(faults)
        return secrets


def open_context(options: Options, in_play: SecretsInPlay, check_mode: bool, tell: Tell | None = None) -> Context:
    """
    Read the options that all modules share; connects to nothing yet.

    :param options: validated options of a module.
    :param tell: takes lines about progress.
    :raises IntegrationError: ``invalid_settings`` with every fault at once, or ``dependency_missing``.
    """
    faults: list[Fault] = []
    password = read_secret(faults, options, "registry_password", in_play)
    secret_key = read_secret(faults, options, "secret_key", in_play)
    in_play.add(*(secret_key or "").split(","))
    instance = cleaned(faults, "instance", clean_name, options.get("instance") or "default")
    job = known_job(options.get("job") or _job_of_this_process())
    actor = cleaned(faults, "actor", clean_name, options.get("actor") or _default_actor(job))
    selecting = {option: cleaned(faults, option, clean, options.get(option)) for option, clean in _SELECTING.items()}
    if faults or instance is None or actor is None:
        raise InvalidSettings(faults)
    registry = Registry(open_database(options.get("registry") or default_address(), password))
    vault = Vault(registry, instance, options.get("secret_store"), secret_key, in_play)
    every = {**options, **selecting}
    return Context(every, registry, instance, actor, job, vault, in_play, check_mode, tell or tell_nobody)


def read_secret(
    faults: list[Fault], options: Options, name: str, in_play: SecretsInPlay, parent: str = ""
) -> str | None:
    """
    Take a secret from its option or its file; a file's last line break is the editor's, not the secret's.

    :param options: a task's, or those of one of its dictionaries.
    :param parent: path of that dictionary with a final dot, for messages.
    """
    path = options.get(f"{name}_file")
    secret = _read(faults, f"{parent}{name}_file", Path(path)) if path else options.get(name)
    in_play.add(secret)
    return secret


def _read(faults: list[Fault], option: str, path: Path) -> str | None:
    try:
        with path.expanduser().open("rb") as file:
            text = file.read(_LONGEST_SECRET_FILE).decode("utf-8").rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:
        faults.append(Fault(option, f"cannot be read: {_reason(error)} ({path})"))
        return None
    if not text.strip():
        faults.append(Fault(option, f"is empty ({path})"))
        return None
    return text


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "no file can have this name"


def _job_of_this_process() -> dict[str, str | None]:
    """Tell of a job what AWX puts into the environment, where no playbook has its variables."""
    return {"id": os.environ.get("JOB_ID")} if os.environ.get("AWX_PRIVATE_DATA_DIR") else {}


def _default_actor(job: dict[str, str] | None) -> str:
    """Name who launched the job if this is one, else the user of the operating system."""
    return who_launched(job) if job else this_user()
