# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts as inline SVG, each with a title and a description; none tells what no text or table beside it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .report_markup import Markup, element

_WIDTH = 640
_GAP = 2


def stacked_bar(title: str, parts: Sequence[tuple[str, int, str]]) -> Markup:
    """
    Draw how a whole is divided.

    :param parts: label, number and class of each.
    """
    total = sum(number for _label, number, _kind in parts) or 1
    described = ", ".join(f"{label} {number:,}" for label, number, _kind in parts)
    shown, start = [], 0.0
    for _label, number, kind in parts:
        width = _WIDTH * number / total
        if number:
            drawn = max(width - _GAP, 1.5)
            shown.append(element("rect", x=_round(start), y=0, width=_round(drawn), height=36, class_=kind))
        start += width
    # As wide as its place, and never higher.
    return _drawing(title, described, 36, "chart-bar", *shown, preserveAspectRatio="none")


def columns(title: str, days: Sequence[tuple[date, int]]) -> Markup:
    """Draw how much there was on each day."""
    most = max((number for _day, number in days), default=0) or 1
    width = _WIDTH / max(len(days), 1)
    shown = []
    for position, (day, number) in enumerate(days):
        height = 96 * number / most
        middle = _round(width * (position + 0.5))
        if number:
            place = {"x": _round(width * position + 3), "y": _round(112 - height)}
            shown.append(
                element("rect", **place, width=_round(width - 6), height=_round(height), rx=3, class_="neutral")
            )
            shown.append(element("text", f"{number:,}", x=middle, y=_round(106 - height), class_="value"))
        if len(days) <= 14 or position % 7 == 0:
            shown.append(element("text", f"{day:%d %b}", x=middle, y=132, class_="label"))
    base = element("line", x1=0, y1=112.5, x2=_WIDTH, y2=112.5, class_="axis")
    described = ", ".join(f"{day:%d %B} {number:,}" for day, number in days if number) or "nothing"
    return _drawing(title, described, 140, "chart-columns", base, *shown)


def gauge(label: str, value: int, most: int, limit: int) -> Markup:
    """Draw one value beside a limit, small enough for a table; the value stands beside it."""
    scale = 120 / max(most, limit, 1)
    drawn_value = element(
        "rect", x=0, y=3, width=_round(max(value * scale, 1)), height=8, rx=2, class_=_kind(value, limit)
    )
    line = element("line", x1=_round(limit * scale), y1=0, x2=_round(limit * scale), y2=14, class_="limit")
    drawn = element("title", label), drawn_value, line
    return element("svg", *drawn, viewBox="0 0 122 14", class_="gauge", aria_hidden="true", focusable="false")


def _kind(value: int, limit: int) -> str:
    return "bad" if value > limit else "good"


def _drawing(title: str, described: str, height: int, kind: str, *content: Markup, **attributes: object) -> Markup:
    about = element("title", title), element("desc", described)
    box = f"0 0 {_WIDTH} {height}"
    told = {"role": "img", "aria_label": f"{title}: {described}", "focusable": "false", **attributes}
    return element("svg", *about, *content, viewBox=box, class_=kind, **told)


def _round(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
