# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The second door: what all action plugins of the collection are made of.

Ansible starts a process, unpacks an archive and imports everything anew for each call of a module. An action plugin of
the same name has the same work done inside of the process that Ansible has anyway, if the task simply runs on the
controller. In all other cases it steps aside for the module.

Ansible loads action plugins before it starts the processes that run tasks. So what is imported here, SQLAlchemy
included, is imported once for all of them; what few tasks need is imported where it is used.
"""

from __future__ import annotations

import os
import sys
from collections import ChainMap
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action.normal import ActionModule as ModuleAction
from ansible.utils.display import Display

from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import secrets_of
from ansible_collections.msp.kaspersky.plugins.module_utils.client import can_work_here, prepare_to_fork
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome, Work
from ansible_collections.msp.kaspersky.plugins.module_utils.environment import ENVIRONMENT_PREFIX
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification
from ansible_collections.msp.kaspersky.plugins.plugin_utils.awx_job import job_of
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import attempt
from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import masked, plain

prepare_to_fork()

IN_PROCESS = "msp_kaspersky_in_process"
"""Variable that sends every task to the module when it is false."""

# Ansible passes its own instructions to a module among the arguments, and leaves them there for the next attempt.
_INTERNAL_PREFIX = "_ansible_"
_INVOCATION_SETTING = "INJECT_INVOCATION"


class ClientAction(ModuleAction):
    """
    One module's work, inside of Ansible's own process.

    :cvar specification: that of the module.
    :cvar work: the method of the client that is the module's work; static.
    """

    specification: ClassVar[ModuleSpecification]
    work: ClassVar[Work]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """
        Do the work of the task here, or let the module do it.

        :returns: the result of the module, whoever did the work.
        """
        variables = task_vars or {}
        self._tell_job(variables)
        environment = self._task_environment()
        outcome = self._attempt(environment) if self._may_stay(variables, environment) else None
        if outcome is None or _lacks_library(outcome):  # the interpreter of modules may have it
            return dict(super().run(tmp, task_vars))
        return self._told(outcome, variables)

    def _tell_job(self, variables: Mapping[str, Any]) -> None:
        """Tell what is written into the history of the job: a module sees no variables."""
        job = job_of(variables) if "job" in self.specification.argument_spec else {}
        if job and self._task.args.get("job") is None:
            self._task.args = {**self._task.args, "job": job}

    def _task_environment(self) -> dict[str, str]:
        """Render ``environment:`` of play, block and task; meant for a shell, so all values are texts."""
        rendered: dict[str, Any] = {}
        self._compute_environment_string(rendered)
        return {str(name): str(value) for name, value in plain(rendered).items()}

    def _may_stay(self, variables: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
        """Tell whether the task simply runs on the controller, as the user and with the Python that Ansible runs as."""
        return (
            self._connection.matches_name(["local"])
            and self._connection.become is None
            and not self._task.async_val
            and all(name.startswith(ENVIRONMENT_PREFIX) for name in environment)
            and can_work_here()
            and self._is_wanted(variables)
            and _is_our_own(self._interpreter(variables))
        )

    def _is_wanted(self, variables: Mapping[str, Any]) -> bool:
        try:
            return bool(boolean(self._templar.template(variables.get(IN_PROCESS, True))))
        except TypeError:
            raise AnsibleActionFail(f"The variable {IN_PROCESS} must be true or false.") from None

    def _interpreter(self, variables: Mapping[str, Any]) -> str:
        """
        Tell which Python is set for modules; nothing where Ansible would have to look for one.

        The implicit localhost has the one that runs Ansible.
        """
        if self._task.delegate_to:
            variables = variables["ansible_delegated_vars"][self._task.delegate_to]
        configured = constants.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        interpreter = str(plain(self._templar.template(configured)) or "").strip()
        return "" if interpreter.startswith("auto") else interpreter

    def _attempt(self, environment: dict[str, str]) -> Outcome:
        arguments = {
            name: value for name, value in self._task.args.items() if not str(name).startswith(_INTERNAL_PREFIX)
        }
        # Modules on the controller run in this folder, so that paths may be relative to the playbook.
        with chdir(self._loader.get_basedir()):
            return attempt(
                self.specification,
                arguments,
                type(self).work,
                check_mode=bool(self._task.check_mode),
                environment=ChainMap(environment, os.environ),
                tell=self._show,
            )

    def _show(self, line: str) -> None:
        """Show how far the work has come, on stderr: some callbacks write on stdout what programs read."""
        Display().display(f"{self._task.resolved_action}: {line}", stderr=True)

    def _told(self, outcome: Outcome, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Tell an outcome as ``AnsibleModule`` does: with the arguments if wanted, and without any of their secrets."""
        told: dict[str, Any] = {**outcome.result, "failed": True} if outcome.failed else dict(outcome.result)
        if outcome.warnings:
            told["warnings"] = outcome.warnings
        if _wants_invocation(variables):
            told["invocation"] = {} if outcome.failed else {"module_args": outcome.options}
        secrets = set(secrets_of(self.specification.argument_spec, outcome.options).values()) - {""}
        shown = masked(plain(told), secrets)
        return {key: value if value is None or isinstance(value, bool) else shown[key] for key, value in told.items()}


def _is_our_own(interpreter: str) -> bool:
    """Tell whether it is the Python that runs here, under any of the names that it has in its folder."""
    if interpreter in ("", sys.executable):
        return True
    other, own = Path(interpreter), Path(sys.executable)
    return other.parent == own.parent and other.resolve() == own.resolve()


def _lacks_library(outcome: Outcome) -> bool:
    return outcome.failed and outcome.result["error"]["code"] == "dependency_missing"


def _wants_invocation(variables: Mapping[str, Any]) -> bool:
    """Until ansible-core 2.21, modules always repeat their arguments."""
    if not constants.config.get_configuration_definition(_INVOCATION_SETTING):
        return True
    return bool(constants.config.get_config_value(_INVOCATION_SETTING, variables=variables))
