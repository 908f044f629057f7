# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what was measured, in Markdown, and puts it into the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .samples import Figures, Measurement, Section, ratio
from .targets import Target

BEGIN = "<!-- what make bench writes begins here -->"
END = "<!-- what make bench writes ends here -->"
NOT_MEASURED = "not measured"
FLOORS = {Section.LOOPS: "loop floor", Section.HOSTS: "hosts floor"}
OWN = {Section.LOOPS: "loop in-process SQLite", Section.HOSTS: "hosts in-process SQLite"}


def report(conditions: Mapping[str, str], targets: Iterable[Target], measured: Sequence[Measurement]) -> str:
    """Tell conditions, targets and all measurements."""
    known = {measurement.key: measurement for measurement in measured}
    parts = [conditions_table(conditions), "## Targets", targets_table(targets, known)]
    for section in Section:
        chosen = [measurement for measurement in measured if measurement.section is section]
        if chosen:
            told = large_table(chosen) if section is Section.LARGE else small_table(chosen, known)
            parts += [f"## {section.value}", told]
    return "\n\n".join([*parts, *failures(measured)])


def conditions_table(conditions: Mapping[str, str]) -> str:
    """Tell under which conditions it was measured."""
    return table(["condition", "value"], [[name, value] for name, value in conditions.items()])


def targets_table(targets: Iterable[Target], measured: Mapping[str, Measurement]) -> str:
    """Tell for each target what came out."""
    rows = []
    for target in targets:
        figure, cpu_figure = target.figure(measured), target.cpu_figure(measured)
        limit = target.side.value if target.limit is None else f"{target.side.value} {target.limit:g} {target.unit}"
        met = {True: "yes", False: "**no**", None: ""}[None if figure is None else target.is_met(figure)]
        told = NOT_MEASURED if figure is None else f"{figure:.2f} {target.unit}"
        rows.append([target.what, told, number(cpu_figure), limit, met])
    return table(["what", "figure", "by CPU time", "target", "met"], rows)


def small_table(chosen: Iterable[Measurement], measured: Mapping[str, Measurement]) -> str:
    """Tell what an item or a host costs, beside the floor and our own in-process door."""
    rows = []
    for measurement in chosen:
        floor, own = (_figures(measured, keys[measurement.section]) for keys in (FLOORS, OWN))
        told = small_cells(measurement.figures, floor, own) if measurement.figures else [NOT_MEASURED, *[""] * 4]
        rows.append([measurement.title, str(measurement.count), *told])
    names = ["what", "count", "ms each", "CPU ms each", "to the floor", "CPU to the floor", "to in-process, SQLite"]
    return table(names, rows)


def small_cells(figures: Figures, floor: Figures | None, own: Figures | None) -> list[str]:
    """Tell what one way costs, by itself and beside two others."""
    return [
        f"{1000 * figures.seconds:.1f}",
        f"{1000 * figures.cpu_seconds:.1f}",
        number(ratio(figures.seconds, floor.seconds) if floor else None),
        number(ratio(figures.cpu_seconds, floor.cpu_seconds) if floor else None),
        number(ratio(figures.seconds, own.seconds) if own else None),
    ]


def large_table(chosen: Iterable[Measurement]) -> str:
    """Tell what large tasks cost."""
    rows = [
        [item.title, *(large_cells(item.figures) if item.figures else [NOT_MEASURED, *[""] * 3])] for item in chosen
    ]
    return table(["what", "s over the start-up", "CPU s", "s of the whole process", "peak MiB"], rows)


def large_cells(figures: Figures) -> list[str]:
    """Tell what one way costs."""
    return [*map(number, (figures.seconds, figures.cpu_seconds, figures.whole_seconds)), f"{figures.mebibytes:.0f}"]


def failures(measured: Iterable[Measurement]) -> list[str]:
    """Tell why something was not measured."""
    lines = [f"- {item.title}: {item.failure}" for item in measured if item.failure]
    return ["Not measured:", "\n".join(lines)] if lines else []


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; what would end a cell does not."""
    lines = [list(names), ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def escaped(cell: str) -> str:
    """Keep a text from ending its cell."""
    return cell.replace("|", "\\|")


def number(value: float | None) -> str:
    """Write a figure, or nothing for none."""
    return "" if value is None else f"{value:.2f}"


def replaced(text: str, told: str) -> str:
    """
    Put what is told between the two markers of a text.

    :raises ValueError: the text lacks a marker, or has one twice.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"there must be one '{BEGIN}', and then one '{END}'")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    return f"{before}{BEGIN}\n\n{told}\n\n{after}"


def _figures(measured: Mapping[str, Measurement], key: str) -> Figures | None:
    return measured[key].figures if key in measured else None
