# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The companies (client companies) that ConnectWise Manage and Autotask know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

PLATFORMS = ("connectwise_manage", "autotask")
NAMES = (
    "Müller & Söhne GmbH",
    "Acme Limited",
    "O'Brien Net Services",
    "{{ 7 * 7 }} Templates Ltd",
    "Zażółć Gęślą Jaźń S.A.",
    "東京システム株式会社",
)
FIRST_ID = 250


@dataclass
class Company:
    """
    One company.

    :param identifier: what people know it by: ``identifier`` of ConnectWise Manage, ``companyNumber`` of Autotask.
    """

    id: int
    name: str
    identifier: str = ""
    active: bool = True
    deleted: bool = False


def default_companies() -> list[Company]:
    """Return the companies of a fresh sandbox: some with difficult names, one inactive, one deleted, many more."""
    names = [*NAMES, *(f"Client {number:02}" for number in range(len(NAMES) + 1, 41))]
    found = [Company(FIRST_ID + position, name, f"C{position:03}") for position, name in enumerate(names)]
    found[-1].active = False
    found[-2].deleted = True
    return found


def read_companies(entries: Iterable[dict[str, object]]) -> list[Company]:
    """
    Make companies of plain data.

    :raises TypeError: There is no such field, or one is missing.
    """
    return [Company(**entry) for entry in entries]  # type: ignore[arg-type]


def change_company(companies: list[Company], number: int, **details: object) -> Company:
    """
    Change one company, above all its ``name``.

    :raises ValueError: There is none of that number.
    :raises TypeError: There is no such field.
    """
    position = _position(companies, number)
    companies[position] = Company(**{**asdict(companies[position]), **details, "id": number})
    return companies[position]


def remove_company(companies: list[Company], number: int) -> None:
    """
    Remove one company.

    :raises ValueError: There is none of that number.
    """
    del companies[_position(companies, number)]


def _position(companies: list[Company], number: int) -> int:
    for position, company in enumerate(companies):
        if company.id == number:
            return position
    raise ValueError(f"there is no company {number}")
