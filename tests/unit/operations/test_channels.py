# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which channels a task has, and how long each of them may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import InvalidSettings
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.notifications import CHANNELS
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import channels
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.context import Context, open_context
from ansible_collections.msp.kaspersky.plugins.module_utils._operations.deliver import Delivery, pending_warning
from ansible_collections.msp.kaspersky.plugins.module_utils.options import NOTIFICATIONS

ACCOUNT = {"url": "https://ksc.example.com", "username": "ansible", "password": "correct horse"}
CONFIGURED: dict[str, dict[str, Any]] = {
    "smtp": {"smtp_host": "mail.example.com", "mail_from": "msp@example.com"},
    "webhook": {"webhook_url": "https://chat.example.com/hooks/1"},
    "security_center": {"security_center": ACCOUNT},
}
EVERYTHING = {name: value for options in CONFIGURED.values() for name, value in options.items()}


def context(folder: Path, **options: Any) -> Context:
    return open_context({"registry": f"sqlite:///{folder}/registry.sqlite3", **options}, SecretsInPlay(), False)


def test_every_channel_can_be_chosen_configured_and_asked_for() -> None:
    assert list(CHANNELS) == NOTIFICATIONS["notify_through"]["choices"]
    assert set(CHANNELS) == set(channels.NEEDED_OPTIONS) == set(channels._BUILDERS)


@pytest.mark.parametrize("configured", [set(), *({name} for name in CHANNELS), set(CHANNELS)])
@pytest.mark.parametrize("asked", [(), *((name,) for name in CHANNELS), CHANNELS])
def test_a_channel_is_there_if_it_is_configured_and_asked_for(
    tmp_path: Path, configured: set[str], asked: tuple[str, ...]
) -> None:
    options = {name: value for channel in configured for name, value in CONFIGURED[channel].items()}
    assert set(channels.configured_channels(context(tmp_path, **options), asked)) == configured & set(asked)


def test_a_task_need_not_choose(tmp_path: Path) -> None:
    assert channels.chosen_channels(context(tmp_path)) is None
    assert channels.chosen_channels(context(tmp_path, notify_through=["smtp", "webhook", "smtp"])) == (
        "smtp",
        "webhook",
    )
    with pytest.raises(InvalidSettings):
        channels.chosen_channels(context(tmp_path, notify_through=[]))


def test_each_channel_is_given_its_own_time(tmp_path: Path) -> None:
    """Seconds: for each reply of a mail server, for each attempt at the webhook, for each request of two logins."""
    server = ACCOUNT | {"timeout": 50, "retries": 2}
    slow = context(tmp_path, **EVERYTHING | {"security_center": server}, timeout=7, retries=5)
    made = channels.configured_channels(slow, CHANNELS)
    assert {name: channel.longest for name, channel in made.items()} == {
        "smtp": 4 * 7,
        "webhook": 6 * 7,
        "security_center": 2 * (3 + 1) * 50,
    }


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ([], "not been told yet. msp.kaspersky.notification_info"),
        (["webhook"], "This task gave no webhook_url."),
        (["smtp", "security_center"], "This task gave no smtp_host and no security_center."),
        (["of a newer version"], "not been told yet. msp.kaspersky.notification_info"),
    ],
)
def test_the_warning_names_what_is_missing(missing: list[str], told: str) -> None:
    delivery = Delivery(missing=missing)
    [warning] = pending_warning("default", 2, delivery)
    assert told in warning
    assert pending_warning("default", 0, delivery) == []
