# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of virtual servers: one odd name hides no other, and nothing is guessed about identifiers."""

from __future__ import annotations

import time
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import VirtualServer
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.text import clean_name
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.foreign_text import shown_name
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.security_center_listing import (
    read_virtual_servers,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._remote.typed_values import UNREADABLE, UnreadableValue

UID = "VSRVa80a675f-40d1-4f50-aec8-ff79bd8793d4"
MOMENT = datetime(2020, 5, 3, 0, 59, 9, tzinfo=UTC)


def read(listed: Any, *secrets: str) -> tuple[VirtualServer, ...]:
    in_play = SecretsInPlay()
    in_play.add(*secrets)
    return read_virtual_servers(listed, in_play)


def entry(**changes: Any) -> dict[str, Any]:
    fields = {"KLVSRV_UID": UID, "KLVSRV_DN": "Acme", "KLVSRV_ENABLED": True, "KLVSRV_CREATED": MOMENT, **changes}
    return {name: value for name, value in fields.items() if value is not ...}


def test_virtual_server() -> None:
    assert read([entry()]) == (VirtualServer(UID, "Acme", True),)


def test_a_secret_in_a_name_or_an_identifier_is_not_taken_along() -> None:
    assert read([entry(KLVSRV_DN="it is Pa55w0rd!")], "Pa55w0rd!")[0].name == UID
    with pytest.raises(UnreadableValue, match="no usable KLVSRV_UID in entry 1"):
        read([entry()], UID[8:20])


def test_what_need_not_be_there() -> None:
    listed = [entry(KLVSRV_ENABLED=..., KLVSRV_CREATED=...)]
    assert read(listed) == (VirtualServer(UID, "Acme", True),)


def test_disabled() -> None:
    assert not read([entry(KLVSRV_ENABLED=False)])[0].enabled


def test_order_of_the_server() -> None:
    listed = [entry(KLVSRV_UID=f"VSRV{number}", KLVSRV_DN="same name") for number in (3, 1, 2)]
    assert [server.uid for server in read(listed)] == ["VSRV3", "VSRV1", "VSRV2"]


def test_none() -> None:
    assert read([]) == ()


@pytest.mark.parametrize("listed", [None, {}, "", 0, {"PxgRetVal": []}])
def test_no_list(listed: Any) -> None:
    with pytest.raises(UnreadableValue, match="no list"):
        read(listed)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"KLVSRV_UID": ...}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": None}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": 7}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": " "}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": "a\u202eb"}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": "********"}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_UID": "x" * 256}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_DN": ...}, "no KLVSRV_DN in entry 2"),
        ({"KLVSRV_DN": 7}, "no KLVSRV_DN in entry 2"),
        ({"KLVSRV_ENABLED": 1}, "neither true nor false in entry 2"),
        ({"KLVSRV_ENABLED": "false"}, "neither true nor false in entry 2"),
        ({"KLVSRV_UID": UNREADABLE}, "no usable KLVSRV_UID in entry 2"),
        ({"KLVSRV_DN": UNREADABLE}, "no KLVSRV_DN in entry 2"),
    ],
)
def test_unusable_entry(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UnreadableValue, match=told):
        read([entry(KLVSRV_UID="VSRV1"), entry(**changes)])


@pytest.mark.parametrize("element", [None, [], "VSRV1", 1, [entry()]])
def test_entry_of_another_shape(element: Any) -> None:
    with pytest.raises(UnreadableValue, match="no virtual server in entry 1"):
        read([element])


@pytest.mark.parametrize("again", [UID, f" {UID}"])
def test_one_identifier_twice(again: str) -> None:
    with pytest.raises(UnreadableValue, match="in the entries 1 and 3"):
        read([entry(), entry(KLVSRV_UID="VSRV2"), entry(KLVSRV_UID=again)])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Müller & Söhne ", "Müller & Söhne"),
        ("<b>{{ 7 * 7 }}</b>", "<b>{{ 7 * 7 }}</b>"),
        ("two\nlines", "two\ufffdlines"),
        ("Acme\u200b", "Acme\ufffd"),
        ("evil\u202egnp.exe", "evil\ufffdgnp.exe"),
        ("\ud800", "\ufffd"),
        ("\ufffe", "\ufffd"),
        ("x" * 256, "x" * 254 + "…"),
        ("", UID),
        (" \u3000", UID),
        ("********", UID),
        ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", UID),
    ],
)
def test_shown_name(name: str, shown: str) -> None:
    assert shown_name(name, UID, SecretsInPlay()) == shown


@given(st.text(st.characters(), max_size=300))
@example("e\u0301" * 300)
@example("\u0344" * 200)  # longer in the form NFC
@example("\n" * 300)
@example(" " * 300 + "\0")
def test_every_name_can_be_kept(name: str) -> None:
    shown = shown_name(name, UID, SecretsInPlay())
    assert clean_name(shown) == shown
    assert unicodedata.is_normalized("NFC", shown)


def test_many_are_read_at_once() -> None:
    listed = [entry(KLVSRV_UID=f"VSRV{number}", KLVSRV_DN=f"Client {number}") for number in range(100_000)]
    began = time.monotonic()
    assert len(read(listed)) == 100_000
    assert time.monotonic() - began < 10
