# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the Administration Server that a task names, and what it tells about virtual servers."""

from __future__ import annotations

from collections.abc import Callable

from .._domain.errors import ErrorCode, Fault, IntegrationError, InvalidSettings
from .._domain.model import Directory, Instance
from .._domain.text import clean_secret, clean_text, clean_url, cleaned
from .._remote.http import Endpoint
from .._remote.security_center import Account, SecurityCenter
from .context import Context, Options, read_secret
from .verify import connection_of

OPTION = "security_center"
_PASSWORD = f"{OPTION}.password"


def configured(context: Context) -> bool:
    """Tell whether the task names an Administration Server."""
    return context.options.get(OPTION) is not None


def open_security_center(context: Context) -> SecurityCenter:
    """
    Read the options of Security Center; connects to nothing yet.

    :returns: a context manager, to be used in a ``with`` block.
    :raises IntegrationError: ``invalid_settings`` with every fault at once, or ``dependency_missing``.
    """
    options = context.options[OPTION]
    faults: list[Fault] = []
    url = _required(faults, options, "url", clean_url)
    username = _required(faults, options, "username", clean_text)
    password = _password(faults, options, context)
    proxy_password = _secret(faults, options, "proxy_password", context)
    if faults or url is None or username is None or password is None:
        raise InvalidSettings(faults)
    # The address goes as it was given: cleaned, it would have lost a port 443, which is not that of the Open API.
    endpoint = Endpoint(options["url"], options.get("validate_certs", True), options.get("ca_path"))
    account = Account(username, password, options.get("internal_user", True))
    return SecurityCenter(endpoint, account, connection_of(options, proxy_password), context.in_play)


def discover(context: Context) -> Directory:
    """
    Ask which virtual servers there are; one listing, however many there are.

    :returns: what the server tells; whether it is the right server, :func:`require_same_server` checks.
    :raises IntegrationError: as :func:`open_security_center`, and what the server refuses.
    """
    with open_security_center(context) as security_center:
        return security_center.directory()


def require_same_server(instance: Instance | None, directory: Directory) -> None:
    """
    Refuse another Administration Server than the one that an instance stands for.

    An instance that has not recorded its server yet has nothing to compare with. A server that no longer tells who it
    is may be any.

    :raises IntegrationError: ``instance_mismatch``.
    """
    if instance is None or instance.server_identity in (None, directory.identity):
        return
    leads_to = f"leads to '{directory.identity}'" if directory.identity else "leads to one that does not tell who it is"
    raise IntegrationError(
        ErrorCode.INSTANCE_MISMATCH,
        f"The instance '{instance.name}' stands for the Administration Server '{instance.server_identity}', and "
        f"{OPTION}.url {leads_to}. Nothing was changed. Set the option instance to the one of this server, or correct "
        "the address. If the server was replaced, let the instance forget the old one: msp.kaspersky.registry with "
        "forget_server: true.",
        recorded_identity=instance.server_identity,
        server_identity=directory.identity,
    )


def certificate_warnings(context: Context) -> list[str]:
    """Warn of a connection to Security Center that anybody in between can listen to."""
    if context.options[OPTION].get("validate_certs") is not False:
        return []
    return [
        f"The TLS certificate of Kaspersky Security Center was not verified ({OPTION}.validate_certs: false): whoever "
        "is in between can read the password. A ca_path is safer."
    ]


def _required(faults: list[Fault], options: Options, name: str, clean: Callable[[object], str]) -> str | None:
    if options.get(name) is None:
        faults.append(Fault(f"{OPTION}.{name}", "is required"))
    return cleaned(faults, f"{OPTION}.{name}", clean, options.get(name))


def _password(faults: list[Fault], options: Options, context: Context) -> str | None:
    if options.get("password") is None and options.get("password_file") is None:
        faults.append(Fault(_PASSWORD, "is required, or password_file"))
        return None
    return cleaned(faults, _PASSWORD, clean_secret, _secret(faults, options, "password", context))


def _secret(faults: list[Fault], options: Options, name: str, context: Context) -> str | None:
    if options.get(name) is not None and options.get(f"{name}_file") is not None:
        faults.append(Fault(f"{OPTION}.{name}", f"excludes {name}_file (environment variables count as well)"))
        return None
    return read_secret(faults, options, name, context.in_play, f"{OPTION}.")
