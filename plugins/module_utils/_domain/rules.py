# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: turns the options of a task into the state that is wanted, or refuses with every fault at once.

The rules are the product's (create and edit forms of its help) and those that keep credentials from being wiped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .model import Administrator, Integration, Solution
from .origins import origin_of
from .platforms import PLATFORMS, Field, FieldType, Platform, effective_settings, stored_platform
from .text import (
    clean_email,
    clean_host,
    clean_name,
    clean_operation,
    clean_secret,
    clean_text,
    clean_url,
    cleaned,
    did_you_mean,
    nearest,
)

Options = Mapping[str, Any]

_CLEANERS: dict[FieldType, Callable[[object], Any]] = {
    FieldType.TEXT: clean_text,
    FieldType.URL: clean_url,
    FieldType.HOST: clean_host,
    FieldType.PATH: clean_text,
    FieldType.BOOLEAN: bool,
    FieldType.READING_OPERATION: clean_operation,
}


@dataclass(frozen=True)
class DesiredIntegration:
    """
    An integration as it is wanted, complete: what the task gives, and what stays as it is.

    :param settings: every setting without secrets, by field name.
    :param secrets: the secrets that the task gives, by field name; those left out stay as they are.
    """

    name: str
    platform: Platform
    solution: Solution
    settings: dict[str, Any]
    secrets: dict[str, str]
    administrators: tuple[Administrator, ...]


@dataclass(frozen=True)
class Selection:
    """Which stored integration a task means; nothing where the option is missing or not usable."""

    name: str | None
    new_name: str | None
    integration_id: str | None


def selection(options: Options) -> Selection:
    """
    Read which integration is meant, before anything else is judged.

    The default name of a platform counts as given where a platform is.

    :param options: options of the module ``integration``.
    """
    integration_id = options.get("integration_id")
    name = _usable_name(options.get("name"))
    if name is None and options.get("name") is None and integration_id is None:
        platform = _given_platform(options, stored=None)
        name = platform.default_integration_name if platform else None
    return Selection(name, _usable_name(options.get("new_name")), integration_id)


def check_selection(options: Options) -> None:
    """
    Judge the options that select an integration for deletion.

    :raises InvalidSettings: a name is not usable, or none is given.
    """
    faults: list[Fault] = []
    for option in ("name", "new_name"):
        cleaned(faults, option, clean_name, options.get(option))
    if options.get("name") is None and options.get("integration_id") is None:
        faults.append(Fault("name", "give name or integration_id to say which integration is meant"))
    if faults:
        raise InvalidSettings(faults)


def desired_integration(options: Options, stored: Integration | None) -> DesiredIntegration:
    """
    Judge all options of ``integration`` with ``state: present`` and merge them with what is stored.

    :param options: validated options of the module; omitted ones are missing or ``None``.
    :param stored: the integration as it is kept, or nothing when it is to be created.
    :raises InvalidSettings: every fault at once, each naming its option.
    """
    faults: list[Fault] = []
    platform = _platform(faults, options, stored)
    solution = _solution(faults, options, stored)
    name = _name(faults, options, stored, platform)
    administrators = _administrators(faults, options, stored, solution)
    settings, secrets = _settings(faults, options, stored, platform) if platform else ({}, {})
    check_required_proof(faults, options, platform)
    if faults or platform is None or solution is None or name is None:
        raise InvalidSettings(faults)
    return DesiredIntegration(name, platform, solution, settings, secrets, administrators)


def secret_origins(platform: Platform, settings: Mapping[str, Any]) -> dict[str, str]:
    """
    Tell where each secret of an integration may be sent.

    :param settings: settings without secrets.
    :returns: origin (scheme, host, port) by name of the secret's field.
    :raises IntegrationError: ``registry_damaged``: a stored address is none.
    """
    try:
        filled = effective_settings(platform, dict(settings))
        return {field.name: origin_of(str(filled[field.sent_to])) for field in platform.secret_fields if field.sent_to}
    except (KeyError, ValueError):
        raise IntegrationError(
            ErrorCode.REGISTRY_DAMAGED,
            f"The registry holds an address for {platform.title} that is none: it was changed by other means. Nothing "
            "was sent. Restore it from a backup, or delete the integration and create it again.",
        ) from None


def _usable_name(value: object) -> str | None:
    return cleaned([], "name", clean_name, value)


