# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: every API of every platform that can be asked whether credentials work.

A new platform is one entry in :data:`CONNECTORS` and one file with its connectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.platforms import Platform
from .._domain.redaction import SecretsInPlay
from . import tigerpaw_rest, tigerpaw_soap
from .http import Connection
from .verification import Access, Finding, Patience, Verification, VerificationState

Connector = Callable[[Access], Finding]

CONNECTORS: dict[str, dict[str, Connector]] = {
    "tigerpaw": {"rest": tigerpaw_rest.verify, "soap": tigerpaw_soap.verify},
}


def verify(
    platform: Platform,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    connection: Connection,
    patience: Patience,
    in_play: SecretsInPlay,
) -> Verification:
    """
    Prove the settings of an integration to every API of its platform, reading only.

    The APIs are asked one after another, so that Ansible's ``timeout:`` and Ctrl-C end it at once. While nothing but
    refused credentials is wrong, and as long as there is patience, only the APIs that refused are asked again.

    :param settings: as :func:`effective_settings` returns them.
    :param secrets: all secrets of the platform, by field name.
    :param in_play: learns all secrets that are used.
    :returns: ``unavailable``, with a warning, for an API that has no connector yet.
    :raises IntegrationError: one for all APIs that failed, with the code of the first and
        ``faults=[{"api": ..., "code": ..., "message": ...}, ...]``.
    """
    in_play.add(*secrets.values())
    connectors = CONNECTORS.get(platform.name, {})
    access = Access(settings, secrets, connection, in_play)
    findings, failures = _ask({api: connectors[api] for api in platform.apis if api in connectors}, access)
    for _attempt in range(patience.retries):
        if not failures or not all(_is_refusal(failure) for failure in failures.values()):
            break
        time.sleep(patience.delay)
        proven, failures = _ask({api: connectors[api] for api in failures}, access)
        findings |= proven
    if failures:
        raise _one_error(platform, {api: failures[api] for api in platform.apis if api in failures})
    return _verification(platform, findings)


def _ask(connectors: Mapping[str, Connector], access: Access) -> tuple[dict[str, Finding], dict[str, IntegrationError]]:
    findings: dict[str, Finding] = {}
    failures: dict[str, IntegrationError] = {}
    for api, connector in connectors.items():
        try:
            findings[api] = connector(access)
        except IntegrationError as failure:
            failures[api] = failure
    return findings, failures


def _is_refusal(failure: IntegrationError) -> bool:
    return failure.code is ErrorCode.CREDENTIALS_REFUSED


def _one_error(platform: Platform, failures: Mapping[str, IntegrationError]) -> IntegrationError:
    faults = [
        {**failure.details, "api": api, "code": str(failure.code), "message": failure.message}
        for api, failure in failures.items()
    ]
    first = next(iter(failures.values()))
    told = " ".join(failure.message for failure in failures.values())
    return IntegrationError(first.code, told, platform=platform.name, faults=faults)


def _verification(platform: Platform, findings: Mapping[str, Finding]) -> Verification:
    unavailable = Finding(VerificationState.UNAVAILABLE)
    states = {api: findings.get(api, unavailable).state for api in platform.apis}
    warnings = [finding.warning for finding in findings.values() if finding.warning]
    missing = [api for api in platform.apis if api not in findings]
    if missing:
        names = " and ".join(name.upper() for name in missing)
        warnings.append(f"The {names} credentials for {platform.title} cannot be verified yet; they were not tried.")
    return Verification(states, tuple(warnings))
