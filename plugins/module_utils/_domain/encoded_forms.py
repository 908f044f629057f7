# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the forms in which a secret can turn up in a text, as regular expressions.

Serialisers escape some characters and leave others alone, and no two choose the same ones. So instead of a list of what
each library writes, every character that is ever escaped is matched in any of its forms; only what changes a text as a
whole (Base64, hexadecimal digits) has an expression of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.entities import codepoint2name

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# Both alphabets at once, and as Base64 itself is escaped in a URL or in JSON.
_BASE64_SPECIALS = {"+": "(?:[+-]|%2[bB])", "/": r"(?:[/_]|\\/|%2[fF])"}
_BITS_OF_BASE64 = 6
_BITS_OF_BYTE = 8
_BETWEEN_HEXADECIMAL = r"(?:%|\\{1,2}x|[ :-])?"
_BACKSLASH_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\0": "0"}
# Single quotes inside single quotes: SQL, YAML and PowerShell; two ways of POSIX shells.
_QUOTED_QUOTES = ("''", "'\"'\"'", r"'\\''")
_ENTITY_NAMES = {**codepoint2name, ord("'"): "apos"}


def expressions_for(secret: str) -> Iterator[tuple[int, str]]:
    """
    Tell what to look for when a secret must not be shown.

    :param secret: one line of at least one character; more lines work where line ends are kept.
    :returns: pairs of the length of the shortest text that an expression matches, and the expression.
    """
    yield len(secret), _escaped(secret)
    for octets in _encoded(secret):
        yield 2 * len(octets), _hexadecimal(octets)
        for preceding in range(3):
            yield len(octets) * _BITS_OF_BYTE // _BITS_OF_BASE64, _base64(octets, preceding)


def _encoded(secret: str) -> list[bytes]:
    octets = [secret.encode("utf-8", "surrogatepass")]
    if not secret.isascii() and all(ord(character) < 256 for character in secret):
        octets.append(secret.encode("latin-1"))  # how HTTP libraries write Basic credentials
    return octets


def _escaped(secret: str) -> str:
    # A run of backslashes is one unit: with a choice at each of them, a long run could be read in countless ways.
    return "".join(_unit(run) for run in re.findall(r"\\+|.", secret, re.DOTALL))


def _unit(run: str) -> str:
    character = run[0]
    if character.isascii() and character.isalnum():
        return character
    forms = [*_percent(character), _entity(character), _unicode_escape(character)]
    if len(run) > 1:
        forms = [f"(?:{form}){{{len(run)}}}" for form in forms]
    return f"(?:{'|'.join([*forms, *_backslashed(run), *_plain(run)])})"


def _plain(run: str) -> list[str]:
    if run == " ":
        return [r"\+", " "]
    if run == "'":
        return [*_QUOTED_QUOTES, "'"]
    return [re.escape(run)]


def _backslashed(run: str) -> list[str]:
    character = run[0]
    if character == "\\":
        return [rf"\\{{{factor * len(run)}}}" for factor in (8, 4, 2)]
    letter = _BACKSLASH_LETTERS.get(character)
    return [rf"\\{{1,7}}{letter or re.escape(character)}"]


def _percent(character: str) -> list[str]:
    return ["".join(f"%(?:25)?{_digits(octet)}" for octet in octets) for octets in _encoded(character)]


def _entity(character: str) -> str:
    number = ord(character)
    forms = [f"#0{{0,5}}{number}", f"#[xX]0{{0,5}}{_any_case(f'{number:x}')}"]
    if number in _ENTITY_NAMES:
        forms.append(_ENTITY_NAMES[number])
    return f"&(?:amp;)?(?:{'|'.join(forms)});"


def _unicode_escape(character: str) -> str:
    number = ord(character)
    units = character.encode("utf-16-be", "surrogatepass")
    forms = ["".join(rf"\\{{1,4}}u{_any_case(units[at : at + 2].hex())}" for at in range(0, len(units), 2))]
    if number > 0xFFFF:
        forms.append(rf"\\{{1,4}}U{_any_case(f'{number:08x}')}")
    if number < 256:
        forms.append(rf"\\{{1,4}}x{_digits(number)}")
    if number > 127:
        forms.append("".join(rf"\\{{1,4}}x{_digits(octet)}" for octet in character.encode("utf-8", "surrogatepass")))
    return "|".join(forms)


def _hexadecimal(octets: bytes) -> str:
    return _BETWEEN_HEXADECIMAL.join(_digits(octet) for octet in octets)


def _base64(octets: bytes, preceding: int) -> str:
    """
    Match the Base64 form of bytes that stand behind a number of other bytes, and before any.

    A character at either end also carries bits of a neighbour: there it may be any that carries the secret's bits.
    """
    before = preceding * _BITS_OF_BYTE % _BITS_OF_BASE64
    bits = "." * before + "".join(f"{octet:08b}" for octet in octets)
    bits += "." * (-len(bits) % _BITS_OF_BASE64)
    return "".join(_base64_unit(bits[at : at + _BITS_OF_BASE64]) for at in range(0, len(bits), _BITS_OF_BASE64))


@cache
def _base64_unit(bits: str) -> str:
    fitting = [character for number, character in enumerate(_BASE64) if re.fullmatch(bits, f"{number:06b}")]
    if len(fitting) == 1:
        return _BASE64_SPECIALS.get(fitting[0], fitting[0])
    specials = [_BASE64_SPECIALS[character] for character in fitting if character in _BASE64_SPECIALS]
    letters = "".join(character for character in fitting if character.isalnum())
    return f"(?:{'|'.join([f'[{letters}]', *specials])})" if specials else f"[{letters}]"


def _digits(octet: int) -> str:
    return _any_case(f"{octet:02x}")


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
