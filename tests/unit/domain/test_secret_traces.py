# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a secret leaves in every one of its forms is found without an expression; that none survives is tested there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain import redaction
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.encoded_forms import expressions_for
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.secret_traces import SecretTraces

RESULT = ["6d1a3c52-9a27-4ad2-8a3e-6a1c1c1f3b55", "Integration with Tigerpaw", "2026-11-22T20:12:00Z", "tigerpaw", ""]

secrets = st.text(st.one_of(st.sampled_from("abZ19\\\"'&<>%+/ ä€"), st.characters()), min_size=3, max_size=12)


@given(secrets, st.data())
def test_whatever_an_expression_matches_has_a_trace(secret: str, data: st.DataObject) -> None:
    traces = SecretTraces()
    traces.add(secret)
    for _length, expression in expressions_for(secret):
        assert traces.may_be_in(data.draw(st.from_regex(re.compile(expression), fullmatch=True)))


def test_an_ordinary_result_is_searched_without_an_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    in_play = redaction.SecretsInPlay()
    in_play.add("correct horse battery staple", "Pa$$w0rd-é", "f3b55")
    monkeypatch.delattr(redaction, "_compile")
    assert in_play.redact_all(RESULT[1:]) == RESULT[1:]
    with pytest.raises(NameError):
        in_play.redact_all(RESULT)


def test_a_text_that_has_only_a_part_of_a_secret_has_no_trace_of_it() -> None:
    traces = SecretTraces()
    traces.add("private-key-0815")
    assert not traces.may_be_in("rest_private_key: 4711")
    assert traces.may_be_in("private\\u002dkey%2D0815")


def test_a_secret_without_letters_and_digits_is_always_searched_for() -> None:
    traces = SecretTraces()
    traces.add("§$%&/()=")
    assert traces.may_be_in("")
