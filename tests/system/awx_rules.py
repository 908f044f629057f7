# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What AWX asks of custom credential types, surveys, templates and inventory sources before it keeps them.

Written down here from what AWX does, because the part of it that checks them is in no package. The sources, in the
repository ansible/awx, are named at each rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from awx_plugins.interfaces._temporary_private_inject_api import ENV_BLOCKLIST
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Data = dict[str, Any]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# awx/main/models/credential.py: custom types are of these kinds, and a job takes one credential of each type.
KINDS = {"cloud", "net"}
# awx/main/fields.py, CredentialTypeInputField and CredentialTypeInjectorField
KEYS_OF_A_FIELD: dict[str, type] = {
    "id": str,
    "label": str,
    "type": str,
    "help_text": str,
    "secret": bool,
    "multiline": bool,
    "ask_at_runtime": bool,
    "choices": list,
    "format": str,
    "default": object,
}
KEYS_OF_TEXT_ALONE = {"secret", "multiline", "choices", "format"}
FORMATS = {"ssh_private_key", "url"}
PYTHON_TYPES = {"string": str, "boolean": bool}
# awx/api/views, JobTemplateSurveySpec: the type that a default has to be of
QUESTIONS: dict[str, type] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}
QUESTIONS_WITH_CHOICES = {"multiplechoice", "multiselect"}
KEYS_OF_A_QUESTION: dict[str, type] = {"type": str, "question_name": str, "variable": str, "required": bool}
RESERVED_DEFAULT = "$encrypted$"
# awx_collection/plugins/modules/*.py: the options that the role may use, with their types and choices
MODULES: dict[str, dict[str, str | list[str]]] = {
    "credential_type": {
        "kind": ["ssh", "vault", "net", "scm", "cloud", "insights"],
        "inputs": "dict",
        "injectors": "dict",
    },
    "credential": {"organization": "str", "credential_type": "str", "inputs": "dict", "update_secrets": "bool"},
    "execution_environment": {
        "organization": "str",
        "image": "str",
        "credential": "str",
        "pull": ["always", "missing", "never"],
    },
    "project": {
        "organization": "str",
        "scm_type": ["manual", "git", "svn", "insights", "archive"],
        "scm_url": "str",
        "scm_branch": "str",
        "credential": "str",
        "scm_update_on_launch": "bool",
    },
    "inventory": {"organization": "str", "variables": "dict", "kind": ["", "smart", "constructed"]},
    "inventory_source": {
        "inventory": "str",
        "organization": "str",
        "source": [
            *("scm", "ec2", "gce", "azure_rm", "vmware", "satellite6", "openstack"),
            *("rhv", "controller", "insights", "hcloud"),
        ],
        "source_project": "str",
        "source_path": "str",
        "source_vars": "dict",
        "credential": "str",
        "execution_environment": "str",
        "overwrite": "bool",
        "overwrite_vars": "bool",
        "update_on_launch": "bool",
        "update_cache_timeout": "int",
    },
    "job_template": {
        "organization": "str",
        "project": "str",
        "playbook": "str",
        "inventory": "str",
        "execution_environment": "str",
        "credentials": "list",
        "ask_credential_on_launch": "bool",
        "ask_job_type_on_launch": "bool",
        "ask_diff_mode_on_launch": "bool",
        "job_slice_count": "int",
        "survey_enabled": "bool",
        "survey_spec": "dict",
    },
}


def faults_of_credential_type(credential_type: Data) -> list[str]:
    """Tell everything for which AWX would refuse a credential type."""
    inputs, injectors = credential_type["inputs"], credential_type["injectors"]
    faults = [f"kind: {kind}" for kind in {credential_type.get("kind", "cloud")} - KINDS]
    faults += [f"inputs: {key}" for key in inputs.keys() - {"fields", "required"}]
    faults += [f"injectors: {key}" for key in injectors.keys() - {"file", "env", "extra_vars"}]
    names = [field["id"] for field in inputs["fields"]]
    faults += [f"required: {name}" for name in set(inputs.get("required", ())) - set(names)]
    faults += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    for field in inputs["fields"]:
        faults += [f"{field['id']}: {fault}" for fault in _faults_of_field(field)]
    faults += [f"extra_vars: {name}" for name in injectors.get("extra_vars", {}) if not NAME.fullmatch(name)]
    return [*faults, *_faults_of_files(injectors), *_faults_of_variables(injectors), *_unrenderable(names, injectors)]


def _faults_of_field(field: Data) -> Iterator[str]:
    kind = field.get("type", "string")
    yield from field.keys() - KEYS_OF_A_FIELD.keys()
    yield from (key for key, value in field.items() if not isinstance(value, KEYS_OF_A_FIELD.get(key, object)))
    if not NAME.fullmatch(field["id"]) or field["id"] == "tower":
        yield "no name of a field"
    if not field.get("label") or kind not in PYTHON_TYPES:
        yield "label or type"
    if kind != "string" and field.keys() & KEYS_OF_TEXT_ALONE:
        yield "something that only texts have"
    if field.get("format", "url") not in FORMATS:
        yield "format"
    choices = field.get("choices", ["one"])
    if not choices or len(set(choices)) < len(choices) or not all(isinstance(choice, str) for choice in choices):
        yield "choices have to be different texts, at least one"
    if "default" in field and not isinstance(field["default"], PYTHON_TYPES[kind]):
        yield "default"


