# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment variables that stand in for options."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ansible.module_utils.errors import AnsibleFallbackNotFound

from ._domain.errors import Fault

ENVIRONMENT_PREFIX = "MSP_KASPERSKY_"

Options = dict[str, dict[str, Any]]
"""Options by name, as ``AnsibleModule`` expects them."""


def environment_variable(option: str) -> str:
    """
    Name the environment variable that stands in for an option.

    :returns: for example ``MSP_KASPERSKY_REGISTRY``.
    """
    return ENVIRONMENT_PREFIX + option.upper()


def set_fallbacks(options: Options, arguments: dict[str, Any], environment: Mapping[str, str] | None) -> None:
    """
    Fill in what is not given from an environment, by the same fallbacks that ansible-core calls for modules.

    :param arguments: is completed; those that are there stay as they are.
    :param environment: by default that of this process.
    """
    environment = _or_own(environment)
    if not any(name.startswith(ENVIRONMENT_PREFIX) for name in environment):
        return
    for name, option in options.items():
        if "fallback" in option and name not in arguments:
            read, names = option["fallback"]
            with suppress(AnsibleFallbackNotFound):
                arguments[name] = read(*names, environment=environment)


def taken_from(options: Options, arguments: Mapping[str, Any], environment: Mapping[str, str] | None) -> frozenset[str]:
    """
    Tell for which options an environment stands in.

    :param arguments: those that are given; null counts as omitted.
    :param environment: by default that of this process.
    """
    completed = {name: value for name, value in arguments.items() if value is not None}
    given = frozenset(completed)
    set_fallbacks(options, completed, environment)
    return frozenset(completed) - given


def naming_variables(faults: Iterable[Fault], from_environment: Container[str]) -> list[Fault]:
    """
    Name the environment variables behind faulty options: who sets those may never have seen an option.

    :param from_environment: the options for which an environment stands in.
    """
    return [_naming_variable(fault) if _root(fault) in from_environment else fault for fault in faults]


def _root(fault: Fault) -> str:
    return fault.option.partition(".")[0]


def _naming_variable(fault: Fault) -> Fault:
    variable = environment_variable(fault.option.replace(".", "_"))
    return replace(fault, message=f"{fault.message} (environment variable {variable})")


def _or_own(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environment is None else environment


def _from_environment(name: str, environment: Mapping[str, str] | None = None) -> str:
    # AWX injects an optional field that was left empty as an empty variable.
    value = _or_own(environment).get(name, "")
    if not value.strip():
        raise AnsibleFallbackNotFound
    return value


def dictionary_from_environment(*names: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Be the fallback of an option with suboptions.

    :param names: the option, then its suboptions.
    :returns: a whole dictionary; parts of a given one never come from here, lest a password goes to another server.
    """
    found: dict[str, str] = {}
    prefix, *suboptions = names
    for name in suboptions:
        with suppress(AnsibleFallbackNotFound):
            found[name] = _from_environment(environment_variable(f"{prefix}_{name}"), environment)
    if not found:
        raise AnsibleFallbackNotFound
    return found


def unknown_variables(
    option: str, suboptions: Iterable[str], environment: Mapping[str, str] | None
) -> Iterator[tuple[str, str]]:
    """
    Find the variables of an option with suboptions that stand for none of them.

    :param environment: by default that of this process.
    :returns: each variable that is not blank, and which suboption it seems to mean.
    """
    prefix, own = environment_variable(option) + "_", _or_own(environment)
    known = {environment_variable(f"{option}_{name}") for name in suboptions}
    for variable in sorted(own):
        if variable.startswith(prefix) and variable not in known and own[variable].strip():
            yield variable, variable.removeprefix(prefix).lower()


def with_environment(options: Options) -> Options:
    """Give each option its environment variable."""
    return {
        name: {**option, "fallback": (_from_environment, [environment_variable(name)])}
        for name, option in options.items()
    }
