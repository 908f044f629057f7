# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role makes of AWX what AWX accepts: credential types that inject no secret as a variable, and templates."""

from __future__ import annotations

import json
import re
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.msp.kaspersky.plugins.module_utils import environment, options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, Platform

from .awx import CHECKOUT, STAND_IN, Controller, Injected, Objects, inject
from .awx_rules import (
    MODULES,
    faults_of_answer,
    faults_of_credential_type,
    faults_of_source,
    faults_of_survey,
    faults_of_template,
)

ROLE = CHECKOUT / "roles" / "awx_setup"
IMAGE = "registry.example.com/msp-kaspersky:1"
SECRET = "s3cret-<&>'\"{%\\ é"
KEY = "k3y-of-the-role"
CREDENTIALS: list[dict[str, Any]] = [
    {"name": "Registry", "type": "Kaspersky registry"},
    {"name": "Key", "type": "Kaspersky secret key", "inputs": {"secret_key": KEY}},
    {"name": "Mail", "type": "Kaspersky mail server"},
    {"name": "Tenants", "type": "Kaspersky tenants"},
]
MISSING = [credential for credential in CREDENTIALS if "inputs" not in credential]
QUESTION = {
    "question_name": "Colour",
    "variable": "colour",
    "type": "multiplechoice",
    "choices": ["red", "blue"],
    "required": True,
}
NUMBER = {**QUESTION, "type": "integer", "min": 1, "max": 3}


def kept_in(name: str) -> list[dict[str, Any]]:
    read: dict[str, list[dict[str, Any]]] = DataLoader().load_from_file(str(ROLE / "vars" / "main" / f"{name}.yml"))
    return next(iter(read.values()))


TYPES = {kind["name"]: kind for name in ("credential_types", "platform_credential_types") for kind in kept_in(name)}
each_type = pytest.mark.parametrize("credential_type", TYPES.values(), ids=list(TYPES))
each_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=list(PLATFORMS))


def example(field: dict[str, Any]) -> Any:
    """Return a value for a field that is found again wherever it goes."""
    return {"boolean": True}.get(field["type"], field.get("choices", [f"{SECRET} {field['id']}"])[0])


def examples(credential_type: dict[str, Any]) -> dict[str, Any]:
    return {field["id"]: example(field) for field in credential_type["inputs"]["fields"]}


def secrets_of(credential_type: dict[str, Any]) -> set[str]:
    return {field["id"] for field in credential_type["inputs"]["fields"] if field.get("secret")}


def required(credential_type: dict[str, Any]) -> dict[str, Any]:
    return {name: examples(credential_type)[name] for name in credential_type["inputs"]["required"]}


def injected(credential_type: dict[str, Any], inputs: dict[str, Any], folder: Path) -> Injected:
    """Let AWX's own code inject a credential."""
    given = Injected()
    inject(credential_type, inputs, folder, given)
    return given


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """Give a controller on which the role was played, as by somebody who made some credentials by hand."""
    made = Controller(tmp_path_factory.mktemp("controller"))
    store = {"credential": {credential["name"]: {} for credential in MISSING}}
    made.store.write_text(json.dumps(store), encoding="utf-8")
    played = made.play(awx_setup_image=IMAGE, awx_setup_credentials=CREDENTIALS)
    assert played.returncode == 0, played.stdout[-3000:]
    assert KEY not in played.stdout
    return made


@pytest.fixture(scope="module")
def objects(controller: Controller) -> Objects:
    return controller.objects()


def surveys(objects: Objects) -> dict[str, dict[str, Any]]:
    return {name: template["survey_spec"] for name, template in objects["job_template"].items()}


# Credential types


@each_type
def test_awx_accepts_a_credential_type(credential_type: dict[str, Any]) -> None:
    assert faults_of_credential_type(credential_type) == []


