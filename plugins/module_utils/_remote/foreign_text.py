# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: what others say, made fit to be shown: redacted, in one line, short."""

from __future__ import annotations

import unicodedata

from .._domain.redaction import SecretsInPlay
from .._domain.text import INVISIBLE_CATEGORIES, LONGEST_NAME, clean_name

LONGEST_QUOTE = 200

_CUT = "\N{HORIZONTAL ELLIPSIS}"
_STAND_IN = "\N{REPLACEMENT CHARACTER}"
_INVISIBLE = INVISIBLE_CATEGORIES | {"Co", "Cn"}


def quote(text: str, in_play: SecretsInPlay) -> str:
    """
    Make a text of a server fit for a message.

    :returns: the text in one line of visible characters, at most 200, in which no secret is left; without its final
        dot, because it goes into a sentence of ours.
    """
    # Redacted twice: first as it came, since tidying changes secrets as well, then for what tidying brought together.
    seen = "".join(character if _is_visible(character) else " " for character in in_play.redact(text))
    line = in_play.redact(" ".join(seen.split())).rstrip(".")
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}..."


def visible(text: str) -> str:
    """Replace each character that cannot be seen by one that can, so that nobody takes the text for another one."""
    return "".join(character if _is_visible(character) else _STAND_IN for character in text)


def shown_name(name: str, identifier: str, in_play: SecretsInPlay) -> str:
    """
    Make a name that can be shown and stored, whatever people called a client elsewhere.

    Servers take names that we refuse from a playbook. Nobody can rename them from here, and one such name must not hide
    all others. So what cannot be shown is replaced, visibly: dropping it could make two names one.

    :returns: the name; shortened if it is too long; the identifier where nothing can be seen of the name, and where a
        secret can be.
    """
    if in_play.redact(name) != name:
        return identifier
    try:
        return clean_name(name)
    except ValueError:
        pass
    shown = unicodedata.normalize("NFC", visible(name)).strip()
    if len(shown) > LONGEST_NAME:
        shown = f"{shown[: LONGEST_NAME - 1]}{_CUT}"
    try:
        return clean_name(shown)
    except ValueError:  # blank, or like a mask that stands for a secret
        return identifier


def appearance(body: bytes) -> str:
    """
    Tell what an answer looks like that is not what was asked for, without repeating any of it.

    :returns: for example ``an HTML page, maybe of a proxy or a login page``.
    """
    start = body[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "an HTML page, maybe of a proxy or a login page"
    if start.startswith((b"<?xml", b"<")):
        return "XML"
    if start.startswith((b"{", b"[")):
        return "JSON"
    return "plain text" if start.isascii() and b"\0" not in start else "something that is not text"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE
