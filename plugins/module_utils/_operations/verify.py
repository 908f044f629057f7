# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: proves an integration's settings against the platform, with the options of the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.platforms import Platform, effective_settings
from .._remote.verification import Access, Patience, Verification, VerificationState
from .context import Context, Options

if TYPE_CHECKING:
    from .._remote.http import Connection


def prove_settings(
    context: Context, platform: Platform, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> Verification:
    """
    Ask every API of the platform whether it accepts the credentials; reads only.

    :param settings: settings without secrets.
    :param secrets: all secrets by field name.
    :raises IntegrationError: an API refuses, lacks a right or cannot be reached; the details name each one.
    """
    from .._remote import connectors  # for tasks that ask somebody

    access = access_to(context, platform, settings, secrets)
    verification = connectors.verify(platform, access, patience_of(context.options))
    return replace(verification, warnings=(*verification.warnings, *certificate_warnings(platform, settings)))


def access_to(context: Context, platform: Platform, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Access:
    """
    Put together what the APIs of a platform are asked with.

    :param settings: settings without secrets.
    :param secrets: all secrets by field name.
    :raises InvalidSettings: the password of the proxy cannot be read.
    """
    [proxy_password] = context.secret_options("proxy_password")
    connection = connection_of(context.options, proxy_password)
    return Access(effective_settings(platform, dict(settings)), secrets, connection, context.in_play)


def certificate_warnings(platform: Platform, settings: Mapping[str, Any]) -> list[str]:
    """Warn that credentials are sent to whoever answers, if that is so."""
    if settings.get("validate_certs") is not False:
        return []
    return [
        f"The TLS certificate of {platform.title} was not verified (validate_certs: false): whoever is in between can "
        "read the credentials. A ca_path is safer."
    ]


def require_verified(platform: Platform, verification: Verification, required: Sequence[str]) -> None:
    """
    Refuse a proof that is weaker than the task demands.

    :param required: names of APIs that have to be verified, not only reachable.
    :raises IntegrationError: ``verification_unavailable``.
    """
    weak = [api for api in required if verification.states.get(api) is not VerificationState.VERIFIED]
    if weak:
        told = ", ".join(f"{api} is {verification.states.get(api, 'not asked')}" for api in weak)
        raise IntegrationError(
            ErrorCode.VERIFICATION_UNAVAILABLE,
            f"The task requires proof that was not to be had from {platform.title}: {told}. Nothing was saved. "
            + " ".join(verification.warnings),
            verification=shown_states(verification),
        )


def shown_states(verification: Verification) -> dict[str, str]:
    """Write a verification as results have it: state by API."""
    return {api: str(state) for api, state in verification.states.items()}


def connection_of(options: Options, proxy_password: str | None) -> Connection:
    """
    Read how outside systems are reached.

    :param options: a task's, or those of one of its dictionaries.
    :param proxy_password: read from its option or its file.
    """
    from .._remote.http import Connection  # for tasks that ask somebody

    return Connection(
        timeout=float(options.get("timeout") or 30),
        retries=int(options.get("retries") or 0),
        proxy=options.get("proxy"),
        proxy_username=options.get("proxy_username"),
        proxy_password=proxy_password,
    )


def patience_of(options: Options) -> Patience:
    """Read how long refused credentials are given a chance."""
    return Patience(retries=int(options.get("verify_retries") or 0), delay=float(options.get("verify_delay") or 0))
