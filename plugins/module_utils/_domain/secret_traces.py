# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: tells cheaply that a text cannot hold a secret in any of its encoded forms.

The expressions for those forms take milliseconds to compile, for secrets that nearly never turn up. Whatever they
match, though, holds all letters and digits of one form as they are: those are looked for first.
"""

from __future__ import annotations

import base64
import re

SHORTEST_TRACE = 3
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]+")
# What may stand between hexadecimal digits; none of it is one.
_NO_DIGITS = str.maketrans("", "", "%\\x :-")


class SecretTraces:
    """The traces of all secrets of a run."""

    def __init__(self) -> None:
        self._plain: list[list[str]] = []
        self._hexadecimal: list[str] = []
        self._traceless = False

    def add(self, secret: str) -> None:
        """
        Take note of a secret.

        :param secret: at least one character.
        """
        for octets in octets_of(secret):
            self._hexadecimal.append(octets.hex())
            for preceding in range(3):
                self._add_plain(_base64(octets, preceding))
        self._add_plain(secret)

    def may_be_in(self, text: str) -> bool:
        """
        Tell whether a secret may stand in a text.

        :returns: ``False`` only if no expression for any form of any secret matches the text.
        """
        if self._traceless or any(all(word in text for word in words) for words in self._plain):
            return True
        digits = text.translate(_NO_DIGITS).lower()
        return any(trace in digits for trace in self._hexadecimal)

    def _add_plain(self, form: str) -> None:
        # The longest first: it is the one that hardly any text has.
        words = sorted(_LETTERS_AND_DIGITS.findall(form), key=len, reverse=True)
        if words and len(words[0]) >= SHORTEST_TRACE:
            self._plain.append(words)
        else:
            self._traceless = True


def octets_of(text: str) -> list[bytes]:
    """Encode a text in the ways that programs do: in UTF-8, and where it is possible in Latin-1 as well."""
    octets = [text.encode("utf-8", "surrogatepass")]
    if not text.isascii() and all(ord(character) < 256 for character in text):
        octets.append(text.encode("latin-1"))  # how HTTP libraries write Basic credentials
    return octets


def _base64(octets: bytes, preceding: int) -> str:
    """Encode bytes that stand behind a number of others, without the characters that depend on the neighbours."""
    first = -(-preceding * 8 // 6)
    beyond = (preceding + len(octets)) * 8 // 6
    return base64.b64encode(bytes(preceding) + octets).decode("ascii")[first:beyond]
