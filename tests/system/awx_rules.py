# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What AWX asks of custom credential types and of surveys before it keeps them.

Written down here from what AWX does, because the part of it that checks them is in no package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from awx_plugins.interfaces._temporary_private_inject_api import ENV_BLOCKLIST
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Data = dict[str, Any]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYS_OF_A_FIELD = {"id", "label", "type", "help_text", "secret", "multiline", "choices", "default", "format"}
KEYS_OF_TEXT_ALONE = {"secret", "multiline", "choices", "format"}
PYTHON_TYPES = {"string": str, "boolean": bool}
QUESTIONS_WITH_CHOICES = {"multiplechoice", "multiselect"}
QUESTIONS = {"text", "textarea", "password", "integer", "float"} | QUESTIONS_WITH_CHOICES


def faults_of_credential_type(credential_type: Data) -> list[str]:
    """Tell everything for which AWX would refuse a credential type."""
    inputs, injectors = credential_type["inputs"], credential_type["injectors"]
    faults = [f"inputs: {key}" for key in inputs.keys() - {"fields", "required"}]
    faults += [f"injectors: {key}" for key in injectors.keys() - {"file", "env", "extra_vars"}]
    names = [field["id"] for field in inputs["fields"]]
    faults += [f"required: {name}" for name in set(inputs.get("required", ())) - set(names)]
    faults += [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    for field in inputs["fields"]:
        faults += [f"{field['id']}: {fault}" for fault in _faults_of_field(field)]
    return [*faults, *_faults_of_files(injectors), *_faults_of_variables(injectors), *_unrenderable(names, injectors)]


def _faults_of_field(field: Data) -> Iterator[str]:
    kind = field.get("type", "string")
    yield from field.keys() - KEYS_OF_A_FIELD
    if not NAME.fullmatch(field["id"]) or field["id"] == "tower":
        yield "no name of a field"
    if not field.get("label") or kind not in PYTHON_TYPES:
        yield "label or type"
    if kind != "string" and field.keys() & KEYS_OF_TEXT_ALONE:
        yield "something that only texts have"
    if "choices" in field and not all(isinstance(choice, str) for choice in field["choices"]):
        yield "choices are not texts"
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
    files = {label.partition(".")[2]: "/file" for label in injectors.get("file", {})}
    examples = {**dict.fromkeys(names, "EXAMPLE"), "tower": SimpleNamespace(filename=SimpleNamespace(**files))}
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
        if question["type"] not in QUESTIONS or not isinstance(question["required"], bool):
            faults.append(f"{question['variable']}: type or required")
        if "default" in question:
            faults += faults_of_answer(question, question["default"])
    return faults if names else ["no questions"]


def faults_of_answer(question: Data, answer: Any) -> list[str]:
    """Tell why AWX would refuse an answer."""
    texts = answer if question["type"] == "multiselect" else [answer]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return [f"{question['variable']}: {answer!r} is of another type"]
    choices = question.get("choices") if question["type"] in QUESTIONS_WITH_CHOICES else texts
    return [f"{question['variable']}: {text} is no choice" for text in texts if text not in choices]