@pytest.mark.parametrize(
    ("of", "name", "value", "fault"),
    [
        ("env", "ANSIBLE_X", "x", "env: ANSIBLE_X"),
        ("env", "INVENTORY_ID", "x", "env: INVENTORY_ID"),
        ("env", "1X", "x", "env: 1X"),
        ("env", "X", "é", "env: X is not ASCII"),
        ("env", "X", "{{ nothing }}", "env: X: 'nothing' is undefined"),
        (
            "env",
            "X",
            "{{ tower.filename.nothing }}",
            "env: X: 'types.SimpleNamespace object' has no attribute 'nothing'",
        ),
        ("file", "key", "x", "file: key"),
        ("file", "template", "x", "file: one without a name among several"),
    ],
)
def test_the_rules_see_what_awx_would_refuse(of: str, name: str, value: str, fault: str) -> None:
    right = TYPES["Kaspersky secret key"]
    wrong = {**right, "injectors": {**right["injectors"], of: {**right["injectors"][of], name: value}}}
    assert fault in faults_of_credential_type(wrong)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"id": "tower"}, "no name of a field"),
        ({"id": "my key"}, "no name of a field"),
        ({"label": ""}, "label or type"),
        ({"label": None}, "label"),
        ({"type": "integer"}, "label or type"),
        ({"type": "boolean"}, "something that only texts have"),
        ({"format": "date"}, "format"),
        ({"choices": []}, "choices"),
        ({"choices": ["a", "a"]}, "choices"),
        ({"choices": [1]}, "choices"),
        ({"default": True}, "default"),
        ({"secret": "yes"}, "secret"),
        ({"hidden": True}, "hidden"),
    ],
)
def test_the_rules_see_a_wrong_field(changes: dict[str, Any], fault: str) -> None:
    field = {"id": "key", "label": "Key", "type": "string", "secret": True} | changes
    told = faults_of_credential_type({"inputs": {"fields": [field]}, "injectors": {}})
    assert any(fault in one for one in told)


@pytest.mark.parametrize(
    ("kind", "injectors", "fault"),
    [
        ("ssh", {}, "kind: ssh"),
        ("cloud", {"argv": {}}, "injectors: argv"),
        ("cloud", {"extra_vars": {"my-key": "x"}}, "extra_vars: my-key"),
        ("cloud", {"env": {"X": "{{ tower.filename.key }}"}}, "env: X"),
        ("cloud", {"file": {"template.my-key": "x"}}, "file: template.my-key"),
    ],
)
def test_the_rules_see_a_wrong_type(kind: str, injectors: dict[str, Any], fault: str) -> None:
    inputs = {"fields": [{"id": "key", "label": "Key"}, {"id": "key", "label": "Key"}], "required": ["lock"]}
    told = faults_of_credential_type({"kind": kind, "inputs": inputs, "injectors": injectors})
    assert {"required: lock", "key is there twice"} <= set(told)
    assert any(one.startswith(fault) for one in told)


def test_no_name_is_taken_by_a_type_of_awx() -> None:
    loaded = [point.load() for point in entry_points(group="awx_plugins.managed_credentials")]
    taken = {kind.name for kind in loaded}
    assert "Machine" in taken
    assert not TYPES.keys() & taken


@each_type
def test_a_secret_is_injected_as_a_file_alone(credential_type: dict[str, Any], tmp_path: Path) -> None:
    inputs = examples(credential_type)
    given = injected(credential_type, inputs, tmp_path)
    variables = "\n".join([*given.variables.values(), *given.shown.values()])
    assert given.arguments == []
    assert [name for name in secrets_of(credential_type) if inputs[name] in variables] == []
    written = [file.read_text(encoding="utf-8") for file in (tmp_path / "env").iterdir()]
    for name in secrets_of(credential_type):
        assert any(inputs[name] in (text, *values_in(text)) for text in written)
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "env").iterdir())


def values_in(text: str) -> list[Any]:
    """Return the settings of a platform, if it is them that a file holds."""
    settings = json.loads(text) if text.startswith("{") else {"platform": ""}
    return list(settings.get(settings["platform"], {}).values())


@each_type
def test_what_is_left_empty_injects_nothing(credential_type: dict[str, Any], tmp_path: Path) -> None:
    given = injected(credential_type, required(credential_type), tmp_path).variables
    paths = [value for value in given.values() if value.startswith(str(tmp_path))]
    assert all(Path(path).read_text(encoding="utf-8").strip() for path in paths)
    assert "None" not in given.values()


@pytest.mark.parametrize("name", [name for name, kind in TYPES.items() if kind in kept_in("credential_types")])
def test_variables_are_those_of_the_options(name: str, tmp_path: Path) -> None:
    given = injected(TYPES[name], examples(TYPES[name]), tmp_path).variables
    account = options.SECURITY_CENTER["security_center"]["options"]
    known = {environment.environment_variable(option) for option in options.SHARED}
    known |= {environment.environment_variable(f"security_center_{option}") for option in account}
    assert given.keys() - known <= {"PGSSLROOTCERT"}


