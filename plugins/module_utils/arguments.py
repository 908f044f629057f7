# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
What is wrong with the arguments of a task: every fault at once, and never a value.

ansible-core reports one kind of fault, repeats the value that it could not convert, and stumbles over a number where
a dictionary belongs. So the arguments are judged here before ansible-core sees them, option by option and with its
own validator; its messages are not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ._domain.errors import Fault
from ._domain.text import nearest
from .environment import (
    Options,
    environment_variable,
    naming_variables,
    set_fallbacks,
    taken_from,
    unknown_variables,
)
from .options import SHARED
from .specification import ModuleSpecification

_INTERNAL_PREFIX = "_ansible_"
_OPTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_EXPECTED = {
    "bool": "must be true or false",
    "dict": "must be a dictionary",
    "int": "must be a whole number",
    "list": "must be a list",
    "path": "must be a path",
    "str": "must be text",
}
_PYTHON_TYPES = {"bool": bool, "dict": dict, "int": int, "path": str, "str": str}


def argument_faults(
    specification: ModuleSpecification, arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> list[Fault]:
    """
    Check arguments as they were given, before any conversion.

    :param arguments: raw arguments; those of ansible-core itself are ignored. Null counts as omitted,
        except where that would mean everything.
    :param environment: stands in for options that are not given; by default that of this process.
    :returns: every fault, those of suboptions included; none repeats a value.
    """
    spec = specification.argument_spec
    given = {
        name: value
        for name, value in arguments.items()
        if not str(name).startswith(_INTERNAL_PREFIX) and (value is not None or name not in spec)
    }
    blank = list(_blank_faults(SHARED, given))  # before the environment, where blank means unset
    misspelt = list(_variable_faults(spec, given, environment))
    from_environment = taken_from(spec, given, environment)
    set_fallbacks(spec, given, environment)
    faults = [
        *misspelt,
        *_option_faults(spec, given, ""),
        *blank,
        *_null_faults(specification, arguments),
        *_missing_faults(spec, given),
        *_relation_faults(specification, given),
        *_number_faults(specification, given),
    ]
    return naming_variables(faults, from_environment)


def without_nulls(options: Options, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """
    Leave out the options that are null: ansible-core 2.16 would make the text "None" of them.

    :param arguments: arguments without faults.
    :returns: the others, also those of dictionaries with suboptions.
    """
    kept: dict[str, Any] = {}
    for name, value in arguments.items():
        option = options.get(name, {})
        if "options" in option and isinstance(value, Mapping):
            kept[name] = without_nulls(option["options"], value)
        elif value is not None or name not in options:
            kept[name] = value
    return kept


def secrets_of(options: Options, arguments: Mapping[str, Any], parent: str = "") -> dict[str, str]:
    """
    Collect the secrets among validated arguments.

    :returns: secret values by path of the option, for example ``tigerpaw.soap_password``.
    """
    secrets: dict[str, str] = {}
    for name, option in options.items():
        value = arguments.get(name)
        if option.get("no_log") and isinstance(value, str):
            secrets[parent + name] = value
        elif "options" in option and isinstance(value, Mapping):
            secrets.update(secrets_of(option["options"], value, f"{parent}{name}."))
    return secrets


def _option_faults(options: Options, arguments: Mapping[str, Any], parent: str) -> Iterator[Fault]:
    for name in arguments:
        if name not in options:
            yield _unknown_option(str(name), options, parent)
    for name, option in options.items():
        if arguments.get(name) is not None:
            yield from _value_faults(option, arguments[name], parent + name)


def _blank_faults(options: Options, arguments: Mapping[str, Any], parent: str = "") -> Iterator[Fault]:
    """Refuse an empty lookup where it would silently mean another registry or instance, or nobody to tell."""
    for name, option in options.items():
        value = arguments.get(name)
        is_text = option["type"] in ("str", "path") and "choices" not in option
        if is_text and isinstance(value, str) and not value.strip():
            yield Fault(parent + name, "must not be blank; if it may be, leave it out then, with default(omit, true)")
        elif "options" in option and isinstance(value, Mapping):
            yield from _blank_faults(option["options"], value, f"{name}.")


def _variable_faults(
    options: Options, given: Mapping[str, Any], environment: Mapping[str, str] | None
) -> Iterator[Fault]:
    """Refuse misspelt variables where a dictionary is made from them: what they were to change would stay as it is."""
    for name, option in options.items():
        if "fallback" in option and "options" in option and name not in given:
            for variable, seeming in unknown_variables(name, option["options"], environment):
                likely = nearest(seeming, option["options"], limit=1)
                hint = f"; did you mean {environment_variable(f'{name}_{likely[0]}')}?" if likely else ""
                yield Fault(variable, f"stands for no part of {name}{hint}")


def _null_faults(specification: ModuleSpecification, arguments: Mapping[str, Any]) -> Iterator[Fault]:
    for name in specification.never_null:
        if name in arguments and arguments[name] is None:
            yield Fault(name, "must not be null; leave it out to mean all, or give an empty list to mean none")


def _unknown_option(name: str, options: Options, parent: str) -> Fault:
    # {soap_password:s3cret} is YAML for an option of that whole name: what is no plain word is not repeated.
    if not _OPTION_NAME.fullmatch(name):
        where = parent.rstrip(".") or "options"
        return Fault(where, "contains something that is no name of an option; is there a blank after each colon?")
    likely = nearest(name, options, limit=1)
    hint = f"did you mean {likely[0]}?" if likely else f"known are {', '.join(sorted(options))}"
    return Fault(parent + name, f"is not an option; {hint}")


def _value_faults(option: Mapping[str, Any], value: Any, path: str) -> Iterator[Fault]:
    problem = _ambiguity(option, value)
    if problem:
        yield Fault(path, problem)
        return
    if not _fits_as_it_is(option, value):
        kind, elements, choices = option["type"], option.get("elements"), tuple(option.get("choices", ()))
        validated = _validator(kind, elements, choices).validate({"value": value})
        if validated.error_messages:
            yield Fault(path, _expectation(option))
            return
        value = validated.validated_parameters["value"]
    if "options" in option:
        yield from _suboption_faults(option["options"], value, path)


def _fits_as_it_is(option: Mapping[str, Any], value: Any) -> bool:
    """Tell of most values at once what ansible-core's validator takes long to tell."""
    if option["type"] == "list":
        element = {"type": option.get("elements", "raw"), "choices": option.get("choices")}
        return isinstance(value, list) and all(_fits_as_it_is(element, item) for item in value)
    if not isinstance(value, _PYTHON_TYPES.get(option["type"], ())):
        return False
    choices = option.get("choices")
    return not choices or value in choices


@cache
def _validator(kind: str, elements: str | None, choices: tuple[str, ...]) -> ArgumentSpecValidator:
    option = {"type": kind, "elements": elements, "choices": choices}
    return ArgumentSpecValidator({"value": {key: value for key, value in option.items() if value}})


def _suboption_faults(options: Options, value: Any, path: str) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        yield from _option_faults(options, value, f"{path}.")
        return
    for position, element in enumerate(value):
        yield from _option_faults(options, element, f"{path}[{position}].")


def _ambiguity(option: Mapping[str, Any], value: Any) -> str | None:
    kind = option["type"]
    if kind in ("str", "path") and not isinstance(value, str):
        # YAML reads the unquoted 007, 1e5 and yes as something else; a secret made from them would be another one.
        if option.get("no_log"):
            return "must be text; put it in quotes"
        if isinstance(value, bool | float) or not isinstance(value, int):
            return _expectation(option) if "choices" in option else "must be text; if it is, put it in quotes"
    if option.get("elements") == "raw" and isinstance(value, str) and "," in value:
        return "must be a list, one entry a line; a comma may be part of a name"
    return None


def _expectation(option: Mapping[str, Any]) -> str:
    choices = ", ".join(map(str, option.get("choices", ())))
    if option["type"] == "list":
        of_what = {"dict": " of dictionaries", "str": " of texts"}.get(option.get("elements", ""), "")
        return f"must be a list with entries from {choices}" if choices else f"must be a list{of_what}"
    return f"must be one of {choices}" if choices else _EXPECTED[option["type"]]


def _missing_faults(options: Options, given: Mapping[str, Any]) -> Iterator[Fault]:
    for name, option in options.items():
        if option.get("required") and name not in given:
            yield Fault(name, "is required")


def _relation_faults(specification: ModuleSpecification, given: Mapping[str, Any]) -> Iterator[Fault]:
    for names in specification.mutually_exclusive:
        present = [name for name in names if name in given]
        if len(present) > 1:
            yield Fault(present[0], f"excludes {' and '.join(present[1:])} (environment variables count as well)")
    for names in specification.required_one_of:
        if not any(name in given for name in names):
            yield Fault(names[0], _one_is_required(names))
    for name, value, names in specification.required_if:
        if given.get(name) == value and not any(needed in given for needed in names):
            yield Fault(names[0], f"{_one_is_required(names)} with {name}: {value}")


def _one_is_required(names: tuple[str, ...]) -> str:
    return f"one of {', '.join(names)} is required"


def _number_faults(specification: ModuleSpecification, given: Mapping[str, Any]) -> Iterator[Fault]:
    for name, least in specification.least.items():
        number = _whole_number(_at(given, name))
        if number is not None and number < least:
            yield Fault(name, f"must be at least {least}")
    for name, most in specification.most.items():
        number = _whole_number(_at(given, name)) if name.partition(".")[0] in specification.argument_spec else None
        if number is not None and number > most:
            yield Fault(name, f"must be at most {most}")


def _at(arguments: Mapping[str, Any], path: str) -> Any:
    name, _dot, rest = path.partition(".")
    value = arguments.get(name)
    if not rest:
        return value
    return _at(value, rest) if isinstance(value, Mapping) else None


def _whole_number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
