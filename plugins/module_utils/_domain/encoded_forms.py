# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: the forms in which a secret can turn up in a text, as regular expressions.

Serialisers escape some characters and leave others alone, and no two choose the same ones. So instead of a list of what
each library writes, every character that is ever escaped is matched in any of its forms; only what changes a text as a
whole (Base64, hexadecimal digits, doubled quotes) has an expression of its own.

A text may come from a hostile server, so no expression may read it in more than one way: that would let a long text
keep the search busy for ever. This is why backslashes are counted together with the character that they stand before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.entities import codepoint2name

from .secret_traces import octets_of

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# Both alphabets at once, and as Base64 itself is escaped in a URL or in JSON.
_BASE64_SPECIALS = {"+": "(?:[+-]|%2[bB])", "/": r"(?:[/_]|\\/|%2[fF])"}
_BITS_OF_BASE64 = 6
_BITS_OF_BYTE = 8
_BETWEEN_HEXADECIMAL = r"(?:%|\\{1,2}x|[ :-])?"
_BACKSLASH_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\0": "0"}
# A single quote inside single quotes: SQL, YAML and PowerShell; two ways of POSIX shells.
_QUOTED_QUOTES = ("''", "'\"'\"'", r"'\''")
_ENTITY_NAMES = {**codepoint2name, ord("'"): "apos"}
_UNITS = re.compile(r"(\\*)([^\\]|\Z)", re.DOTALL)
# How often a text is escaped again, as in JSON in JSON in Python; each time doubles its backslashes.
_DOUBLINGS = (8, 4, 2)


def expressions_for(secret: str) -> Iterator[tuple[int, str]]:
    """
    Tell what to look for when a secret must not be shown.

    :param secret: at least one character.
    :returns: pairs of the length of the shortest text that an expression matches, and the expression.
    """
    yield len(secret), "".join(_unit(len(run), character) for run, character in _UNITS.findall(secret))
    if "'" in secret:
        yield from ((len(secret), re.escape(secret.replace("'", quoted))) for quoted in _QUOTED_QUOTES)
    for octets in octets_of(secret):
        yield 2 * len(octets), _BETWEEN_HEXADECIMAL.join(_digits(octet) for octet in octets)
        for preceding in range(3):
            yield len(octets) * _BITS_OF_BYTE // _BITS_OF_BASE64, _base64(octets, preceding)


def _unit(backslashes: int, character: str) -> str:
    """Match a run of backslashes and the one character behind it, either of which may be missing."""
    if character == "" or (character.isascii() and character.isalnum()):
        return (f"(?:{_doubled(backslashes)}|{_encoded_backslashes(backslashes)})" if backslashes else "") + character
    raw, escape, reference = _raw(character), _escape(character), _reference(character)
    alone = rf"(?:\\{{0,7}}{raw}|\\{{1,7}}{escape}|{reference})"
    if not backslashes:
        return alone
    return (
        f"(?:{_escaping_backslashes(backslashes)}(?:{raw}|{escape})"
        f"|{_doubled(backslashes)}(?:{raw}|{reference})"
        f"|{_encoded_backslashes(backslashes)}{alone})"
    )


def _doubled(number: int) -> str:
    """Match backslashes that stand for themselves."""
    forms = (rf"\\{{{factor * number}}}" for factor in (*_DOUBLINGS, 1))
    return f"(?:{'|'.join(forms)})"


def _encoded_backslashes(number: int) -> str:
    """Match backslashes that are told by their number in Unicode."""
    forms = (_reference("\\"), r"(?:\\{1,4}(?:u005[cC]|x5[cC]))")
    return "(?:" + "|".join(f"{form}{{{number}}}" for form in forms) + ")"


def _escaping_backslashes(number: int) -> str:
    """Match backslashes of which some stand for themselves, and at least one escapes what follows."""
    ranges = (rf"\\{{{factor * number + 1},{factor * number + factor - 1}}}" for factor in _DOUBLINGS)
    return f"(?:{'|'.join(ranges)})"


def _raw(character: str) -> str:
    return "[ +]" if character == " " else re.escape(character)


def _escape(character: str) -> str:
    """Match what stands behind the backslash when a character is escaped in JSON, Python or YAML."""
    number = ord(character)
    utf16 = character.encode("utf-16-be", "surrogatepass")
    utf8 = character.encode("utf-8", "surrogatepass")
    forms = [
        "u" + r"\\{1,4}u".join(_digits(*utf16[at : at + 2]) for at in range(0, len(utf16), 2)),
        "x" + r"\\{1,4}x".join(_digits(octet) for octet in utf8),
        f"U{_any_case(f'{number:08x}')}",
    ]
    if 127 < number < 256:
        forms.append(f"x{_digits(number)}")
    if character in _BACKSLASH_LETTERS:
        forms.append(_BACKSLASH_LETTERS[character])
    return f"(?:{'|'.join(forms)})"


def _reference(character: str) -> str:
    """Match a character as it is written in a URL, or as an entity of XML and HTML."""
    number = ord(character)
    in_url = ["".join(f"%(?:25)?{_digits(octet)}" for octet in octets) for octets in octets_of(character)]
    entities = [f"#0{{0,5}}{number}", f"#[xX]0{{0,5}}{_any_case(f'{number:x}')}"]
    if number in _ENTITY_NAMES:
        entities.append(_ENTITY_NAMES[number])
    return f"(?:{'|'.join(in_url)}|&(?:amp;)?(?:{'|'.join(entities)});)"


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


def _digits(*octets: int) -> str:
    return _any_case(bytes(octets).hex())


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