def _given_platform(options: Options, stored: Integration | None) -> Platform | None:
    """Tell the platform from the option, the dictionary of settings, or what is stored."""
    if options.get("platform") in PLATFORMS:
        return PLATFORMS[options["platform"]]
    given = [PLATFORMS[name] for name in PLATFORMS if options.get(name) is not None]
    if stored:
        return stored_platform(stored.platform, stored.name)
    return given[0] if len(given) == 1 else None


def _platform(faults: list[Fault], options: Options, stored: Integration | None) -> Platform | None:
    name = options.get("platform")
    if name is None and stored is None:
        faults.append(Fault("platform", f"is required to create an integration: one of {', '.join(PLATFORMS)}"))
    elif name is not None and name not in PLATFORMS:
        faults.append(Fault("platform", _unknown("platform", PLATFORMS, str(name))))
        return None
    if stored and name not in (None, stored.platform):
        told = f"is fixed when an integration is created; '{stored.name}' is of platform {stored.platform}"
        faults.append(Fault("platform", told, ErrorCode.PLATFORM_FIXED))
        return None
    platform = _given_platform(options, stored)
    for other in PLATFORMS:
        if options.get(other) is not None and (platform is None or other != platform.name):
            owner = f"the platform is {platform.name}" if platform else "give the settings of one platform only"
            faults.append(Fault(other, f"does not belong here: {owner}"))
    return platform


def _solution(faults: list[Fault], options: Options, stored: Integration | None) -> Solution | None:
    given = options.get("solution")
    if given is None:
        if stored:
            return stored.solution
        faults.append(Fault("solution", f"is required to create an integration: one of {', '.join(Solution)}"))
        return None
    if given not in list(Solution):
        faults.append(Fault("solution", _unknown("solution", list(Solution), str(given))))
        return None
    if stored and given != stored.solution:
        told = f"is fixed when an integration is created; '{stored.name}' is of {stored.solution}"
        faults.append(Fault("solution", told, ErrorCode.SOLUTION_FIXED))
        return None
    return Solution(given)


def _name(faults: list[Fault], options: Options, stored: Integration | None, platform: Platform | None) -> str | None:
    name = cleaned(faults, "name", clean_name, options.get("name"))
    new_name = cleaned(faults, "new_name", clean_name, options.get("new_name"))
    if stored:
        if name not in (None, stored.name) and new_name != stored.name:
            told = f"does not match: the integration with this integration_id is called '{stored.name}'"
            faults.append(Fault("name", told))
        return new_name or stored.name
    if name or options.get("name") is not None:
        return name
    return platform.default_integration_name if platform else None


def _administrators(
    faults: list[Fault], options: Options, stored: Integration | None, solution: Solution | None
) -> tuple[Administrator, ...]:
    given: Sequence[Mapping[str, Any]] | None = options.get("administrators")
    if given is None:
        administrators = stored.administrators if stored else ()
    else:
        read = [_administrator(faults, index, item) for index, item in enumerate(given)]
        administrators = tuple(sorted(item for item in read if item))
        _refuse_repeated(faults, administrators)
    if solution is Solution.BUSINESS_HUB and not administrators and not given:
        told = "an integration with Business Hub needs at least one administrator (email and alias)"
        faults.append(Fault("administrators", told, ErrorCode.LAST_ADMINISTRATOR))
    return administrators


def _administrator(faults: list[Fault], index: int, item: Mapping[str, Any]) -> Administrator | None:
    option = f"administrators[{index}]"
    for part in ("email", "alias"):
        if item.get(part) is None:
            faults.append(Fault(f"{option}.{part}", "is required"))
    email = cleaned(faults, f"{option}.email", clean_email, item.get("email"))
    alias = cleaned(faults, f"{option}.alias", clean_name, item.get("alias"))
    return Administrator(email, alias) if email and alias else None


def _refuse_repeated(faults: list[Fault], administrators: Sequence[Administrator]) -> None:
    emails = [item.email.casefold() for item in administrators]
    if len(set(emails)) < len(emails):
        faults.append(Fault("administrators", "name the same e-mail address more than once"))


def _settings(
    faults: list[Fault], options: Options, stored: Integration | None, platform: Platform
) -> tuple[dict[str, Any], dict[str, str]]:
    given = {name: value for name, value in (options.get(platform.name) or {}).items() if value is not None}
    _refuse_unknown(faults, platform, given)
    reset = _reset(faults, options, platform, given)
    settings = dict(stored.settings) if stored else {field.name: field.default for field in platform.plain_fields}
    settings |= reset
    for field in platform.plain_fields:
        if field.name in given:
            settings[field.name] = cleaned(faults, _option(platform, field), _CLEANERS[field.type], given[field.name])
    secrets: dict[str, str] = {}
    for field in platform.secret_fields:
        if secret := cleaned(faults, _option(platform, field), clean_secret, given.get(field.name)):
            secrets[field.name] = secret
    if stored is None:
        _require_all(faults, platform, given)
    elif options.get("update_secrets") == "on_create":
        secrets = {}
    require_secrets(faults, options, platform, given)
    if stored and not _has_faulty_address(faults, platform):
        _require_secrets_of_new_origins(faults, platform, stored, settings, secrets)
    return settings, secrets


