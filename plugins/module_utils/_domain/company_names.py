# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: reads names of companies, so that two spellings of one name can be told from two names.

Case, accents, punctuation and spaces do not count, and ``&`` may be "and" in any language. All other letters, words and
digits do: a typing error makes another name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .legal_forms import ATTACHED_FORMS, BRACKETED_FORMS, EVERYDAY_FORMS, LEADING_FORMS, LEGAL_FORMS

Words = tuple[str, ...]

CONJUNCTIONS = (
    *("and", "und", "et", "y", "e", "i", "a", "en", "og", "och", "ja", "es", "si", "ve", "n"),
    *("и", "та", "και"),
)
"""How people write ``&``, accents left out."""

_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ё": "е"}  # noqa: RUF001
_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_UNSEEN = "'`\u00b4\u2018\u2019\u02bc\u02bb"
_KEPT_PUNCTUATION = "&#%"
_AFTER_WHICH_CO_STAYS = {(word,) for word in ("&", *CONJUNCTIONS)}
_FEWEST_CHARACTERS = 2
_SHORT = 4  # characters; of three letters or fewer, nearly everything is some company's abbreviation

_UNSEEN_SIGNS = re.compile("[™®©]")  # the compatibility form would make them letters
_ABBREVIATION = re.compile(r"(?<!\w)[^\W\d_](?:[./][^\W\d_])+(?!\w)")
_AND_SIGN = re.compile(r"\s*&\s*|(?<=\w)\s*\+\s*(?=\w)")
_BRACKETED = re.compile("|".join(map(re.escape, BRACKETED_FORMS)))
_ATTACHED = re.compile("^(?:{0})|(?:{0})$".format("|".join(ATTACHED_FORMS)))


@dataclass(frozen=True)
class CompanyName:
    """
    What of a company's name is compared.

    :param spellings: the name without its legal form, in each way in which it may be spelled; none, if too little is
        left to know a company by.
    :param legal_form: one of the keys of ``LEGAL_FORMS``, or several; nothing where the name tells none.
    :param can_omit_form: whether the same name without a legal form is likely to be the same company.
    :param cores: the same words one by one, accents left out and transcribed.
    """

    spellings: frozenset[str]
    legal_form: str
    can_omit_form: bool
    cores: tuple[Words, ...]

    def allows(self, other: CompanyName) -> bool:
        """Tell whether the legal forms are no reason against taking this company for the other one."""
        if self.legal_form == other.legal_form:
            return True
        return not (self.legal_form and other.legal_form) and self.can_omit_form and other.can_omit_form

    def equals(self, other: CompanyName) -> bool:
        """Tell whether both are the same name, or one of them only lacks the legal form."""
        return not self.spellings.isdisjoint(other.spellings) and self.allows(other)

    def resembles(self, other: CompanyName) -> bool:
        """Tell whether both are the same name, or all words of one stand in the other, with the same numbers."""
        if not self.allows(other) or not (self.spellings and other.spellings):
            return False
        return self.equals(other) or any(_is_part(left, right) for left in self.cores for right in other.cores)


def exact_name(name: str) -> str:
    """Bring a name into the form in which it is compared to the letter: Unicode form NFC, trimmed."""
    return unicodedata.normalize("NFC", name).strip()


def read_company_name(name: str) -> CompanyName:
    """
    Take a name apart.

    Umlauts and their like are read in both ways in which they are written on other keyboards, "Müller" as "Muller" and
    as "Mueller"; so these two are not equal to one another.
    """
    text, abbreviations = _prepared(name)
    words = _words(text)
    begin, end, forms = _without_forms(words)
    plain = words[begin:end]
    transcribed = _words(text.translate(_TRANSCRIBED))[begin:end]
    cores = (plain,) if plain == transcribed else (plain, transcribed)
    length = sum(character.isalnum() for word in plain for character in word)
    enough = length >= _FEWEST_CHARACTERS
    doubtful = [item for item in forms if item in EVERYDAY_FORMS and item not in abbreviations]
    return CompanyName(
        spellings=frozenset(spelling for core in cores for spelling in _spellings(core)) if enough else frozenset(),
        legal_form=" ".join(forms),
        can_omit_form=length >= _SHORT and not doubtful,
        cores=cores,
    )