@pytest.mark.parametrize(
    ("inputs", "internal"), [({}, "true"), ({"domain_user": False}, "true"), ({"domain_user": True}, "false")]
)
def test_an_account_is_an_internal_user_unless_told_otherwise(
    inputs: dict[str, Any], internal: str, tmp_path: Path
) -> None:
    for name in ("Kaspersky Security Center", "Kaspersky tenants"):
        given = injected(TYPES[name], {"url": "https://ksc", **inputs}, tmp_path).variables
        assert given["MSP_KASPERSKY_SECURITY_CENTER_INTERNAL_USER"] == internal


# Platforms


@each_platform
def test_a_credential_has_the_settings_of_its_platform(platform: Platform) -> None:
    inputs = TYPES[f"Kaspersky {platform.title}"]["inputs"]
    fields = {item.name: item for item in platform.fields if item.name != "validate_certs"}
    assert {field["id"]: field.get("secret", False) for field in inputs["fields"]} == {
        name: item.secret for name, item in fields.items()
    }
    assert [field["label"] for field in inputs["fields"]] == [fields[field["id"]].title for field in inputs["fields"]]
    assert set(inputs["required"]) == {name for name, item in fields.items() if item.required}


@each_platform
@pytest.mark.parametrize("chosen", [examples, required])
def test_the_file_is_what_the_module_takes(platform: Platform, chosen: Any, tmp_path: Path) -> None:
    credential_type = TYPES[f"Kaspersky {platform.title}"]
    inputs = chosen(credential_type)
    path = injected(credential_type, inputs, tmp_path).variables["KASPERSKY_PLATFORM_FILE"]
    assert json.loads(Path(path).read_text(encoding="utf-8")) == {"platform": platform.name, platform.name: inputs}


# The role


def test_every_object_is_made(objects: Objects) -> None:
    assert objects["credential_type"].keys() == TYPES.keys()
    for name, credential_type in objects["credential_type"].items():
        assert credential_type["inputs"] == TYPES[name]["inputs"]
        assert credential_type["injectors"] == TYPES[name]["injectors"]
    assert objects["credential"]["Key"]["inputs"] == {"secret_key": KEY}
    assert objects["execution_environment"]["Kaspersky"]["image"] == IMAGE
    assert objects["inventory_source"]["Kaspersky tenants"]["credential"] == "Tenants"
    assert len(objects["job_template"]) == 8


def test_the_stand_ins_have_the_options_of_the_modules() -> None:
    spec = spec_from_file_location("stand_in", STAND_IN)
    assert spec
    assert spec.loader
    stand_in = module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    for name, options_of_module in stand_in.OPTIONS.items():
        known = {option: kind.get("choices", kind["type"]) for option, kind in options_of_module.items()}
        assert known.items() <= MODULES[name].items(), name


def test_awx_accepts_the_templates_and_the_source(objects: Objects) -> None:
    types = {credential["name"]: credential["type"] for credential in CREDENTIALS}
    [source] = objects["inventory_source"].values()
    assert faults_of_source(source, TYPES["Kaspersky tenants"]) == []
    for name, template in objects["job_template"].items():
        assert faults_of_template(template, types) == [], name


def test_the_rules_see_a_wrong_template_or_source(objects: Objects) -> None:
    right = objects["job_template"]["Kaspersky: report"]
    wrong = right | {"credentials": ["One", "Two"], "inventory": None, "job_slice_count": 0, "playbook": ""}
    faults = faults_of_template(wrong, {"One": "Kaspersky proxy", "Two": "Kaspersky proxy"})
    assert faults == ["two credentials: Kaspersky proxy", "inventory is missing", "job_slice_count", "playbook"]
    source = {"source": "ec2", "source_path": "x", "source_vars": {"X": ["list"]}}
    assert faults_of_source(source, {"kind": "vault"}) == [
        "source_path",
        "credential",
        "source_vars: no variable of an environment",
    ]
    assert faults_of_source({"source": "scm"}, {}) == ["source_project is missing"]


