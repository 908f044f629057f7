# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: every platform that can be asked, whether credentials work and which accounts there are.

A new platform is one entry in :data:`CONNECTORS` and one file with what it refers to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Account
from .._domain.platforms import Platform
from . import autotask, connectwise_manage, tigerpaw_accounts, tigerpaw_rest, tigerpaw_soap
from .verification import Access, Finding, Patience, Verification


@dataclass(frozen=True)
class Connector:
    """
    All that is asked of a platform, reading only.

    :param apis: ask each of its APIs whether it accepts the credentials, by the name of the API.
    :param list_accounts: gives all accounts, page by page.
    :param find_account: gives one account by its identifier, if there is one.
    """

    apis: Mapping[str, Callable[[Access], Finding]]
    list_accounts: Callable[[Access], Iterator[Account]]
    find_account: Callable[[Access, str], Account | None]


CONNECTORS: dict[str, Connector] = {
    "tigerpaw": Connector(
        apis={"rest": tigerpaw_rest.verify, "soap": tigerpaw_soap.verify},
        list_accounts=tigerpaw_accounts.list_accounts,
        find_account=tigerpaw_accounts.find_account,
    ),
    "connectwise_manage": Connector(
        apis={"rest": connectwise_manage.verify},
        list_accounts=connectwise_manage.list_accounts,
        find_account=connectwise_manage.find_account,
    ),
    "autotask": Connector(
        apis={"rest": autotask.verify},
        list_accounts=autotask.list_accounts,
        find_account=autotask.find_account,
    ),
}


def list_accounts(platform: Platform, access: Access) -> Iterator[Account]:
    """
    List all accounts of a PSA, while they are asked for page by page.

    :raises IntegrationError: as :func:`verify` does.
    """
    return CONNECTORS[platform.name].list_accounts(access)


def find_account(platform: Platform, access: Access, account_id: str) -> Account | None:
    """
    Find one account of a PSA.

    :raises IntegrationError: as :func:`verify` does.
    """
    return CONNECTORS[platform.name].find_account(access, account_id)


def verify(platform: Platform, access: Access, patience: Patience) -> Verification:
    """
    Prove credentials to every API of a platform, reading only.

    The APIs are asked one after another, so that Ansible's ``timeout:`` and Ctrl-C end it at once. While nothing but
    refused credentials is wrong, and as long as there is patience, only the APIs that refused are asked again.

    :raises IntegrationError: one for all APIs that failed, with the code of the first and
        ``faults=[{"api": ..., "code": ..., "message": ...}, ...]``.
    """
    apis = CONNECTORS[platform.name].apis
    findings, failures = _ask({api: apis[api] for api in platform.apis}, access)
    for _attempt in range(patience.retries):
        if not failures or not all(is_refusal(failure) for failure in failures.values()):
            break
        time.sleep(patience.delay)
        proven, failures = _ask({api: apis[api] for api in failures}, access)
        findings |= proven
    if failures:
        raise _one_error(platform, {api: failures[api] for api in platform.apis if api in failures})
    return _verification(platform, findings)


def is_refusal(failure: IntegrationError) -> bool:
    """Tell whether nothing but the credentials is wrong, so that a new API user may only need some time."""
    return failure.code is ErrorCode.CREDENTIALS_REFUSED


def _ask(
    apis: Mapping[str, Callable[[Access], Finding]], access: Access
) -> tuple[dict[str, Finding], dict[str, IntegrationError]]:
    findings: dict[str, Finding] = {}
    failures: dict[str, IntegrationError] = {}
    for api, ask in apis.items():
        try:
            findings[api] = ask(access)
        except IntegrationError as failure:
            failures[api] = failure
    return findings, failures


def _one_error(platform: Platform, failures: Mapping[str, IntegrationError]) -> IntegrationError:
    faults = [
        {**failure.details, "api": api, "code": str(failure.code), "message": failure.message}
        for api, failure in failures.items()
    ]
    first = next(iter(failures.values()))
    told = " ".join(failure.message for failure in failures.values())
    return IntegrationError(first.code, told, platform=platform.name, faults=faults)


def _verification(platform: Platform, findings: Mapping[str, Finding]) -> Verification:
    states = {api: findings[api].state for api in platform.apis}
    return Verification(states, tuple(finding.warning for finding in findings.values() if finding.warning))
