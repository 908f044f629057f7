# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: the secrets of a run, and how they are kept out of everything it says."""

from __future__ import annotations

import re
from typing import Any

from .secret_traces import SecretTraces
from .text import is_short_secret

MASK = "********"

SHORTEST = 3
"""
Shorter values are not masked. One or two characters stand in nearly every text, so masking them would make the output
unreadable and, by the places of the masks, give them away.
"""


class SecretsInPlay:
    """
    Collects the secrets that a run uses, and masks them.

    Whoever obtains or derives a secret adds it before using it; the outermost boundary masks all that is returned.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._traces = SecretTraces()
        self._short = False
        self._compiled = (0, re.compile(""))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._values)} values>"

    def add(self, *values: str | None) -> None:
        """
        Take note of secrets.

        :param values: empty ones are ignored. Of values with several lines each line is masked by itself, too, because
            programs break and trim what they print.
        """
        for value in values:
            if not value:
                continue
            self._short = self._short or is_short_secret(value)
            parts = {value, *(line.strip() for line in value.splitlines())}
            for part in parts - self._values:
                if len(part) >= SHORTEST:
                    self._traces.add(part)
                    self._values.add(part)

    @property
    def short(self) -> bool:
        """Whether one of the secrets is so short that Ansible, which masks as well, will mangle unrelated output."""
        return self._short

    def redact(self, text: str) -> str:
        """
        Mask every secret in a text, whether in clear or as XML, HTML, JSON, URL, Python, Base64 or hexadecimal digits.

        :returns: the text with each secret replaced by ``********``.
        """
        if not self._traces.may_be_in(text):
            return text
        expression = self._current_expression()
        match = expression.search(text)
        return _masked(text, expression, match) if match else text

    def redact_all(self, value: Any) -> Any:
        """
        Mask every secret in a result.

        :param value: dictionaries (their keys as well), lists, tuples, sets and texts are walked; all else is kept.
        :returns: the value itself if there is nothing to mask, else a copy of the same shape.
        """
        # One look at all texts together is far cheaper than one at each.
        if self._values and self._traces.may_be_in("\n".join(_texts(value))):
            return self._walk(value)
        return value

    def _walk(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self._walk(key): self._walk(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            kind = next(kind for kind in (list, tuple, set, frozenset) if isinstance(value, kind))
            return kind(self._walk(item) for item in value)
        return value

    def _current_expression(self) -> re.Pattern[str]:
        # Values are only ever added, so their number tells whether an expression still fits, whichever thread added.
        fits, expression = self._compiled
        if fits == len(self._values):
            return expression
        values = tuple(self._values)
        expression = _compile(values)
        self._compiled = (len(values), expression)
        return expression


def _texts(value: Any) -> list[str]:
    """Gather all texts of a result; one after the other rather than one inside of the other, as it may be large."""
    texts: list[str] = []
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            left += item
            left += item.values()
        elif isinstance(item, list | tuple | set | frozenset):
            left += item
    return texts


def _compile(secrets: tuple[str, ...]) -> re.Pattern[str]:
    from .encoded_forms import expressions_for  # where a secret may be in a text, and that is hardly ever

    expressions = {expression: length for secret in secrets for length, expression in expressions_for(secret)}
    # The longest first: a secret that begins with another one must be masked whole.
    longest_first = sorted(expressions, key=lambda expression: (-expressions[expression], expression))
    return re.compile("|".join(longest_first))


def _masked(text: str, expression: re.Pattern[str], match: re.Match[str] | None) -> str:
    """Mask all matches, also those that overlap: where two secrets share characters, neither may keep its rest."""
    pieces: list[str] = []
    masked_until = 0
    while match:
        if match.start() >= masked_until:
            pieces += (text[masked_until : match.start()], MASK)
        masked_until = max(masked_until, match.end())
        match = expression.search(text, match.start() + 1)
    return "".join([*pieces, text[masked_until:]])
