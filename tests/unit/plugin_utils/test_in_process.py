# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plugins get the boundary of the modules: all faults at once, every exception caught, no secret but in results."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.plugin_utils import in_process
from ansible_collections.msp.kaspersky.plugins.plugin_utils.in_process import PluginError, ask

SECRET = "s3cret/Value & more"
CLIENT = "ansible_collections.msp.kaspersky.plugins.module_utils.client"
GIVEN = {"_terms": ["a"], "secret_key": SECRET}
Result = dict[str, Any]


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the client: the work of a test gets what the boundary hands over."""

    def make(given: Result, in_play: Any, check_mode: bool, _tell: Any) -> SimpleNamespace:
        return SimpleNamespace(options=given, in_play=in_play, check_mode=check_mode)

    monkeypatch.setitem(sys.modules, CLIENT, SimpleNamespace(IntegrationClient=make))


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the warnings that are shown."""
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _display, message: shown.append(message))
    return shown


def raising(error: BaseException) -> Callable[[Any], NoReturn]:
    def work(client: Any) -> NoReturn:
        client.in_play.add(SECRET)
        raise error

    return work


def refusal(work: Callable[[Any], Result], specification: Any = options.INTEGRATION_SETTINGS, **given: Any) -> Any:
    """Let work fail; see that what comes out tells nothing of it but a message without secrets."""
    with pytest.raises(PluginError) as caught:
        ask(specification, {**GIVEN, **given}, work)
    error = caught.value
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(vars(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    assert isinstance(error, AnsibleError)
    return error


def test_options_arrive_as_a_module_would_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSP_KASPERSKY_REGISTRY", "sqlite:////from/the/environment")
    monkeypatch.setenv("MSP_KASPERSKY_ACTOR", "")
    given: Result = wrap_var({"_terms": ["{{ a }}"], "secret_key_file": "~/key", "secret_store": None})
    seen: Result = ask(options.INTEGRATION_SETTINGS, given, vars, check_mode=True)
    assert seen["check_mode"] is True
    assert seen["options"]["_terms"] == ["{{ a }}"]
    assert seen["options"]["_terms"][0].__class__ is str
    assert seen["options"]["registry"] == "sqlite:////from/the/environment"
    assert seen["options"]["instance"] == "default"
    assert not seen["options"]["secret_key_file"].startswith("~")
    assert seen["options"]["actor"] is None


def test_all_faults_are_told_at_once_and_no_work_is_done() -> None:
    faulty = {"registrie": 1, "secret_key": [SECRET], "instance": " ", "integration_id": "x"}
    error = refusal(raising(AssertionError("work was done")), **faulty)
    assert error.code == "invalid_settings"
    assert [fault["option"] for fault in error.error["faults"]] == ["registrie", "secret_key", "instance", "_terms"]


def test_a_refusal_is_redacted_and_carries_its_code() -> None:
    error = refusal(raising(IntegrationError(ErrorCode.NOT_FOUND, f"no {SECRET}", near=[SECRET])))
    assert error.message == "no ******** (error code: not_found)"
    assert error.error == {"code": "not_found", "near": ["********"]}


@pytest.mark.parametrize("kind", [RuntimeError, ValueError, UnicodeError, AnsibleError])
def test_the_text_of_an_unexpected_exception_is_withheld(kind: type[Exception]) -> None:
    error = refusal(raising(kind(SECRET)))
    assert error.code == "internal_error"
    assert kind.__name__ in error.message


def test_a_missing_library_is_named() -> None:
    missing = ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy")
    assert refusal(raising(missing)).error == {"code": "dependency_missing", "library": "SQLAlchemy"}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit()])
def test_an_interruption_passes_without_what_it_interrupted(
    interruption: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(_client: Any) -> Result:
        try:
            raise ValueError(SECRET)
        except ValueError:
            raise interruption  # noqa: B904 (the context is what must not get out)

    forgotten: list[bool] = []
    monkeypatch.setattr(in_process, "forget_everything", lambda: forgotten.append(True))
    with pytest.raises(type(interruption)) as caught:
        ask(options.INTEGRATION_SETTINGS, GIVEN, work)
    assert forgotten
    assert SECRET not in "".join(traceback.format_exception(caught.value)).replace("raise ValueError(SECRET)", "")


def test_results_are_redacted() -> None:
    result = ask(options.REGISTRY_INFO, {"secret_key": SECRET}, lambda _client: {"text": f"it is {SECRET}"})
    assert result == {"text": "it is ********"}


def test_results_that_consist_of_secrets_come_out_as_they_are() -> None:
    result = ask(options.INTEGRATION_SETTINGS, GIVEN, lambda _client: {"settings": {"soap_password": SECRET}})
    assert result == {"settings": {"soap_password": SECRET}}


def test_warnings_are_shown_and_redacted(warned: list[str]) -> None:
    result = ask(options.INTEGRATION_SETTINGS, GIVEN, lambda _client: {"warnings": [f"mind {SECRET}"], "a": 1})
    assert result == {"a": 1}
    assert warned == ["mind ********"]


def test_short_secrets_are_warned_of_also_when_the_work_fails(warned: list[str]) -> None:
    with pytest.raises(PluginError):
        ask(options.REGISTRY_INFO, {"secret_key": "abc"}, raising(ValueError()))
    assert warned == []
    with pytest.raises(PluginError):
        ask(options.REGISTRY_INFO, {"secret_key": "abc"}, raising(IntegrationError(ErrorCode.NOT_FOUND, "no")))
    assert len(warned) == 1
