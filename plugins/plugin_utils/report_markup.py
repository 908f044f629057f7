# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML as text, in which whatever comes from outside is escaped in one place."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


class Markup(str):
    """HTML that was made here; any other text is escaped before it becomes part of it."""

    __slots__ = ()


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """
    Make an element.

    :param content: markup, or text that is escaped.
    :param attributes: names with ``_`` for ``-``, and a final ``_`` where Python has the word; nothing leaves one out.
    """
    given = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None}
    written = "".join(f' {name}="{html.escape(str(value))}"' for name, value in given.items())
    return Markup(f"<{tag}{written}>{joined(content)}</{tag}>")


def joined(content: Iterable[object]) -> Markup:
    """Put markup and text together."""
    return Markup("".join(item if isinstance(item, Markup) else html.escape(str(item)) for item in content))


def name(text: str) -> Markup:
    """Write a name, kept apart from the text around it whatever direction it is written in."""
    return element("bdi", text)


def table(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[int] = ()
) -> Markup:
    """
    Make a table whose first cells are headings of their rows.

    :param numbers: positions of the columns that hold numbers.
    """
    columns = set(numbers)
    kinds = ["number" if position in columns else None for position in range(len(headings))]
    head = (element("th", text, scope="col", class_=kind) for text, kind in zip(headings, kinds, strict=True))
    body = []
    for first, *rest in rows:
        cells = [
            element("td", cell, class_=kind, data_label=label)
            for cell, kind, label in zip(rest, kinds[1:], headings[1:], strict=True)
        ]
        body.append(element("tr", element("th", first, scope="row"), *cells))
    thead, tbody = element("thead", element("tr", *head)), element("tbody", *body)
    return element("table", element("caption", caption), thead, tbody)


def folded(summary: object, *content: object) -> Markup:
    """Make a part that is shown when somebody wants to see it."""
    return element("details", element("summary", summary), *content)


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
