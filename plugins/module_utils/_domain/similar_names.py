# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: finds names that are probably the same one, mistyped, so that a typing error makes no second client."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .text import nearest

# Of three letters or fewer, nearly everything is one typing error away from everything.
_FEWEST_LETTERS = 4
_MOST_COMPARISONS = 200_000
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")


class SimilarNames:
    """
    Knows names, and tells which of them are at most one typing error away from another one.

    A typing error is one letter too many, one missing, one wrong, or two neighbours exchanged. Case, accents,
    punctuation and spaces do not count at all. Names that differ in their numbers, or in words of a single letter, are
    different on purpose ("Shop 1" and "Shop 2", "Site A" and "Site B").

    Every name is filed under what is left of it when any one letter is deleted: two names that are one error apart meet
    there. So asking costs the length of the name, however many are known.

    :param known: the names to search; one that is given twice counts once.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._by_signature: dict[int, list[_FoldedName]] = {}
        for name in dict.fromkeys(known):
            folded = _fold(name)
            for signature in _signatures(folded):
                self._by_signature.setdefault(signature, []).append(folded)

    def to(self, name: str) -> list[str]:
        """
        Find the known names that are similar to a name, but not the very same.

        :returns: similar names in alphabetical order; often none.
        """
        folded = _fold(name)
        met = {other for signature in _signatures(folded) for other in self._by_signature.get(signature, ())}
        return sorted(other.name for other in met if other.name != name and _are_similar(folded, other))


def near_matches(words: Iterable[str], known: Iterable[str], limit: int = 3) -> dict[str, list[str]]:
    """
    Find what mistyped names may have meant, among very many.

    The words are filed, not the known names: of those there are far more, and they pass by one after the other.

    :param limit: the most matches for one word.
    :returns: matches by word; words without any are left out. Beyond names that are one typing error away, the nearest
        ones are looked for only while that takes no noticeable time.
    """
    words, known = list(dict.fromkeys(words)), list(known)
    similar, found = SimilarNames(words), dict[str, list[str]]()
    for name in known:
        for word in similar.to(name):
            found.setdefault(word, []).append(name)
    rest = [word for word in words if word not in found]
    for word in rest[: _MOST_COMPARISONS // max(len(known), 1)]:
        if near := nearest(word, known, limit):
            found[word] = near
    return {word: near[:limit] for word, near in found.items()}


@dataclass(frozen=True)
class _FoldedName:
    """A name and what of it is compared."""

    name: str
    letters: str
    numbers: tuple[str, ...]
    single_letters: tuple[str, ...]


def _fold(name: str) -> _FoldedName:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = _WORD.findall(plain)
    numbers = tuple(_NUMBER.findall(plain))
    # A name of punctuation alone is compared as it is: without it, nothing would be left to compare.
    letters = "".join(words) if words or numbers else plain
    return _FoldedName(name, letters, numbers, tuple(word for word in words if len(word) == 1))


def _signatures(folded: _FoldedName) -> Iterator[int]:
    # Hashes, for the sake of memory; should two collide, the names that meet are still compared.
    letters = folded.letters
    yield hash((letters, folded.numbers))
    if len(letters) >= _FEWEST_LETTERS:
        for shortened in {letters[:at] + letters[at + 1 :] for at in range(len(letters))}:
            yield hash((shortened, folded.numbers))


def _are_similar(left: _FoldedName, right: _FoldedName) -> bool:
    if left.numbers != right.numbers:
        return False
    if left.letters == right.letters:
        return True
    long_enough = min(len(left.letters), len(right.letters)) >= _FEWEST_LETTERS
    return (
        long_enough
        and left.single_letters == right.single_letters
        and _are_one_error_apart(*sorted((left.letters, right.letters), key=len))
    )


def _are_one_error_apart(shorter: str, longer: str) -> bool:
    same = next((at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    exchanged = longer[same : same + 2][::-1] + longer[same + 2 :]
    return shorter[same + 1 :] == longer[same + 1 :] or shorter[same:] == exchanged
