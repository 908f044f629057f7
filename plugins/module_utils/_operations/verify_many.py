# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: proves the stored settings of many integrations at once, without locking anybody's API user out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Event
from typing import Any

from .._domain.errors import ErrorCode, IntegrationError
from .._domain.model import Integration
from .._domain.platforms import stored_platform
from .._domain.progress import Progress
from .._domain.rules import secret_origins
from .._remote.verification import VerificationState
from .._storage.reader import RegistryRecord, SecretRecord
from .bounded_pool import BoundedPool, Job
from .context import Context
from .verify import prove_settings, shown_states

Verdict = dict[str, Any]
User = tuple[str, str, str]


def verify_integrations(context: Context, integrations: Sequence[Integration]) -> dict[str, Verdict]:
    """
    Prove stored credentials live.

    Integrations that share an API user are asked one after the other, and no more once the user was refused: a stale
    password must not lock the user out of all of them.

    :returns: by id of the integration ``{"state": ..., "apis": {...}, "error": {...} or null}``.
    """
    with context.registry.reading() as reader:
        record = reader.registry()
        secrets = {item.id: reader.current_secret(item.id) for item in integrations}
    context.secret_options("proxy_password")  # a fault of the task, not one of each integration
    verdicts: dict[str, Verdict] = {}

    def job(group: Sequence[Integration]) -> Job:
        origins = frozenset(origin for member in group for origin, _field, _name in _users(member))
        return Job(origins, lambda: _verify_group(context, record, secrets, group, verdicts, pool.stopped))

    pool = BoundedPool(map(job, _by_user(integrations)))
    progress = Progress("verified", "integrations", len(integrations), context.tell)
    pool.run(lambda: progress.reached(len(verdicts)))
    return verdicts


def _by_user(integrations: Iterable[Integration]) -> list[list[Integration]]:
    """Put integrations together that share an API user at the same origin, also over several steps."""
    groups: dict[User, list[Integration]] = {}
    for integration in integrations:
        users = _users(integration)
        shared = {id(groups[user]): groups[user] for user in users if user in groups}
        largest, *others = sorted(shared.values(), key=len, reverse=True) or [[]]
        for group in (*others, [integration]):
            largest.extend(group)
            groups |= {user: largest for member in group for user in _users(member)}
    return list({id(group): group for group in groups.values()}.values())


def _users(integration: Integration) -> set[User]:
    """Name the API users of an integration where their secrets are sent."""
    try:
        platform = stored_platform(integration.platform, integration.name)
        origins = set(secret_origins(platform, integration.settings).values())
    except IntegrationError:  # told when its turn comes
        return {("", "", integration.id)}
    return {(origin, name, str(integration.settings.get(name))) for origin in origins for name in platform.user_fields}


def _verify_group(
    context: Context,
    record: RegistryRecord,
    secrets: Mapping[str, SecretRecord | None],
    group: Sequence[Integration],
    verdicts: dict[str, Verdict],
    stopped: Event,
) -> None:
    """
    Ask about integrations that share an API user, one after the other.

    :param verdicts: takes each as soon as it is known.
    :param stopped: tells that the task was interrupted.
    """
    refused_by: Integration | None = None
    for integration in group:
        if stopped.is_set():
            return
        if refused_by:
            verdicts[integration.id] = _not_asked(refused_by)
            continue
        verdict = _verified(context, record, integration, secrets[integration.id])
        verdicts[integration.id] = verdict
        if _names_refusal(verdict["error"] or {}):
            refused_by = integration


def _verified(
    context: Context, record: RegistryRecord, integration: Integration, secret: SecretRecord | None
) -> Verdict:
    try:
        platform = stored_platform(integration.platform, integration.name)
        opened = context.vault.open(record, integration, secret)
        verification = prove_settings(context, platform, integration.settings, opened)
    except IntegrationError as error:
        return {"state": "failed", "apis": {}, "error": {"msg": error.message, **error.as_result()}}
    states = set(verification.states.values())
    weakest = [VerificationState.REACHABLE, VerificationState.VERIFIED]
    state = next(state for state in weakest if state in states)
    return {"state": str(state), "apis": shown_states(verification), "error": None}


def _names_refusal(error: Verdict) -> bool:
    """One API may have refused the user while another one could not be reached."""
    codes = {error.get("code"), *(fault.get("code") for fault in error.get("faults", []))}
    return ErrorCode.CREDENTIALS_REFUSED in codes


def _not_asked(refused_by: Integration) -> Verdict:
    message = (
        f"Not asked: the API user that it shares with '{refused_by.name}' was refused there, and asking again could "
        "lock the user out."
    )
    return {
        "state": "failed",
        "apis": {},
        "error": {"code": str(ErrorCode.CREDENTIALS_REFUSED), "msg": message, "shared_with": refused_by.name},
    }
