# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: what people are told when an integration is deleted.

Everything is made from the snapshot that the notification carries: when it is delivered, the integration is gone.
Names come from people and from other systems, so none of them may become a header, a line of its own, or markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from .errors import ErrorCode, IntegrationError
from .jobs import job_title
from .model import Administrator, Integration, Notification, Solution, Tenant
from .platforms import PLATFORMS
from .text import one_line

Say = Callable[[str], str]
Written = TypeVar("Written")

INTEGRATION_DELETED = "integration_deleted"

MAIL, WEBHOOK, SECURITY_CENTER = "smtp", "webhook", "security_center"
CHANNELS = (MAIL, WEBHOOK, SECURITY_CENTER)
"""The ways to tell people, as the option ``notify_through`` calls them."""

LONGEST_LIST = 50
"""
A snapshot names at most so many tenants, and counts the others: it is stored once for each recipient, chat systems
refuse long messages, and the task's own result names them all.
"""

_SOLUTION_TITLES = {
    Solution.SECURITY_CENTER: "Kaspersky Security Center",
    Solution.BUSINESS_HUB: "Kaspersky Business Hub",
}
_TENANT_WORDS = {
    Solution.SECURITY_CENTER: ("virtual server", "virtual servers"),
    Solution.BUSINESS_HUB: ("company", "companies"),
}
_MARKUP = r"""<>&@*_~`[]()#!|\:{}^$="""
_FULL_WIDTH_DISTANCE = 0xFEE0
_LOOK_ALIKES = str.maketrans({character: chr(ord(character) + _FULL_WIDTH_DISTANCE) for character in _MARKUP})


@dataclass(frozen=True)
class Letter:
    """An e-mail as plain text: one line of subject, and a body whose lines end in a line feed."""

    subject: str
    body: str


def usual_channels(has_webhook: bool) -> tuple[str, ...]:
    """Tell through which channels people are told of a deletion by a task that names none."""
    return (MAIL, WEBHOOK) if has_webhook else (MAIL,)


def recipients_of(channels: Iterable[str], administrators: Sequence[Administrator]) -> Iterator[tuple[str, str | None]]:
    """
    Tell who gets a message through which channel: the webhook one, any other one for each administrator.

    :returns: channel and e-mail address; no address for the webhook.
    """
    for channel in channels:
        if channel == WEBHOOK:
            yield channel, None
        else:
            yield from ((channel, administrator.email) for administrator in administrators)


