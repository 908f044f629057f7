# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The second door: when it is taken, what it hands over, and how it tells what came of it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.plugins.action.normal import ActionModule

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome
from ansible_collections.msp.kaspersky.plugins.plugin_utils import client_action
from ansible_collections.msp.kaspersky.plugins.plugin_utils.client_action import ClientAction

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
BY_MODULE = {"by": "module"}
SECRET = "s3cret-Value"
Result = dict[str, Any]


class Action(ClientAction):
    specification = options.INTEGRATION
    work = IntegrationClient.keep_integration


class Connection:
    become: Any = None
    _shell = SimpleNamespace(env_prefix=lambda **_environment: "")

    def __init__(self, name: str = "local") -> None:
        self.name = name

    def matches_name(self, names: list[str]) -> bool:
        return self.name in names


class Templar:
    """Renders one template that tests use, and nothing else."""

    def template(self, value: Any) -> Any:
        return sys.executable if value == "{{ ansible_playbook_python }}" else value


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Result]:
    """Stand in for the module and for the work that is done here; collect what the latter is given."""
    given: list[Result] = []

    def attempt(_specification: Any, arguments: Result, _work: Any, **how: Any) -> Outcome:
        given.append({"arguments": arguments, "folder": Path.cwd(), **how})
        return Outcome(False, {"changed": False}, [], {"name": "a", "secret_key": SECRET, "instance": "default"})

    monkeypatch.setattr(client_action, "attempt", attempt)
    monkeypatch.setattr(ActionModule, "run", lambda *_arguments: dict(BY_MODULE))
    return given


def action(folder: Path, connection: Connection | None = None, **keywords: Any) -> Action:
    """Make an action for a task with keywords."""
    task = {"args": {"name": "a"}, "async_val": 0, "check_mode": False, "delegate_to": None, "environment": []}
    return Action(
        SimpleNamespace(**(task | keywords)),
        connection or Connection(),
        None,
        SimpleNamespace(get_basedir=lambda: str(folder)),
        Templar(),
        None,
    )


def stepped_aside(tmp_path: Path, seen: list[Result], variables: Result | None = None, **how: Any) -> bool:
    before = len(seen)
    result = action(tmp_path, **how).run(task_vars=variables or {})
    assert (result == BY_MODULE) == (len(seen) == before)
    return result == BY_MODULE


def test_a_task_on_the_controller_is_done_here(tmp_path: Path, seen: list[Result]) -> None:
    assert not stepped_aside(tmp_path, seen)
    assert seen[0]["arguments"] == {"name": "a"}
    assert seen[0]["folder"] == tmp_path.resolve()
    assert Path.cwd() != tmp_path.resolve()


def test_other_connections_become_and_async_are_for_the_module(tmp_path: Path, seen: list[Result]) -> None:
    other_user = Connection()
    other_user.become = object()
    assert stepped_aside(tmp_path, seen, connection=Connection("ssh"))
    assert stepped_aside(tmp_path, seen, connection=other_user)
    assert stepped_aside(tmp_path, seen, async_val=10)


def test_without_the_library_that_every_task_needs_the_module_is_used(
    tmp_path: Path, seen: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_action, "can_work_here", lambda: False)
    assert stepped_aside(tmp_path, seen)


@pytest.mark.usefixtures("seen")
def test_the_module_is_asked_when_a_library_turns_out_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Outcome(True, {"msg": "a", "error": {"code": "dependency_missing"}})
    monkeypatch.setattr(client_action, "attempt", lambda *_given, **_how: missing)
    assert action(tmp_path).run(task_vars={}) == BY_MODULE


@pytest.mark.parametrize("variable", [False, "false", "no", 0])
def test_a_variable_sends_every_task_to_the_module(tmp_path: Path, seen: list[Result], variable: Any) -> None:
    assert stepped_aside(tmp_path, seen, {"msp_kaspersky_in_process": variable})


@pytest.mark.parametrize(
    "interpreter", ["", "auto", "auto_legacy_silent", sys.executable, "{{ ansible_playbook_python }}"]
)
def test_the_interpreter_may_be_unset_or_our_own(tmp_path: Path, seen: list[Result], interpreter: str) -> None:
    assert not stepped_aside(tmp_path, seen, {"ansible_python_interpreter": interpreter})


