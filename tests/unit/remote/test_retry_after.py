# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a server asks us to wait, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.retry_after import parse_date, seconds_to_wait

NOW = datetime(2026, 11, 22, 20, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 20:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 21:00:30 +0100", 30),
        ("Sunday, 22-Nov-26 20:00:30 GMT", 30),
        ("Sun Nov 22 20:00:30 2026", 30),
        ("Sun, 22 Nov 2026 19:00:00 GMT", 0),
    ],
)
def test_understood(header: str, seconds: float) -> None:
    assert seconds_to_wait(header, NOW) == seconds


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "١٢", "Sun, 99 Nov 2026 20:00:30 GMT", "0x10"])
def test_senseless(header: str | None) -> None:
    assert seconds_to_wait(header, NOW) is None


def test_thousands_of_digits_are_long_enough() -> None:
    waiting = seconds_to_wait("9" * 5000, NOW)
    assert waiting is not None
    assert waiting > 10**8


@given(st.text(max_size=60))
def test_anything_is_a_number_from_zero_or_nothing(header: str) -> None:
    waiting = seconds_to_wait(header, NOW)
    assert waiting is None or waiting >= 0


def test_dates_have_a_zone() -> None:
    moment = parse_date("Sun, 22 Nov 2026 20:00:30")
    assert moment is not None
    assert moment.tzinfo is not None