def _option(platform: Platform, field: Field) -> str:
    return f"{platform.name}.{field.name}"


def _refuse_unknown(faults: list[Fault], platform: Platform, given: Mapping[str, Any]) -> None:
    known = [field.name for field in platform.fields]
    for name in given:
        if name not in known:
            faults.append(Fault(f"{platform.name}.{name}", _unknown("setting", known, name)))


def _unknown(what: str, known: Any, word: str) -> str:
    near = nearest(word, known)
    return f"is no known {what}; {'did you mean ' + ' or '.join(near) if near else 'there are ' + ', '.join(known)}"


def _reset(faults: list[Fault], options: Options, platform: Platform, given: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the settings that go back to their defaults."""
    optional = {field.name: field.default for field in platform.plain_fields if not field.required}
    defaults: dict[str, Any] = {}
    for name in options.get("reset") or []:
        if name not in optional:
            faults.append(Fault("reset", f"cannot reset '{name}': only {', '.join(optional)} have a default"))
        elif name in given:
            faults.append(Fault("reset", f"and {platform.name}.{name} contradict each other: give one of them"))
        else:
            defaults[name] = optional[name]
    return defaults


def _require_all(faults: list[Fault], platform: Platform, given: Mapping[str, Any]) -> None:
    for field in platform.fields:
        if field.required and field.name not in given:
            told = f"is required to create an integration with {platform.title}: the {field.title}"
            faults.append(Fault(_option(platform, field), told))


def require_secrets(faults: list[Fault], options: Options, platform: Platform, given: Mapping[str, Any]) -> None:
    """
    Hold a task to the secrets it says it brings: an empty lookup in a rotation must not look like success.

    :param options: of the task; ``required_secrets`` counts.
    :param given: settings of the platform that are not omitted.
    """
    names = [field.name for field in platform.secret_fields]
    for name in options.get("required_secrets") or []:
        if name not in names:
            faults.append(Fault("required_secrets", f"'{name}': {_unknown('secret', names, name)}"))
        elif name not in given:
            told = "is named in required_secrets but was not given; nothing was changed"
            faults.append(Fault(f"{platform.name}.{name}", told, ErrorCode.SECRET_REQUIRED))


def _has_faulty_address(faults: list[Fault], platform: Platform) -> bool:
    addresses = {f"{platform.name}.{field.sent_to}" for field in platform.secret_fields}
    return any(fault.option in addresses for fault in faults)


def _require_secrets_of_new_origins(
    faults: list[Fault],
    platform: Platform,
    stored: Integration,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> None:
    """Keep a stored secret from following an edited address."""
    before, after = secret_origins(platform, stored.settings), secret_origins(platform, settings)
    for field in platform.secret_fields:
        if before[field.name] != after[field.name] and not secrets.get(field.name):
            told = (
                f"has to be given again, because it would be sent to another address than before "
                f"({platform.name}.{field.sent_to} changes); update_secrets must not be on_create then"
            )
            faults.append(Fault(_option(platform, field), told, ErrorCode.SECRET_REQUIRED))


def check_required_proof(faults: list[Fault], options: Options, platform: Platform | None) -> None:
    """Judge which proof a task demands, by ``require_verified`` and ``verify``."""
    required = options.get("require_verified") or []
    if required and options.get("verify") == "never":
        faults.append(Fault("require_verified", "cannot be asked for together with verify: never"))
    for api in required:
        if platform and api not in platform.apis:
            told = f"names '{api}', which {platform.title} does not have; it has {', '.join(platform.apis)}"
            faults.append(Fault("require_verified", told))


def no_such_integration(told: str, wanted: str, known: Sequence[str]) -> IntegrationError:
    """
    Make the error for an integration that is not there, with near matches.

    :param told: how the integration was named, for example ``called 'Acme'``.
    :param wanted: the name to find near matches of.
    :param known: the names that there are.
    """
    near = nearest(wanted, known)
    message = f"There is no integration {told}.{did_you_mean(near)}"
    return IntegrationError(ErrorCode.NOT_FOUND, message, near_matches=near)