def _prepared(name: str) -> tuple[str, set[str]]:
    """Tell the name with abbreviations joined and signs set apart, and which abbreviations had dots."""
    text = unicodedata.normalize("NFKC", _UNSEEN_SIGNS.sub("", name)).casefold()
    text = unicodedata.normalize("NFC", text).strip()
    abbreviations: set[str] = set()

    def joined(match: re.Match[str]) -> str:
        abbreviation = match[0].replace(".", "").replace("/", "")
        abbreviations.add(abbreviation)
        return abbreviation

    text = _ABBREVIATION.sub(joined, text)
    text = _BRACKETED.sub(lambda match: f" {BRACKETED_FORMS[match[0]]} ", text).strip()
    text = _ATTACHED.sub(r" \g<0> ", text)
    return _AND_SIGN.sub(" & ", text), abbreviations


def _words(text: str) -> Words:
    return tuple(text.translate(_FOLDED).split())


class _Folding(dict[int, str]):
    """What is left of each character; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


_FOLDED = _Folding()


def _fold(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if character in _UNSEEN or "\u0300" <= character <= "\u036f":
        return ""
    if character in _KEPT_PUNCTUATION:
        return character
    category = unicodedata.category(character)
    if category[0] in "PZC":
        return "" if category == "Cf" else " "
    # Elsewhere a mark makes another letter: Japanese glass (garasu) would become a crow (karasu).
    if unicodedata.name(character, "").startswith(("LATIN", "GREEK")):
        return unicodedata.normalize("NFD", character)[0]
    return character


class _Forms:
    """The legal forms by their words, which are taken from them as from names."""

    def __init__(self) -> None:
        self.known = {_words_of(spelling): form for form, all_of in LEGAL_FORMS.items() for spelling in all_of}
        self.leading = {words: self.known[words] for words in map(_words_of, LEADING_FORMS)}
        self.sizes = range(max(map(len, self.known)), 0, -1)


_forms = cache(_Forms)


def _words_of(spelling: str) -> Words:
    return _words(_prepared(spelling)[0])


def _without_forms(words: Words) -> tuple[int, int, list[str]]:
    """Tell where the name proper begins and ends, and the legal forms around it."""
    begin, end, trailing = 0, len(words), list[str]()
    while size := next((size for size in _forms().sizes if _ends_with_form(words[:end], size)), 0):
        trailing.insert(0, _forms().known[words[end - size : end]])
        end -= size
    begin = next((size for size in _forms().sizes if size <= end and words[:size] in _forms().leading), 0)
    leading = [_forms().leading[words[:begin]]] if begin else []
    return begin, end, leading + trailing


def _ends_with_form(words: Words, size: int) -> bool:
    if words[-size:] not in _forms().known or size > len(words):
        return False
    # In "Smith & Co", it belongs to the name.
    return words[-size] not in ("co", "company") or words[-size - 1 : -size] not in _AFTER_WHICH_CO_STAYS


def _spellings(words: Words) -> Iterator[str]:
    """Join words, but keep numbers and conjunctions apart: "24/7" is not "247", nor "Bar & Grill" "Bara Grill"."""
    spelled = ""
    for place, word in enumerate(words):
        if word == "&" or (word in CONJUNCTIONS and 0 < place < len(words) - 1):
            spelled += f" {word} "
        else:
            spelled += f" {word}" if spelled[-1:].isdigit() and word[0].isdigit() else word
    yield spelled
    if "&" in words[1:-1]:
        yield from (spelled.replace(" & ", f" {conjunction} ") for conjunction in CONJUNCTIONS)


def _is_part(left: Words, right: Words) -> bool:
    shorter, longer = sorted((left, right), key=len)
    size = len(shorter)
    return _numbers(left) == _numbers(right) and any(
        longer[at : at + size] == shorter for at in range(len(longer) - size + 1)
    )


def _numbers(words: Words) -> list[str]:
    return [word for word in words if any(map(str.isdigit, word))]
