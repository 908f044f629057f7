# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An execution environment gets every library that the plugins import, and no other."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader

COLLECTION = Path(__file__).parents[2]
# Where pip and Python call a library by different names
IMPORTED_AS = {"pyyaml": "yaml"}
# SQLAlchemy imports the driver by its name in an address.
DRIVERS = {"psycopg"}
# What another library always brings with it, because it needs it itself
BROUGHT_BY = {"certifi": "requests", "lxml": "zeep"}


def imported() -> set[str]:
    return {name.partition(".")[0] for file in (COLLECTION / "plugins").rglob("*.py") for name in imports_of(file)}


def imports_of(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports, also by :func:`require`."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "require":
            yield from (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))


def required() -> set[str]:
    lines = (COLLECTION / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[\[<>=~!; ]", line)[0].lower() for line in lines if line and not line.startswith("#")]
    return {IMPORTED_AS.get(name, name) for name in names}


def test_an_execution_environment_gets_every_library() -> None:
    own = {*sys.stdlib_module_names, "ansible", "ansible_collections"}
    assert required() == (imported() - own - BROUGHT_BY.keys()) | DRIVERS


@pytest.mark.parametrize(("library", "other"), BROUGHT_BY.items())
def test_a_library_brings_another(library: str, other: str) -> None:
    assert any(re.match(rf"{library}\b", needed) for needed in requires(other) or [])


def test_the_definition_names_files_that_there_are() -> None:
    definition = DataLoader().load_from_file(str(COLLECTION / "meta" / "execution-environment.yml"))
    assert definition["dependencies"].keys() == {"python", "system"}
    assert all((COLLECTION / path).is_file() for path in definition["dependencies"].values())