def deletion_snapshot(
    integration: Integration,
    tenants: Iterable[Tenant],
    deleted_by: str,
    deleted_at: datetime,
    job: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """
    Keep what there will be to say about a deleted integration.

    :param tenants: those that its deletion unbinds.
    :param deleted_by: who acted, as the task states it.
    :param deleted_at: an aware time.
    :param job: the job of AWX in which it was deleted, if it was one.
    :returns: JSON-ready; the first 50 tenants by name, the number of all, the time in UTC.
    """
    unbound = sorted(tenants, key=lambda tenant: (tenant.name.casefold(), tenant.name, tenant.uid or ""))
    platform = PLATFORMS.get(integration.platform)
    return {
        "integration": {
            "id": integration.id,
            "name": integration.name,
            "platform": integration.platform,
            "platform_title": platform.title if platform else integration.platform,
            "solution": str(integration.solution),
            "instance": integration.instance,
        },
        "tenants": [
            {"kind": str(tenant.kind), "uid": tenant.uid, "name": tenant.name} for tenant in unbound[:LONGEST_LIST]
        ],
        "tenant_count": len(unbound),
        "deleted_by": deleted_by,
        "deleted_at": deleted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "job": dict(job) if job else None,
    }


def letter_for(notification: Notification) -> Letter:
    """
    Write the e-mail of a notification.

    :raises IntegrationError: ``registry_damaged``: its event or its snapshot is not one that this version writes.
    """
    return _read(notification, _deletion_letter)


def webhook_payload(notification: Notification) -> dict[str, Any]:
    """
    Make what a webhook receives.

    :returns: the event and the snapshot with the names as they are, for programs, and ``text`` for people: there,
        characters that chat systems take for markup are replaced by their full-width look-alikes.
    :raises IntegrationError: ``registry_damaged``: its event or its snapshot is not one that this version writes.
    """
    return _read(notification, lambda snapshot: _deletion_payload(notification, snapshot))


def integration_told_of(notification: Notification) -> tuple[str | None, str | None]:
    """
    Name the integration that a notification is about.

    :returns: its id and its name; nothing where the notification is damaged, so that it can be listed and discarded.
    """
    try:
        integration = notification.snapshot["integration"]
        named = integration["id"], integration["name"]
    except (KeyError, TypeError):
        return None, None
    return named if all(isinstance(part, str) for part in named) else (None, None)


def _read(notification: Notification, write: Callable[[Mapping[str, Any]], Written]) -> Written:
    if notification.event == INTEGRATION_DELETED:
        try:
            return write(notification.snapshot)
        except (AttributeError, KeyError, TypeError, ValueError):
            pass  # told below, together with the other reason
    raise IntegrationError(
        ErrorCode.REGISTRY_DAMAGED,
        f"The notification {notification.id} cannot be read: it was changed from outside, or written by a newer "
        "version of the collection. Discard it with the module msp.kaspersky.notification, or upgrade the collection.",
        notification_id=notification.id,
    )


def _deletion_letter(snapshot: Mapping[str, Any]) -> Letter:
    name = one_line(snapshot["integration"]["name"])
    return Letter(f'Integration "{name}" was deleted', _deletion_text(snapshot, one_line))


def _deletion_payload(notification: Notification, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: snapshot[name] for name in ("integration", "tenants", "tenant_count", "deleted_by", "deleted_at")}
    facts["job"] = snapshot.get("job")  # was not written from the beginning
    text = _deletion_text(snapshot, _without_markup)
    return {"event": notification.event, "message_id": notification.message_id, **facts, "text": text}


def _deletion_text(snapshot: Mapping[str, Any], say: Say) -> str:
    integration = snapshot["integration"]
    solution = Solution(integration["solution"])
    deleted_at = datetime.fromisoformat(snapshot["deleted_at"]).astimezone(UTC)
    paragraphs = (
        f'The integration "{say(integration["name"])}" was deleted.',
        f"Platform: {say(integration['platform_title'])}\n"
        f"Solution: {_SOLUTION_TITLES[solution]}, instance {say(integration['instance'])}\n"
        f"Deleted by: {say(snapshot['deleted_by'])} (as stated by the task that deleted it)\n"
        f"{_in_job(snapshot, say)}"
        f"Deleted at: {deleted_at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"Integration ID: {say(integration['id'])}",
        _unbound(snapshot, solution, say),
        f"Its administrators keep their access to the {_TENANT_WORDS[solution][1]}.",
        "If the deletion was expected, nothing has to be done. If not, ask who is named above.",
    )
    return "\n\n".join(paragraphs) + "\n"


def _in_job(snapshot: Mapping[str, Any], say: Say) -> str:
    job = snapshot.get("job")
    return f"In: {say(job_title(job))}\n" if job else ""


def _unbound(snapshot: Mapping[str, Any], solution: Solution, say: Say) -> str:
    one, many = _TENANT_WORDS[solution]
    count = int(snapshot["tenant_count"])
    if count == 0:
        return f"No {one} was bound to it."
    names = [say(tenant["name"]) for tenant in snapshot["tenants"]]
    unnamed = [f"and {count - len(names)} more"] if count > len(names) else []
    listed = "\n".join(f"- {name}" for name in names + unnamed)
    told = f"1 {one} was" if count == 1 else f"{count} {many} were"
    they_continue = "It continues" if count == 1 else "They continue"
    return (
        f"{told} unbound from it:\n{listed}\n"
        f"{they_continue} to exist in {_SOLUTION_TITLES[solution]} and can be bound to another integration "
        "(module msp.kaspersky.binding)."
    )


def _without_markup(value: str) -> str:
    return one_line(value).translate(_LOOK_ALIKES)
