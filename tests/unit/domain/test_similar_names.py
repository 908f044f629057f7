# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Similar names: one typing error apart, both ways, and however many there are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.similar_names import (
    SimilarNames,
    near_matches,
)

NAMES = st.text("abcdeÄé -.1", max_size=9)


def are_similar(left: str, right: str) -> bool:
    return SimilarNames([left]).to(right) == [left]


def are_one_error_apart(left: str, right: str) -> bool:
    """Try every typing error there is."""
    letters = sorted(set(left + right))
    places = range(len(left) + 1)
    wrong = {left[:at] + letter + left[at + 1 :] for at in places for letter in letters}
    more = {left[:at] + letter + left[at:] for at in places for letter in letters}
    fewer = {left[:at] + left[at + 1 :] for at in places}
    exchanged = {left[:at] + left[at + 1 : at + 2] + left[at : at + 1] + left[at + 2 :] for at in places}
    return right in wrong | more | fewer | exchanged | {left}


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("Globex Corporation", "Globex Corportion"),
        ("Globex Corporation", "Globexx Corporation"),
        ("Globex Corporation", "Globex Corporatoin"),
        ("Globex Corporation", "Globez Corporation"),
        ("Globex Corporation", "lobex Corporation"),
        ("Globex Corporation", "globex-corporation"),
        ("Globex Corporation", "GLOBEX  CORPORATION."),
        ("Müller GmbH", "Muller GmbH"),
        ("Straße", "STRASSE"),
        ("A.B.C. Ltd", "ABC Ltd"),
        ("Shop 12", "shop-12"),
        ("Ørsted A/S", "Ørsted AS"),
        ("株式会社カスペルスキー", "株式会社カスペルスキ"),
        ("BP", "b.p."),
        ("Acme", "Acne"),
        ("Acme", "Acmee"),
        ("###", "###\u0301"),
    ],
)
def test_similar(known: str, name: str) -> None:
    assert are_similar(known, name)
    assert are_similar(name, known)


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("Shop 1", "Shop 2"),
        ("Shop 1", "Shop 11"),
        ("Shop", "Shop 1"),
        ("Unit 1 Floor 12", "Unit 11 Floor 2"),
        ("Site A", "Site B"),
        ("IBM", "IBN"),
        ("IBM", "IBMN"),
        ("A", "B"),
        ("Globex", "Initech"),
        ("Globex Corporation", "Globex Coporaton"),
        ("###", "!!!"),
        ("Globex", "Globex"),
        ("", "abc"),
    ],
)
def test_not_similar(known: str, name: str) -> None:
    assert not are_similar(known, name)
    assert not are_similar(name, known)


@given(one=NAMES, other=NAMES)
def test_symmetric(one: str, other: str) -> None:
    assert are_similar(one, other) == are_similar(other, one)


@given(left=st.text("abcd", min_size=5, max_size=7), right=st.text("abcd", min_size=5, max_size=7))
def test_finds_exactly_one_error(left: str, right: str) -> None:
    assert are_similar(left, right) == (left != right and are_one_error_apart(left, right))


@given(known=st.lists(NAMES, max_size=8), name=NAMES)
def test_each_known_name_is_judged_by_itself(known: list[str], name: str) -> None:
    assert SimilarNames(known).to(name) == sorted({other for other in known if are_similar(other, name)})


@given(name=st.text(), known=st.lists(st.text()))
def test_takes_any_text(name: str, known: list[str]) -> None:
    assert name not in SimilarNames(known).to(name)


def test_ten_thousand_names_are_no_work() -> None:
    names = [
        f"Customer {chr(97 + at % 26) * 2}{chr(97 + at // 26 % 26) * 2}{chr(97 + at // 676) * 2} Ltd"
        for at in range(10_000)
    ]
    started = time.perf_counter()
    similar = SimilarNames(names)
    assert not any(similar.to(name) for name in names)
    assert time.perf_counter() - started < 10, "comparing each with each takes minutes"


def test_many_words_are_compared_with_far_more_names() -> None:
    known = [f"Client {at}" for at in range(20_000)]
    started = time.perf_counter()
    assert near_matches(["Cleint 7", "Clientt 9"], known) == {"Cleint 7": ["Client 7"], "Clientt 9": ["Client 9"]}
    assert near_matches([f"Nothing like it {at}" for at in range(2_000)], known) == {}
    assert time.perf_counter() - started < 20, "looking for the nearest of each takes an hour"


def test_what_is_further_off_is_found_among_few() -> None:
    assert near_matches(["Acme Ltd"], ["Acme Limited", "Borg"]) == {"Acme Ltd": ["Acme Limited"]}
    assert near_matches(["Borg"], []) == {}


@given(words=st.lists(NAMES, max_size=5), known=st.lists(NAMES, max_size=8, unique=True))
def test_words_and_names_are_as_similar_both_ways(words: list[str], known: list[str]) -> None:
    near = near_matches(words, known, limit=8)
    for word in words:
        assert set(SimilarNames(known).to(word)) <= set(near.get(word, []))
