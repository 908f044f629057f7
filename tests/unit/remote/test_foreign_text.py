# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words of servers are shown redacted, in one line and short; other content is only described."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.foreign_text import (
    LONGEST_QUOTE,
    appearance,
    quote,
    visible,
)

SECRET = "correct horse  battery staple"


def in_play() -> SecretsInPlay:
    secrets = SecretsInPlay()
    secrets.add(SECRET)
    return secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invalid user.", "Invalid user"),  # it goes into a sentence of ours
        ("  two\r\n lines\t", "two lines"),
        ("red \x1b[31malert", "red [31malert"),
        ("right\u202eleft\u2066", "right left"),
        ("line\u2028break\u2029s", "line break s"),
        ("\ud800", ""),
        (f"password {SECRET} is wrong", "password ******** is wrong"),
    ],
)
def test_quote(text: str, shown: str) -> None:
    assert quote(text, in_play()) == shown


def test_what_cannot_be_seen_is_replaced_visibly() -> None:
    assert visible("a\u202eb\x00 \ud800\ufffe é") == "a\ufffdb\ufffd \ufffd\ufffd é"


def test_long_text_is_cut() -> None:
    assert quote("x" * 5000, in_play()) == "x" * LONGEST_QUOTE + "..."


@given(st.integers(min_value=0, max_value=400))
def test_cutting_leaves_no_part_of_a_secret(position: int) -> None:
    shown = quote("." * position + SECRET + "." * 50, in_play())
    assert "correct" not in shown
    assert "staple" not in shown


def test_tidying_brings_no_secret_together() -> None:
    secrets = SecretsInPlay()
    secrets.add("one two three")
    assert "one two three" not in quote("one\ntwo\x00\x00three", secrets)


@pytest.mark.parametrize(
    ("body", "looks"),
    [
        (b"", "nothing"),
        (b" \r\n", "nothing"),
        (b"<!DOCTYPE html><title>x", "an HTML page, maybe of a proxy or a login page"),
        (b"\xef\xbb\xbf\n<HTML lang='en'>", "an HTML page, maybe of a proxy or a login page"),
        (b"<!-- hello --><html>", "an HTML page, maybe of a proxy or a login page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"<soap:Envelope>", "XML"),
        (b' {"Success": tr', "JSON"),
        (b"[1]", "JSON"),
        (b"No backend", "plain text"),
        (b"\x89PNG\r\n\x1a\n", "something that is not text"),
        (b"GIF89a\0\0", "something that is not text"),
    ],
)
def test_appearance(body: bytes, looks: str) -> None:
    assert appearance(body) == looks


@given(st.binary(max_size=2000))
def test_appearance_repeats_nothing(body: bytes) -> None:
    known = {
        "nothing",
        "an HTML page, maybe of a proxy or a login page",
        "XML",
        "JSON",
        "plain text",
        "something that is not text",
    }
    assert appearance(body) in known
