# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the Open API: the same in Python after JSON, and whatever is none is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._remote.typed_values import (
    UNREADABLE,
    UnreadableValue,
    decode,
    encode,
)

MOMENT = datetime(2020, 5, 3, 0, 59, 9, tzinfo=UTC)
RECORDED = (
    b'{"PxgRetVal":[{"type":"params","value":{"KLVSRV_CREATED":{"type":"datetime","value":"2020-05-03T00:59:09Z"},'
    b'"KLVSRV_DN":"vservx","KLVSRV_ENABLED":true,"KLVSRV_GROUPS":167,"KLVSRV_UID":"VSRVa80a"}}]}'
)

whole_seconds = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | whole_seconds
)
fields = st.text(st.characters(codec="ascii"), min_size=1).map(lambda name: f"KL{name}")
contents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(fields, inner, max_size=4), max_leaves=20
)


def value_of(text: str) -> Any:
    return decode(f'{{"x": {text}}}'.encode())["x"]


@given(st.dictionaries(fields, contents))
def test_what_is_written_is_read_again(container: dict[str, Any]) -> None:
    assert decode(encode({"pParams": container})) == {"pParams": container}


def test_containers_are_wrapped_but_for_the_topmost() -> None:
    written = json.loads(encode({"pParams": {"a": {"b": 1}, "c": [{"d": 2}]}}))
    assert written == {
        "pParams": {
            "a": {"type": "params", "value": {"b": 1}},
            "c": [{"type": "params", "value": {"d": 2}}],
        }
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", "text"),
        (True, True),
        (-1, -1),
        (2**31 - 1, 2**31 - 1),
        (2**31, {"type": "long", "value": 2**31}),
        (-(2**31) - 1, {"type": "long", "value": -(2**31) - 1}),
        (0.5, {"type": "double", "value": 0.5}),
        (MOMENT, {"type": "datetime", "value": "2020-05-03T00:59:09Z"}),
        (MOMENT.astimezone(timezone(timedelta(hours=5))), {"type": "datetime", "value": "2020-05-03T00:59:09Z"}),
        (date(2020, 5, 3), {"type": "date", "value": "2020-05-03"}),
        (b"\x00\xff", {"type": "binary", "value": "AP8="}),
        ([2**40], [{"type": "long", "value": 2**40}]),
    ],
)
def test_value_in_a_container(value: Any, written: Any) -> None:
    assert json.loads(encode({"pParams": {"x": value}})) == {"pParams": {"x": written}}


@pytest.mark.parametrize(("value", "written"), [(2**40, 2**40), (MOMENT, "2020-05-03T00:59:09Z"), (-1, -1)])
def test_argument_is_not_wrapped(value: Any, written: Any) -> None:
    assert json.loads(encode({"x": value})) == {"x": written}


def test_recorded_answer() -> None:
    [server] = decode(RECORDED)["PxgRetVal"]
    assert server == {
        "KLVSRV_CREATED": MOMENT,
        "KLVSRV_DN": "vservx",
        "KLVSRV_ENABLED": True,
        "KLVSRV_GROUPS": 167,
        "KLVSRV_UID": "VSRVa80a",
    }


def test_bare_and_wrapped_containers_are_the_same() -> None:
    assert value_of('[{"a": {"b": 1}}]') == [{"a": {"b": 1}}]
    wrapped = '[{"type": "params", "value": {"a": {"type": "params", "value": {"b": 1}}}}]'
    assert value_of(wrapped) == [{"a": {"b": 1}}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"type": "long", "value": 13}', 13),
        ('{"type": "float", "value": 1}', 1.0),
        ('{"type": "double", "value": -0.75}', -0.75),
        ('{"type": "date", "value": "2020-05-03"}', date(2020, 5, 3)),
        ('{"type": "binary", "value": "AP8="}', b"\x00\xff"),
        ('{"type": "datetime", "value": "2020-05-03T00:59:09"}', MOMENT),
        ('{"type": "datetime", "value": "2020-05-03T02:59:09+02:00"}', MOMENT),
        # No wrappings, although they look a little like one.
        ('{"type": 1, "value": 2}', {"type": 1, "value": 2}),
        ('{"type": "long"}', {"type": "long"}),
        ('{"type": "long", "value": 1, "more": 2}', {"type": "long", "value": 1, "more": 2}),
    ],
)
def test_read(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_times_come_in_utc() -> None:
    assert value_of('{"type": "datetime", "value": "2020-05-03T02:59:09+02:00"}').tzinfo is UTC


@pytest.mark.parametrize("kind", ["long", "float", "double", "datetime", "date", "binary", "params"])
@pytest.mark.parametrize("value", ["null", "true", '"x?"', "[]", "[1]", "1e999", "1" * 400])
def test_value_of_another_type(kind: str, value: str) -> None:
    assert value_of(f'{{"type": "{kind}", "value": {value}}}') is UNREADABLE


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("long", str(2**63)),
        ("long", "1.0"),
        ("datetime", '"yesterday"'),
        ("datetime", '"0001-01-01T00:00:00+14:00"'),
        ("datetime", "20200503"),
        ("date", '"2020-05-32"'),
        ("binary", '"AP8"'),
        ("binary", '"A!P8="'),
        ("binary", '"\\u00e9"'),
        ("params", '{"type": "long", "value": 1}'),
    ],
)
def test_value_out_of_range(kind: str, value: str) -> None:
    assert value_of(f'{{"type": "{kind}", "value": {value}}}') is UNREADABLE


def test_unknown_type() -> None:
    assert value_of('{"type": "currency", "value": 1}') is UNREADABLE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"x": NaN}',
        b'{"x": -Infinity}',
        b"{'x': 1}",
        b'{"x": "\xff"}',
        b"\xff\xfe\x00",
        b'{"x": ' + b"1" * 5000 + b"}",
        b"[" * 200_000,
        b'{"type":"params","value":' * 200_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_damaged(content: bytes) -> None:
    with pytest.raises(UnreadableValue, match="damaged JSON"):
        decode(content)


@given(st.binary() | st.text().map(str.encode))
@example(b'{"type": [], "value": 1}')
@example(b'{"type": {"type": "long", "value": 1}, "value": 1}')
def test_nothing_but_one_error_leaves(content: bytes) -> None:
    with suppress(UnreadableValue):
        decode(content)