def test_two_credentials_of_one_type_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    second = {"name": "Another registry", "type": "Kaspersky registry"}
    played = Controller(tmp_path).play(awx_setup_image=IMAGE, awx_setup_credentials=[*CREDENTIALS, second])
    assert played.returncode != 0
    assert "AWX gives a job one credential of each type" in played.stdout
    assert KEY not in played.stdout
    assert not (tmp_path / "objects.json").exists()


def test_a_second_run_changes_nothing(controller: Controller) -> None:
    played = controller.play(awx_setup_image=IMAGE, awx_setup_credentials=CREDENTIALS)
    assert re.search(r"changed=0 .* failed=0", played.stdout), played.stdout[-3000:]


def test_a_template_takes_the_credentials_that_it_needs(objects: Objects) -> None:
    taken = {name.partition(": ")[2]: template["credentials"] for name, template in objects["job_template"].items()}
    assert taken == {
        "prepare the registry": ["Key"],
        "create or update an integration": ["Registry", "Key"],
        "rotate credentials": ["Registry", "Key"],
        "delete an integration": ["Registry", "Key", "Mail"],
        "map clients to accounts": ["Registry", "Key"],
        "change the PSA": ["Registry", "Key", "Mail"],
        "report": ["Registry", "Key"],
        "bind new clients": ["Registry"],
    }


def test_awx_accepts_the_surveys(objects: Objects) -> None:
    assert {
        name: faults_of_survey(survey) for name, survey in surveys(objects).items() if faults_of_survey(survey)
    } == {}


def test_no_survey_asks_for_a_secret(objects: Objects) -> None:
    questions = [question for survey in surveys(objects).values() for question in survey["spec"]]
    assert "password" not in {question["type"] for question in questions}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        *((QUESTION, answer) for answer in ("green", 1, ["red"])),
        *((NUMBER, answer) for answer in ("2", 0, 4, 1.5, True)),
        (QUESTION | {"type": "multiselect"}, ["green"]),
        (QUESTION | {"type": "text", "min": 2}, "x"),
        (QUESTION | {"type": "float"}, "1"),
        (QUESTION | {"choices": "red\n\nblue\n"}, ""),
    ],
)
def test_the_rules_see_a_wrong_answer(question: dict[str, Any], answer: Any) -> None:
    assert faults_of_answer(question, answer)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"type": "colour"}, "type"),
        ({"type": None}, "type"),
        ({"required": "yes"}, "required"),
        ({"question_name": None}, "question_name"),
        ({"variable": "my colour"}, "no name of a variable"),
        ({"choices": []}, "no choices"),
        ({"min": "1"}, "min"),
        ({"default": "green"}, "green is no choice"),
        ({"default": 1}, "default is of another type"),
        ({"default": ["red"]}, "default is of another type"),
        ({"type": "multiselect", "default": ["red"]}, "default is of another type"),
        ({"type": "multiselect", "default": "red\ngreen"}, "green is no choice"),
        ({"type": "text", "default": "$encrypted$"}, "default is reserved"),
        ({"type": "integer", "default": 7, "max": 3}, "too large"),
    ],
)
def test_the_rules_see_a_wrong_question(changes: dict[str, Any], fault: str) -> None:
    told = faults_of_survey({"name": "", "description": "", "spec": [QUESTION | changes]})
    assert any(fault in one for one in told)


def test_the_rules_see_a_wrong_survey() -> None:
    assert faults_of_survey({"name": None, "description": "", "spec": [QUESTION]}) == ["name"]
    assert faults_of_survey({"name": "", "description": "", "spec": []}) == ["no questions"]
    assert faults_of_survey({"name": "", "description": "", "spec": [QUESTION, QUESTION]}) == ["colour is there twice"]


def test_a_survey_asks_for_what_its_playbook_uses(objects: Objects) -> None:
    for name, template in objects["job_template"].items():
        text = (CHECKOUT / template["playbook"]).read_text(encoding="utf-8")
        for question in template["survey_spec"]["spec"]:
            assert question["variable"] in text, name


def test_files_of_the_project_exist(objects: Objects) -> None:
    [source] = objects["inventory_source"].values()
    for path in [source["source_path"], *(template["playbook"] for template in objects["job_template"].values())]:
        assert (CHECKOUT / path).is_file()


def test_without_an_image_nothing_is_made(tmp_path: Path) -> None:
    played = Controller(tmp_path).play()
    assert played.returncode != 0
    assert "awx_setup_image" in played.stdout
    assert not (tmp_path / "objects.json").exists()
