# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how old is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# Before anything that a registry can hold.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def days_since(moment: datetime) -> int:
    """Tell how many whole days ago a moment was; none if a wrong clock wrote one that is yet to come."""
    return max(0, (datetime.now(UTC) - moment).days)


def days_ago(days: int | None) -> datetime:
    """
    Tell the moment before which things are too old.

    :param days: how old they may become; nothing, or more days than there are dates, means that they are never too old.
    """
    try:
        return BEGINNING if days is None else datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return BEGINNING
