# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of companies: which two are one, which only look so, and what of a name is its legal form."""

# ruff: noqa: RUF001

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.company_names import (
    exact_name,
    read_company_name,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.legal_forms import (
    EVERYDAY_FORMS,
    LEADING_FORMS,
    LEGAL_FORMS,
)

NAMES = st.text("aAbeé&+ .,-/'1２üÜßåışОо株有会社() GmbHLtdCoSKV", max_size=20)


def are_equal(left: str, right: str) -> bool:
    one, other = read_company_name(left), read_company_name(right)
    assert one.equals(other) == other.equals(one)
    return one.equals(other)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Harbour Dental", "HARBOUR  dental."),
        ("Harbour Dental", "Ｈａｒｂｏｕｒ Dental™"),
        ("Café Müller", "Cafe\u0301 Mu\u0308ller"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
        ("Großkurth", "GROSSKURTH"),
        ("Ærø Færgen", "Aeroe Faergen"),
        ("Ålesund Bryggeri", "Aalesund Bryggeri"),
        ("Łódź Meble", "Lodz Meble"),
        ("IŞIK Elektrik", "ışık elektrik"),
        ("İzmir Gıda", "izmir gida"),
        ("Cœur de Lion", "Coeur de Lion"),
        ("Королёв", "Королев"),
        ("ΨΑΡΑΣ", "Ψαράς"),
        ("ｶﾓﾒ運輸", "カモメ運輸"),
        ("O\u2019Hanlon", "O'Hanlon"),
        ("J.P. Wetherley", "JP Wetherley"),
        ("Bau-Zentrum", "Bauzentrum"),
        ("Rook & Raven", "Rook and Raven"),
        ("Rook+Raven", "Rook & Raven"),
        ("Krone & Löwe", "Krone und Löwe"),
        ("Dupuis & Fils", "Dupuis et Fils"),
        ("Лебедев & сыновья", "Лебедев и сыновья"),
        ("Acme Ltd", "Acme Limited"),
        ("Acme Co. Ltd", "Acme Company Limited"),
        ("Acme", "Acme GmbH"),
        ("Acme, S.A.", "ACME SA"),
        ("Acme Sp. z o. o.", "Acme Spółka z o.o."),
        ("Acme s. r. o.", "Acme spol. s r.o."),
        ("Acme S.p.A.", "Acme"),
        ("ООО «Ромашка»", "Ромашка"),
        ("(株)みどり商事", "株式会社みどり商事"),
        ("Smith & Co Ltd", "Smith and Co Limited"),
        ("E-Motion", "Emotion"),
        ("Vitamin-A", "VitaminA"),
        ("Acme Gm\u00adbH", "Acme"),
    ],
)
def test_one_company(left: str, right: str) -> None:
    assert are_equal(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Mueller", "Muller"),
        ("Acme Ltd", "Acme LLC"),
        ("Müller GmbH", "Müller AG"),
        ("Müller GmbH", "Müller GmbH & Co. KG"),
        ("Acme Ltd", "Acme Pty Ltd"),
        ("Acme", "Acne"),
        ("Shop 1", "Shop 2"),
        ("Shop 1", "Shop"),
        ("247 Security", "24/7 Security"),
        ("2000 Watt", "20.00 Watt"),
        ("Foods II", "Foods III"),
        ("Foods II", "Foods 2"),
        ("Estates North", "Estates South"),
        ("Acme Group", "Acme Holding"),
        ("Acme Services", "Acme"),
        ("Block A Offices", "Block E Offices"),
        ("Rook and Raven", "Rook und Raven"),
        ("Bar & Grill", "Bara Grill"),
        ("C++ School", "C School"),
        ("C# School", "C School"),
        ("Lotus Spa", "Lotus"),
        ("Leeds EV", "Leeds"),
        ("AB Consulting", "Consulting"),
        ("KK Traders", "Traders"),
        ("Smith & Co", "Smith"),
        ("Studio A S.A.", "Studio"),
        ("GE", "G.E. AG"),
        ("Ltd", "Limited"),
        ("A", "A."),
        ("", ""),
        ("---", "***"),
        ("Май", "Маи"),
        ("ガラス工房", "カラス工房"),
        ("OOO Ромашка", "АО Ромашка"),
        ("株式会社若葉印刷", "有限会社若葉印刷"),
    ],
)
def test_two_companies(left: str, right: str) -> None:
    assert not are_equal(left, right)


@pytest.mark.parametrize(
    ("form", "spelling"), [(form, item) for form, all_of in LEGAL_FORMS.items() for item in all_of]
)
def test_every_legal_form_is_found_behind_a_name(form: str, spelling: str) -> None:
    name = read_company_name(f"Nordlicht {spelling}")
    assert (name.legal_form, name.spellings) == (form, {"nordlicht"})
    assert read_company_name(f"NORDLICHT, {spelling.upper()}").legal_form == form


@pytest.mark.parametrize("spelling", LEADING_FORMS)
def test_some_are_found_in_front(spelling: str) -> None:
    name = read_company_name(f"{spelling} Nordlicht")
    assert name.spellings == {"nordlicht"}
    assert spelling in LEGAL_FORMS[name.legal_form]


def test_everyday_forms_are_legal_forms() -> None:
    assert LEGAL_FORMS.keys() >= EVERYDAY_FORMS


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Harbour Dental", "Harbour Dental Practice", True),
        ("The Harbour Dental Ltd", "Harbour Dental", True),
        ("Harbour Dental", "HARBOUR DENTAL", True),
        ("Müller Optik", "Optik Mueller Optik", True),
        ("Harbour Dental", "Harbour Optical", False),
        ("Harbour", "Harbourside", False),
        ("Harbour Dental", "Dental Harbour", False),
        ("Shop", "Shop 12", False),
        ("Harbour Dental GmbH", "Harbour Dental Practice AG", False),
        ("Ltd", "Acme Ltd", False),
    ],
)
def test_resemblance(left: str, right: str, expected: bool) -> None:
    one, other = read_company_name(left), read_company_name(right)
    assert (one.resembles(other), other.resembles(one)) == (expected, expected)


@given(NAMES, NAMES)
def test_equality_has_no_direction_and_includes_resemblance(left: str, right: str) -> None:
    one, other = read_company_name(left), read_company_name(right)
    assert one.equals(other) == other.equals(one)
    assert one.resembles(other) >= one.equals(other)


@given(NAMES)
def test_a_name_equals_itself_however_it_is_encoded(name: str) -> None:
    read = read_company_name(name)
    for spelled in (f" {name}\t", unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)):
        assert read == read_company_name(spelled)
    assert read.equals(read) == bool(read.spellings)


@given(st.text())
def test_any_text_can_be_read(name: str) -> None:
    assert exact_name(exact_name(name)) == exact_name(name)
    for spelling in read_company_name(name).spellings:
        assert sum(map(str.isalnum, spelling)) > 1
