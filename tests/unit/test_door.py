# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boundary of every module: nothing gets out but one shape of failure, and no secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from ansible.module_utils import basic

from ansible_collections.msp.kaspersky.plugins.module_utils import door, environment, options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils.door import Outcome, perform, run

SECRET = "s3cret/Value & more"
CLIENT = "ansible_collections.msp.kaspersky.plugins.module_utils.client"
Result = dict[str, Any]


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the client: the work of a test gets what the door hands over."""

    def make(given: Result, in_play: Any, check_mode: bool, _tell: Any) -> SimpleNamespace:
        return SimpleNamespace(options=given, in_play=in_play, check_mode=check_mode)

    monkeypatch.setitem(sys.modules, CLIENT, SimpleNamespace(IntegrationClient=make))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Result]]:
    """Run a module with its work in this process, as Ansible would; gives what it returns."""

    def call(arguments: Result, work: Callable[[Any], Result], specification: Any = options.INTEGRATION) -> Result:
        sent = {"ANSIBLE_MODULE_ARGS": {"_ansible_tmpdir": "/tmp", "_ansible_remote_tmp": "/tmp", **arguments}}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(sent).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            run(specification, work)
        printed = capsys.readouterr()
        assert SECRET not in printed.out + printed.err
        result: Result = json.loads(printed.out)
        return result

    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _module, message: logged.append(message))
    internal = sys.modules.get("ansible.module_utils._internal")
    if internal:  # the tests of plugins make this process a controller, whose warnings do not go into results
        monkeypatch.setattr(internal, "is_controller", False)
    yield call
    assert SECRET not in "".join(logged)


def attempt(work: Callable[[Any], Result], **given: Any) -> Outcome:
    return perform(options.INTEGRATION, {"secret_key": SECRET, **given}, check_mode=False, work=work)


def raising(error: BaseException) -> Callable[[Any], NoReturn]:
    def work(_client: Any) -> NoReturn:
        raise error

    return work


def test_a_result_comes_out_redacted() -> None:
    outcome = attempt(lambda _client: {"changed": True, "text": f"it is {SECRET}", "warnings": [f"mind {SECRET}"]})
    assert outcome == Outcome(False, {"changed": True, "text": "it is ********"}, ["mind ********"])


def test_a_refusal_comes_out_redacted_and_keeps_its_code() -> None:
    error = IntegrationError(ErrorCode.NOT_FOUND, f"no {SECRET}", near=[SECRET])
    outcome = attempt(raising(error))
    assert outcome == Outcome(True, {"msg": "no ********", "error": {"code": "not_found", "near": ["********"]}})


def test_what_the_work_adds_to_the_secrets_is_redacted_as_well() -> None:
    def work(client: Any) -> Result:
        client.in_play.add("derived-token")
        return {"text": "derived-token"}

    assert attempt(work).result == {"text": "********"}


@pytest.mark.parametrize("error", [RuntimeError(SECRET), ValueError(SECRET), KeyError(SECRET), AssertionError(SECRET)])
def test_an_unexpected_exception_tells_its_class_and_place_but_not_its_text(error: Exception) -> None:
    outcome = attempt(raising(error))
    assert outcome.failed
    assert outcome.result["error"]["code"] == "internal_error"
    assert outcome.result["error"]["exception_class"] == type(error).__name__
    assert type(error).__name__ in outcome.result["msg"]
    assert SECRET not in str(outcome)


def test_the_place_is_the_innermost_line_of_the_collection() -> None:
    def work(_client: Any) -> Result:
        environment.environment_variable(None)  # type: ignore[arg-type]
        return {}

    place = attempt(work).result["error"]["place"]
    assert place.startswith("plugins/module_utils/environment.py:")


def test_a_missing_library_is_named() -> None:
    def work(_client: Any) -> Result:
        import no_such_library.part  # type: ignore[import-not-found]

        return {"never": no_such_library}

    outcome = attempt(work)
    assert outcome.result["error"] == {"code": "dependency_missing", "library": "no_such_library"}
    assert "no_such_library" in outcome.result["msg"]


def test_a_missing_library_goes_by_the_name_that_pip_knows() -> None:
    outcome = attempt(raising(ModuleNotFoundError("No module named 'sqlalchemy'", name="sqlalchemy")))
    assert outcome.result["error"]["library"] == "SQLAlchemy"


def test_a_library_that_fails_to_load_without_saying_its_name_is_named() -> None:
    namespace = {"__name__": "psycopg.pq"}
    exec("def load(): raise ImportError('no pq wrapper available')", namespace)  # noqa: S102
    outcome = attempt(lambda _client: namespace["load"]())  # type: ignore[operator]
    assert outcome.result["error"] == {"code": "dependency_missing", "library": "psycopg[binary]"}


def test_a_file_of_the_collection_that_does_not_load_is_no_missing_library() -> None:
    name = "ansible_collections.msp.kaspersky.plugins.module_utils.gone"
    outcome = attempt(raising(ModuleNotFoundError("gone", name=name)))
    assert outcome.result["error"]["code"] == "internal_error"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(SECRET), TimeoutError()])
def test_the_reusable_part_lets_interruptions_pass(interruption: BaseException) -> None:
    if isinstance(interruption, Exception):
        assert attempt(raising(interruption)).failed
        return
    with pytest.raises(type(interruption)):
        attempt(raising(interruption))


def test_short_secrets_are_warned_of_by_name() -> None:
    outcome = attempt(lambda _client: {}, proxy_password="prod", tigerpaw={"soap_password": "1234567"})
    assert outcome.warnings == [
        "Shorter than 8 characters: proxy_password, tigerpaw.soap_password. Masking such a secret also masks unrelated "
        "output that happens to contain it."
    ]


def test_a_secret_that_is_an_outer_key_spoils_nothing() -> None:
    assert attempt(lambda _client: {"changed": False}, proxy_password="changed").result == {"changed": False}


def test_a_module_returns_its_result(module: Callable[..., Result]) -> None:
    def work(client: Any) -> Result:
        return {"changed": True, "name": client.options["name"], "check": client.check_mode, "warnings": [SECRET]}

    result = module({"name": "a", "secret_key": SECRET, "_ansible_check_mode": True}, work)
    assert (result["changed"], result["name"], result["check"]) == (True, "a", True)
    assert len(result["warnings"]) == 1


def test_a_module_fails_without_its_arguments(module: Callable[..., Result]) -> None:
    error = IntegrationError(ErrorCode.INVALID_SETTINGS, "no")
    result = module({"name": "a", "registry": f"postgresql://u:{SECRET}@h/d", "_ansible_verbosity": 4}, raising(error))
    assert result["failed"] is True
    assert result["msg"] == "no"
    assert result["error"] == {"code": "invalid_settings"}
    assert not result.get("invocation")
    assert not result.get("exception")


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyboardInterrupt(SECRET), SystemExit(SECRET)])
def test_a_module_ends_well_whatever_happens(module: Callable[..., Result], error: BaseException) -> None:
    def work(_client: Any) -> Result:
        try:
            raise ValueError(SECRET)
        except ValueError:
            raise error  # noqa: B904 (the context is what must not get out)

    result = module({"name": "a", "_ansible_verbosity": 4}, work)
    assert result["failed"] is True
    assert result["error"]["code"] == "internal_error"


def test_a_module_refuses_all_faults_at_once_and_does_no_work(module: Callable[..., Result]) -> None:
    arguments = {"naem": SECRET, "timeout": SECRET, "tigerpaw": True, "state": SECRET, "autotask": {"url": [SECRET]}}
    result = module(arguments, raising(AssertionError("work was done")))
    assert result["error"]["code"] == "invalid_settings"
    faults = [fault["option"] for fault in result["error"]["faults"]]
    assert sorted(faults) == ["autotask.url", "naem", "name", "state", "tigerpaw", "timeout"]
    assert not result.get("invocation")


def test_null_counts_as_omitted(module: Callable[..., Result]) -> None:
    def work(client: Any) -> Result:
        return {"instance": client.options["instance"], "retries": client.options["security_center"]["retries"]}

    result = module({"name": "a", "instance": None, "actor": None, "security_center": {"retries": None}}, work)
    assert (result["instance"], result["retries"]) == ("default", 3)


def test_blank_text_reaches_the_rules(module: Callable[..., Result]) -> None:
    def work(client: Any) -> Result:
        return {"given": client.options["tigerpaw"]["soap_user_name"], "kept": client.options["tigerpaw"]["url"]}

    result = module({"name": "a", "tigerpaw": {"soap_user_name": " "}}, work)
    assert result["given"] == " "
    assert result["kept"] is None


def test_what_only_ansible_core_refuses_is_told_without_its_message(
    module: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "argument_faults", lambda *_arguments: [])
    result = module({"name": "a", "timeout": SECRET}, raising(AssertionError("work was done")))
    assert result["error"]["code"] == "invalid_settings"


def test_the_log_gets_names_of_options_only(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _module, message: logged.append(message))
    door.Door.log(door.Door.__new__(door.Door), f"Invoked with name={SECRET}", {"name": SECRET, "actor": SECRET})
    assert logged == ["Invoked with the options actor, name"]


def test_a_specification_returns_secrets_only_where_it_says_so() -> None:
    named = {name: value for name, value in vars(options).items() if isinstance(value, options.ModuleSpecification)}
    assert [name for name, value in named.items() if value.returns_secrets] == ["INTEGRATION_SETTINGS"]


def test_only_the_result_may_hold_secrets_where_it_is_made_of_them() -> None:
    specification = replace(options.INTEGRATION, returns_secrets=True)
    outcome = perform(
        specification, {"secret_key": SECRET}, False, lambda _client: {"text": SECRET, "warnings": [SECRET]}
    )
    assert outcome == Outcome(False, {"text": SECRET}, ["********"])
    refused = perform(
        specification,
        {"secret_key": SECRET},
        False,
        raising(IntegrationError(ErrorCode.NOT_FOUND, SECRET, near=SECRET)),
    )
    assert refused == Outcome(True, {"msg": "********", "error": {"code": "not_found", "near": "********"}})


def test_no_module_can_return_secrets() -> None:
    with pytest.raises(TypeError, match="no module"):
        run(replace(options.INTEGRATION, returns_secrets=True), raising(AssertionError("work was done")))


def test_unchecked_arguments_are_checked_and_completed() -> None:
    seen = door.perform_unchecked(options.INTEGRATION, {"name": "a", "actor": None}, True, vars)
    assert (seen.result["options"]["name"], seen.result["options"]["instance"]) == ("a", "default")
    refused = door.perform_unchecked(options.INTEGRATION, {"naem": SECRET}, False, raising(AssertionError("done")))
    assert [fault["option"] for fault in refused.result["error"]["faults"]] == ["naem", "name"]
    assert SECRET not in str(refused)


def test_unchecked_arguments_that_only_ansible_core_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "argument_faults", lambda *_arguments: [])
    refused = door.perform_unchecked(
        options.INTEGRATION, {"name": "a", "timeout": SECRET}, False, raising(AssertionError("work was done"))
    )
    assert refused.result["error"]["code"] == "invalid_settings"
    assert SECRET not in str(refused)


def test_a_crash_of_the_check_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "argument_faults", lambda *_arguments: {}["none"])
    refused = door.perform_unchecked(options.INTEGRATION, {"name": SECRET}, False, lambda _client: {})
    assert refused.result["error"]["code"] == "internal_error"
