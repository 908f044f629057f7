# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fingerprints tell an edited secret from an unchanged one, and nothing else."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.fingerprints import fingerprint, same_fingerprint

KEY = b"k" * 32
PARTS = st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))


def test_known_answer() -> None:
    message = b"\0\0\0\0\0\0\0\x01i" + b"\0\0\0\0\0\0\0\x01f" + b"\0\0\0\0\0\0\0\x02\xc3\xa4"
    assert fingerprint(KEY, "i", "f", "ä") == hmac.new(KEY, message, hashlib.sha256).hexdigest()


@given(left=PARTS, right=PARTS)
def test_equal_for_equal_parts_only(left: tuple[str, str, str], right: tuple[str, str, str]) -> None:
    assert (fingerprint(KEY, *left) == fingerprint(KEY, *right)) == (left == right)


@given(text=st.text(min_size=2), first=st.integers(0, 50), second=st.integers(0, 50))
def test_moving_characters_between_parts_changes_it(text: str, first: int, second: int) -> None:
    assume(min(first, len(text)) != min(second, len(text)))
    assert fingerprint(KEY, "id", text[:first], text[first:]) != fingerprint(KEY, "id", text[:second], text[second:])
    assert fingerprint(KEY, text[:first], text[first:], "") != fingerprint(KEY, text[:second], text[second:], "")


def test_depends_on_the_key() -> None:
    assert fingerprint(KEY, "i", "f", "v") != fingerprint(b"x" * 32, "i", "f", "v")


@pytest.mark.parametrize("wrong", ["", "0", "ä"])
def test_comparison(wrong: str) -> None:
    made = fingerprint(KEY, "i", "f", "v")
    assert same_fingerprint(made, made)
    assert not same_fingerprint(made, wrong)
    assert not same_fingerprint(made, made[:-1])