def _faults_of_files(injectors: Data) -> Iterator[str]:
    labels = injectors.get("file", {})
    for label in labels:
        template, _dot, name = label.partition(".")
        if template != "template" or (name and not NAME.fullmatch(name)):
            yield f"file: {label}"
    if "template" in labels and len(labels) > 1:
        yield "file: one without a name among several"


def _faults_of_variables(injectors: Data) -> Iterator[str]:
    for name, template in injectors.get("env", {}).items():
        if not NAME.fullmatch(name) or name.startswith("ANSIBLE_") or name in ENV_BLOCKLIST:
            yield f"env: {name}"
        if not template.isascii():
            yield f"env: {name} is not ASCII"


def _unrenderable(names: list[str], injectors: Data) -> Iterator[str]:
    """Render every template with an example in each field; a field or a file that is not defined fails."""
    labels = injectors.get("file", {})
    files = SimpleNamespace(**{label.partition(".")[2]: "/file" for label in labels if "." in label})
    examples = {
        **dict.fromkeys(names, "EXAMPLE"),
        "tower": SimpleNamespace(filename="/file" if "template" in labels else files),
    }
    jinja = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for kind, templates in injectors.items():
        for name, template in templates.items():
            try:
                jinja.from_string(template).render(examples)
            except TemplateError as error:
                yield f"{kind}: {name}: {error}"


def faults_of_survey(survey: Data) -> list[str]:
    """Tell everything for which AWX would refuse a survey, or leave out an answer that it suggests."""
    faults = [key for key in ("name", "description") if not isinstance(survey[key], str)]
    names = [question["variable"] for question in survey["spec"]]
    faults += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    for question in survey["spec"]:
        faults += [f"{question['variable']}: {fault}" for fault in _faults_of_question(question)]
    return faults if names else ["no questions"]


def _faults_of_question(question: Data) -> Iterator[str]:
    yield from (key for key, kind in KEYS_OF_A_QUESTION.items() if not isinstance(question.get(key), kind))
    yield from (key for key in ("min", "max") if not isinstance(question.get(key, 0), int))
    if not NAME.fullmatch(question["variable"]):
        yield "no name of a variable"
    if question["type"] not in QUESTIONS:
        yield "type"
    elif question["type"] in QUESTIONS_WITH_CHOICES and not question.get("choices"):
        yield "no choices"
    elif question.get("default", "") != "":
        yield from _faults_of_default(question)


def _faults_of_default(question: Data) -> Iterator[str]:
    kind, default = question["type"], question["default"]
    if not isinstance(default, QUESTIONS[kind]):
        yield "default is of another type"
    elif str(default).startswith(RESERVED_DEFAULT):
        yield "default is reserved"
    else:  # of several choices, a default has one in each line, and an answer is a list
        yield from faults_of_answer(question, default.splitlines() if kind == "multiselect" else default)


def faults_of_answer(question: Data, answer: Any) -> list[str]:
    """Tell why AWX would refuse an answer (awx/main/models/mixins.py, SurveyJobTemplateMixin)."""
    kind = question["type"]
    expected = list if kind == "multiselect" else (int, float) if kind == "float" else QUESTIONS[kind]
    if not isinstance(answer, expected) or isinstance(answer, bool):
        return [f"{question['variable']}: {answer!r} is of another type"]
    if kind in QUESTIONS_WITH_CHOICES:
        chosen, choices = (answer if isinstance(answer, list) else [answer]), _choices(question)
        return [f"{question['variable']}: {choice} is no choice" for choice in chosen if choice not in choices]
    size = len(answer) if isinstance(answer, str) else answer
    fits = question.get("min", size) <= size <= question.get("max", size)
    return [] if fits else [f"{question['variable']}: {answer!r} is too small or too large"]


def _choices(question: Data) -> list[str]:
    """Return the choices, which are a list or a text with one in each line."""
    choices: str | list[str] = question["choices"]
    return [line for line in choices.splitlines() if line.strip()] if isinstance(choices, str) else choices


def faults_of_source(source: Data, type_of_credential: Data) -> list[str]:
    """Tell why AWX would refuse a source of an inventory (awx/main/models/inventory.py, InventorySource)."""
    faults = [key for key in ("source_project", "source_path") if source["source"] != "scm" and source.get(key)]
    if source["source"] == "scm" and not source.get("source_project"):
        faults.append("source_project is missing")
    if type_of_credential.get("kind", "cloud") in ("insights", "vault"):
        faults.append("credential")
    if not all(isinstance(value, str | int | float) for value in source.get("source_vars", {}).values()):
        faults.append("source_vars: no variable of an environment")
    return faults


def faults_of_template(template: Data, types: Mapping[str, str]) -> list[str]:
    """
    Tell why AWX would refuse a job template (awx/api/views, JobTemplateCredentialsList; awx/main/models/jobs.py).

    :param types: of all credentials, by their names.
    """
    taken = [types[name] for name in template.get("credentials", [])]
    faults = [f"two credentials: {kind}" for kind in set(taken) if taken.count(kind) > 1]
    if not template.get("inventory") and not template.get("ask_inventory_on_launch"):
        faults.append("inventory is missing")
    if template.get("job_slice_count", 1) < 1:
        faults.append("job_slice_count")
    return faults + [key for key in ("project", "playbook") if not template.get(key)]
