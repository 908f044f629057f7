# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: answers questions about a registry. Reads only, except that verifying asks the platforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._domain.errors import Fault, InvalidSettings
from .._domain.model import HistoryEntry, Integration, Tenant
from .._domain.platforms import PLATFORMS
from .._domain.text import clean_name, cleaned
from .._storage.reader import Reader
from .context import Context, Options
from .export import exported
from .find import require_instance
from .moments import days_ago, days_since
from .results import api_user_result, held_tenant_result, history_result, integration_result, notification_result, utc
from .verify_many import verify_integrations

_FILTERS = ("name", "integration_id", "platform", "solution", "tenant", "credentials_older_than", "user_name")


def list_integrations(context: Context) -> dict[str, Any]:
    """
    List integrations; none matching is no failure.

    :returns: ``integrations``, and as asked for ``history`` and ``export``.
    :raises IntegrationError: ``registry_missing``, ``instance_unknown``.
    """
    options = _with_clean_name(context.options)
    with context.registry.reading() as reader:
        require_instance(reader, context.instance)
        instance = reader.instance(context.instance) if options.get("export") else None
        found = _found(reader, context.instance, options)
        held = _held(reader, options, found)
        history = _history(reader, context.instance, options, found)
        users = _api_users(reader, found) if options.get("api_users") else []
    results = {
        item.id: {**integration_result(item), "credentials_age": days_since(item.credentials_changed_at)}
        for item in found
    }
    if options.get("tenants"):
        for item in found:
            results[item.id]["tenants"] = [held_tenant_result(tenant) for tenant in held[item.id]]
    answer: dict[str, Any] = {"changed": False, "integrations": list(results.values())}
    if options.get("verify"):
        for integration_id, verdict in verify_integrations(context, found).items():
            results[integration_id]["verification"] = verdict
    if options.get("api_users"):
        answer["api_users"] = users
    if options.get("history"):
        answer["history"] = [history_result(item) for item in history]
    if instance:
        answer["export"] = exported(instance, found, held)
    return answer


def list_notifications(context: Context) -> dict[str, Any]:
    """
    List the messages of the outbox.

    :returns: ``notifications`` oldest first, and ``counts`` by status.
    :raises IntegrationError: ``registry_missing``, ``instance_unknown``.
    """
    options = context.options
    with context.registry.reading() as reader:
        require_instance(reader, context.instance)
        shown = reader.notifications(context.instance, statuses=options.get("status"), limit=options.get("limit"))
        counts = {"pending": 0, "failed": 0, "delivered": 0, **reader.count_notifications(context.instance)}
    return {"changed": False, "notifications": [notification_result(item) for item in shown], "counts": counts}


def describe_registry(context: Context) -> dict[str, Any]:
    """
    Tell what a registry holds and where its secrets are.

    :returns: ``registry``.
    :raises IntegrationError: ``registry_missing``.
    """
    return {"changed": False, "registry": registry_facts(context)}


def registry_facts(context: Context) -> dict[str, Any]:
    """Read the facts that ``registry`` and ``registry_info`` return."""
    with context.registry.reading() as reader:
        record = reader.registry()
        instances = [_instance_facts(reader, name) for name in reader.instance_names()]
        counts = reader.counts()
    return {
        "location": context.registry.location,
        "registry_id": record.id,
        "schema_version": record.schema_version,
        "secret_store": record.secret_store,
        "secrets_kept_at": record.secrets_kept_at,
        "created_at": utc(record.created_at),
        "instances": instances,
        "counts": counts,
        "notifications_pending": sum(item["notifications_pending"] for item in instances),
    }


def _instance_facts(reader: Reader, name: str) -> dict[str, Any]:
    instance = reader.instance(name)
    return {
        "name": name,
        "solution": str(instance.solution) if instance else None,
        "server_identity": instance.server_identity if instance else None,
        "integrations": len(reader.integration_names(name)),
        "tenants": reader.count_tenants(name),
        "notifications_pending": reader.count_pending_notifications(name),
    }


def _with_clean_name(options: Options) -> Options:
    """
    Bring the name that is looked for into the form in which names are kept.

    :raises InvalidSettings: nothing can have this name.
    """
    faults: list[Fault] = []
    name = cleaned(faults, "name", clean_name, options.get("name"))
    if faults:
        raise InvalidSettings(faults)
    return {**options, "name": name}


def _found(reader: Reader, instance: str, options: Options) -> list[Integration]:
    """Have the database find what it can; the rest is told by what only the platforms and the calendar know."""
    given = {option: options.get(option) for option in ("name", "integration_id", "platform")}
    found = [item for item in reader.integrations(instance, **given) if _matches(item, options)]
    wanted = options.get("tenant")
    if wanted is None:
        return found
    meant = [*reader.tenants(instance, name=wanted), *reader.tenants(instance, uid=wanted)]
    holders = {tenant.integration_id for tenant in meant}
    return [item for item in found if item.id in holders]


def _matches(integration: Integration, options: Options) -> bool:
    if options.get("solution") not in (None, integration.solution):
        return False
    days = options.get("credentials_older_than")
    if days is not None and integration.credentials_changed_at > days_ago(days):
        return False
    user = options.get("user_name")
    return user is None or user in _users(integration)


def _users(integration: Integration) -> list[str]:
    platform = PLATFORMS.get(integration.platform)
    return [integration.settings.get(name) or "" for name in platform.user_fields] if platform else []


def _api_users(reader: Reader, found: Sequence[Integration]) -> list[dict[str, Any]]:
    """List the API users of integrations, each with all that use it, whatever their instances; the oldest first."""
    from .._domain.api_users import shared_users  # for tasks that ask for it

    ids, platforms = {item.id for item in found}, {item.platform for item in found}
    instances = reader.instance_names()
    known = [item for name in instances for item in reader.integrations(name) if item.platform in platforms]
    users = [
        {
            **api_user_result(shared),
            "credentials_age": max(days_since(item.credentials_changed_at) for item in shared.integrations),
            "integrations": [
                {"id": item.id, "name": item.name, "instance": item.instance} for item in shared.integrations
            ],
        }
        for shared in shared_users(known)
        if any(item.id in ids for item in shared.integrations)
    ]
    return sorted(users, key=lambda user: (-user["credentials_age"], user["platform"], user["user_name"]))


def _held(reader: Reader, options: Options, found: Sequence[Integration]) -> dict[str, list[Tenant]]:
    """Read who holds what, of many integrations at once, and only when it is asked for."""
    held: dict[str, list[Tenant]] = {item.id: [] for item in found}
    if options.get("tenants") or options.get("export"):
        for tenant in reader.tenants_of(*held):
            if tenant.integration_id:
                held[tenant.integration_id].append(tenant)
    return held


def _history(reader: Reader, instance: str, options: Options, found: Sequence[Integration]) -> list[HistoryEntry]:
    """
    Have the database find what was done, if it is asked for.

    Deleted integrations are found by the name or the id that they had, and without filters.
    """
    if not options.get("history"):
        return []
    since, limit = days_ago(options.get("history_newer_than")), options.get("history_limit")
    if all(options.get(option) is None for option in _FILTERS):
        return reader.history(instance, since, limit)
    ids = {item.id for item in found} | {options.get("integration_id") or ""} - {""}
    return reader.history(instance, since, limit, ids, options.get("name"))
