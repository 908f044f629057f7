# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: API users that several integrations share: read what a task gives them, and find all that use one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .model import Integration
from .origins import origin_of
from .platforms import PLATFORMS, ApiUser, Platform
from .rules import check_required_proof, require_secrets, secret_origins
from .text import clean_secret, clean_text, cleaned, did_you_mean, either, nearest

Options = Mapping[str, Any]

_TOLD = 10


@dataclass(frozen=True)
class DesiredCredentials:
    """
    What a task gives an API user.

    :param user_name: by which it is found now.
    :param origin: where it is a user, if the task says so.
    :param names: new names, by the field of the name.
    :param secrets: new secrets, by field.
    """

    platform: Platform
    user_name: str
    origin: str | None
    names: dict[str, str]
    secrets: dict[str, str] = field(repr=False)

    @property
    def users(self) -> tuple[ApiUser, ...]:
        """The users of the platform that get something."""
        given = self.names.keys() | self.secrets.keys()
        return tuple(user for user in self.platform.users if given & set(user.fields))


@dataclass(frozen=True)
class SharedUser:
    """
    An API user at one address.

    :param name: by which it is known.
    :param integrations: all that use it, or already have its new name.
    :param spelled_otherwise: others, whose user there has the same name but for upper and lower case.
    """

    platform: Platform
    user: ApiUser
    origin: str
    name: str
    integrations: tuple[Integration, ...]
    spelled_otherwise: tuple[Integration, ...] = ()


def desired_credentials(options: Options) -> DesiredCredentials:
    """
    Judge all options of ``api_user``.

    :param options: validated options of the module; omitted ones are missing or ``None``.
    :raises InvalidSettings: every fault at once, each naming its option.
    """
    faults: list[Fault] = []
    origin = cleaned(faults, "address", _origin, options.get("address"))
    platform = _platform(faults, options)
    if platform is None:
        raise InvalidSettings(faults)
    given = {name: value for name, value in (options.get(platform.name) or {}).items() if value is not None}
    values = {
        name: cleaned(faults, f"{platform.name}.{name}", _cleaner(platform, name), value)
        for name, value in given.items()
    }
    secret_names = {item.name for item in platform.secret_fields}
    usable = {name: value for name, value in values.items() if value is not None}
    desired = DesiredCredentials(
        platform,
        str(options.get("user_name")),
        origin,
        {name: value for name, value in usable.items() if name not in secret_names},
        {name: value for name, value in usable.items() if name in secret_names},
    )
    require_secrets(faults, options, platform, given)
    _require_new_secrets(faults, platform, given)
    _check_proof(faults, options, desired)
    if faults:
        raise InvalidSettings(faults)
    return desired


def shared_user(desired: DesiredCredentials, integrations: Sequence[Integration]) -> SharedUser:
    """
    Find the API user that a task means, and every integration that uses it.

    What already has its new name belongs to it, so that the task can run again, and no old password stays there.

    :param integrations: all of the platform, in the whole registry.
    :raises IntegrationError: ``not_found``; ``invalid_settings``, if it is not clear which one is meant, or if the task
        would change a user that other integrations use as well.
    """
    user, named = _found(desired, integrations)
    origin = _only_origin(desired, user, named)
    known_by = {name for name in (desired.user_name, desired.names.get(user.name_field)) if name}
    folded = {name.casefold() for name in known_by}
    there = [
        item
        for item in integrations
        if name_of(user, item).casefold() in folded and user_origin(desired.platform, user, item) == origin
    ]
    members = tuple(item for item in there if name_of(user, item) in known_by)
    _refuse_other_users(desired, user, members, integrations)
    name = desired.names.get(user.name_field, desired.user_name)
    others = tuple(item for item in there if name_of(user, item) not in known_by)
    return SharedUser(desired.platform, user, origin, name, members, others)


def shared_users(integrations: Iterable[Integration]) -> list[SharedUser]:
    """
    Put integrations together that use the same API user at the same address.

    :param integrations: those of platforms that this version does not know are left out.
    :returns: every user, also one that a single integration uses.
    """
    groups: dict[tuple[Platform, ApiUser, str, str], list[Integration]] = {}
    known = [(PLATFORMS[item.platform], item) for item in integrations if item.platform in PLATFORMS]
    for platform, item in known:
        for user in platform.users:
            place = platform, user, user_origin(platform, user, item), name_of(user, item)
            groups.setdefault(place, []).append(item)
    return [
        SharedUser(platform, user, origin, name, tuple(members))
        for (platform, user, origin, name), members in groups.items()
    ]


def user_origin(platform: Platform, user: ApiUser, integration: Integration) -> str:
    """
    Tell where an integration uses an API user.

    :returns: scheme, host and port.
    :raises IntegrationError: ``registry_damaged``: the stored address is none.
    """
    return secret_origins(platform, integration.settings)[user.secret_fields[0]]


def name_of(user: ApiUser, integration: Integration) -> str:
    """Tell what an integration calls an API user."""
    return str(integration.settings.get(user.name_field))


def titles(integrations: Iterable[Integration]) -> str:
    """Name integrations in a sentence, not too many of them."""
    names = [f"'{item.name}'" for item in integrations]
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _origin(value: object) -> str:
    try:
        return origin_of(str(value))
    except ValueError:
        raise ValueError("is no address, such as https://api.example.com") from None


def _platform(faults: list[Fault], options: Options) -> Platform | None:
    given = [name for name in PLATFORMS if options.get(name) is not None]
    if len(given) != 1:
        faults.append(Fault("platform", f"needs the settings of exactly one platform: one of {', '.join(PLATFORMS)}"))
        return None
    if options.get("platform") not in (None, given[0]):
        faults.append(Fault(given[0], f"does not belong here: the platform is {options['platform']}"))
    return PLATFORMS[given[0]]


