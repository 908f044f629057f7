# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: how long a server asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MANY_DIGITS = 9


def seconds_to_wait(header: str | None, now: datetime) -> float | None:
    """
    Read the header ``Retry-After`` (RFC 9110, section 10.2.3).

    :param header: a number of seconds or a date.
    :param now: the present time, with its zone.
    :returns: seconds from now, never negative, or nothing if the header is absent or makes no sense.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MANY_DIGITS]) if len(text) <= _MANY_DIGITS else float("9" * _MANY_DIGITS)
    moment = parse_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def parse_date(text: str) -> datetime | None:
    """
    Read the date of an HTTP header.

    :returns: the moment, with its zone, or nothing if it is no date.
    """
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