def test_the_interpreter_may_have_another_name_in_its_folder(
    tmp_path: Path, seen: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python").touch()
    (tmp_path / "python3").symlink_to("python")
    (tmp_path / "python4").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert not stepped_aside(tmp_path, seen, {"ansible_python_interpreter": str(tmp_path / "python3")})
    assert stepped_aside(tmp_path, seen, {"ansible_python_interpreter": str(tmp_path / "python4")})


def test_another_interpreter_is_for_the_module(tmp_path: Path, seen: list[Result]) -> None:
    other = {"ansible_python_interpreter": "/usr/bin/python3.99"}
    assert stepped_aside(tmp_path, seen, other)
    assert stepped_aside(tmp_path, seen, {"ansible_delegated_vars": {"there": other}}, delegate_to="there")
    assert not stepped_aside(tmp_path, seen, {**other, "ansible_delegated_vars": {"there": {}}}, delegate_to="there")


def test_the_environment_of_a_task_stands_in_for_options_and_nowhere_else(
    tmp_path: Path, seen: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_INSTANCE", "of the process")
    environment = [{"MSP_KASPERSKY_ACTOR": "outer", "MSP_KASPERSKY_TIMEOUT": 5}, {"MSP_KASPERSKY_ACTOR": "inner"}]
    assert not stepped_aside(tmp_path, seen, environment=environment)
    found = seen[0]["environment"]
    assert found["MSP_KASPERSKY_ACTOR"] == "inner"
    assert found["MSP_KASPERSKY_TIMEOUT"] == "5"
    assert found["MSP_KASPERSKY_INSTANCE"] == "of the process"
    assert "MSP_KASPERSKY_ACTOR" not in os.environ
    assert stepped_aside(tmp_path, seen, environment=[{"LANG": "C"}])


def test_what_ansible_adds_for_modules_is_left_out(tmp_path: Path, seen: list[Result]) -> None:
    assert not stepped_aside(tmp_path, seen, args={"name": "a", "_ansible_check_mode": True}, check_mode=True)
    assert seen[0]["arguments"] == {"name": "a"}
    assert seen[0]["check_mode"] is True


def told(outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr(client_action, "attempt", lambda *_given, **_how: outcome)
    return action(tmp_path).run(task_vars={"ansible_inject_invocation": True})


def test_arguments_are_told_without_their_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"name": f"with {SECRET}", "secret_key": SECRET, "actor": None, "smtp_validate_certs": True}
    found = told(Outcome(False, {"changed": True, "list": ("a",)}, ["warned"], given), tmp_path, monkeypatch)
    masked = {**given, "name": "with ********", "secret_key": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}
    assert found == {
        "changed": True,
        "list": ["a"],
        "warnings": ["warned"],
        "invocation": {"module_args": masked},
    }


def test_a_failure_does_not_repeat_its_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = {"msg": f"not {SECRET}", "error": {"code": "not_found"}}
    found = told(Outcome(True, failure, [], {"secret_key": SECRET}), tmp_path, monkeypatch)
    assert found == {
        "failed": True,
        "msg": "not ********",
        "error": {"code": "not_found"},
        "invocation": {},
    }


def test_every_module_has_an_action_that_does_the_same_work() -> None:
    for module in sorted((PLUGINS / "modules").glob("*.py")):
        [call] = [
            node.body[0].value
            for node in ast.parse(module.read_text()).body
            if isinstance(node, ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
        ]
        assert isinstance(call, ast.Call)
        specification, work = map(ast.unparse, call.args)
        source = (PLUGINS / "action" / module.name).read_text()
        assert f"    specification = {specification}\n    work = {work}\n" in source, module.name


def test_loading_an_action_imports_what_every_task_needs_and_no_more() -> None:
    code = (
        "import sys; from ansible_collections.msp.kaspersky.plugins.action import integration;"
        "print(*(name for name in ('sqlalchemy', 'zeep', 'requests', 'keyring', 'psycopg', 'lxml', 'tenacity')"
        " if name in sys.modules))"
    )
    # A new process knows of no collection path: pytest's own was given to it in other ways.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sqlalchemy"]