def _cleaner(platform: Platform, name: str) -> Any:
    return clean_secret if platform.field(name).secret else clean_text


def _require_new_secrets(faults: list[Fault], platform: Platform, given: Mapping[str, Any]) -> None:
    """Try no old secret with a new name, and take no empty lookup for success."""
    for user in platform.users:
        if user.name_field in given and not given.keys() & set(user.secret_fields):
            told = f"cannot be replaced without a new secret: {' or '.join(user.secret_fields)}"
            faults.append(Fault(f"{platform.name}.{user.name_field}", told, ErrorCode.SECRET_REQUIRED))
    if not given:
        names = ", ".join(item.name for item in platform.secret_fields)
        faults.append(Fault(platform.name, f"gives no new secret: there are {names}", ErrorCode.SECRET_REQUIRED))


def _check_proof(faults: list[Fault], options: Options, desired: DesiredCredentials) -> None:
    check_required_proof(faults, options, desired.platform)
    asked = [user.api for user in desired.users]
    for api in options.get("require_verified") or []:
        if asked and api in desired.platform.apis and api not in asked:
            faults.append(Fault("require_verified", f"names '{api}', whose user does not change; it is not asked"))


def _found(desired: DesiredCredentials, integrations: Sequence[Integration]) -> tuple[ApiUser, list[Integration]]:
    """Find the user by its name, or else by the new one, which it has since the task ran before."""
    for names in ({user.name_field: desired.user_name for user in desired.platform.users}, desired.names):
        found = {
            user: [item for item in integrations if _is_meant(desired, user, item, names[user.name_field])]
            for user in desired.platform.users
            if user.name_field in names
        }
        used = {user: named for user, named in found.items() if named}
        for user in desired.users:
            if user in used:
                return user, used[user]
        if used:
            raise _other_user(desired, next(iter(used)))
    raise _unknown(desired, integrations)


def _other_user(desired: DesiredCredentials, user: ApiUser) -> InvalidSettings:
    secrets = " or ".join(user.secret_fields)
    told = f"gives no secret of {desired.user_name!r}, which is a {user.name_field}: {secrets}"
    return InvalidSettings([Fault(desired.platform.name, told, ErrorCode.SECRET_REQUIRED)])


def _is_meant(desired: DesiredCredentials, user: ApiUser, integration: Integration, name: str) -> bool:
    if name_of(user, integration) != name:
        return False
    return desired.origin in (None, user_origin(desired.platform, user, integration))


def _unknown(desired: DesiredCredentials, integrations: Sequence[Integration]) -> IntegrationError:
    platform = desired.platform
    told = f"No integration with {platform.title} has an API user called {desired.user_name!r}"
    if desired.origin:
        everywhere = [item for item in shared_users(integrations) if item.name == desired.user_name]
        listed = sorted({item.origin for item in everywhere})
        there = f"; there is one at {either(listed)}" if listed else ""
        return IntegrationError(ErrorCode.NOT_FOUND, f"{told} at {desired.origin}{there}.", addresses=listed)
    near = nearest(desired.user_name, sorted({name_of(user, item) for item in integrations for user in platform.users}))
    return IntegrationError(ErrorCode.NOT_FOUND, f"{told}.{did_you_mean(near)}", near_matches=near)


def _only_origin(desired: DesiredCredentials, user: ApiUser, named: Sequence[Integration]) -> str:
    by_origin: dict[str, list[str]] = {}
    for item in named:
        by_origin.setdefault(user_origin(desired.platform, user, item), []).append(item.name)
    if len(by_origin) == 1:
        return next(iter(by_origin))
    raise IntegrationError(
        ErrorCode.INVALID_SETTINGS,
        f"There are API users called {desired.user_name!r} at {len(by_origin)} addresses, each with its own password. "
        f"Set address to one of them: {', '.join(sorted(by_origin))}. Nothing was changed.",
        addresses=by_origin,
    )


def _refuse_other_users(
    desired: DesiredCredentials, user: ApiUser, members: Sequence[Integration], integrations: Sequence[Integration]
) -> None:
    """Let a task give another user as well, if exactly the same integrations share that one."""
    others = [other for other in desired.users if other != user]
    told = {other: _shared_otherwise(desired, other, members, integrations) for other in others}
    faults = [
        Fault(f"{desired.platform.name}.{other.secret_fields[0]}", f"{why}; give it in a task of its own")
        for other, why in told.items()
        if why
    ]
    if faults:
        raise InvalidSettings(faults)


def _shared_otherwise(
    desired: DesiredCredentials, other: ApiUser, members: Sequence[Integration], integrations: Sequence[Integration]
) -> str:
    """Tell why another user is not that of exactly these integrations; nothing if it is."""

    def places(found: Iterable[Integration], names: Iterable[str | None]) -> dict[str, tuple[str, str]]:
        named = [item for item in found if name_of(other, item) in names]
        return {item.id: (name_of(other, item), user_origin(desired.platform, other, item)) for item in named}

    new_name = desired.names.get(other.name_field)
    now = {name_of(other, item) for item in members}
    used = places(members, now)
    origins = {origin for _name, origin in used.values()}
    if len(now - {new_name}) > 1 or len(origins) > 1:
        return f"belongs to several API users: not all of {titles(members)} have the same {other.name_field}"
    elsewhere = places(integrations, now | {new_name})
    beside = [item for item in integrations if item.id not in used and elsewhere.get(item.id, ("", ""))[1] in origins]
    return f"belongs to an API user that others use as well: {titles(beside)}" if beside else ""
