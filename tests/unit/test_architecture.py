# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The import rule of the design, and the other rules that hold for every file below ``plugins``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

COLLECTION = Path(__file__).resolve().parents[2]
PLUGINS = COLLECTION / "plugins"
PACKAGE = "ansible_collections.msp.kaspersky.plugins."
LONGEST_FILE = 400

DOORS = ("modules", "action", "inventory", "lookup", "filter", "plugin_utils")
# Each layer may import itself and what stands behind it here; the public face of module_utils is "face".
MAY_IMPORT = {
    "door": {"face"},
    "face": {"_operations", "_storage", "_remote", "_domain"},
    "_operations": {"_storage", "_remote", "_domain"},
    "_storage": {"_domain"},
    "_remote": {"_domain"},
    "_domain": set(),
}
FILES = sorted(path.relative_to(PLUGINS).as_posix() for path in PLUGINS.rglob("*.py"))
CODE = [path for path in FILES if not path.startswith("doc_fragments/")]


@dataclass(frozen=True)
class Import:
    """A module that a file imports, and whether it is there when the file is merely loaded."""

    module: str
    guarded: bool


def layer_of(path: str) -> str:
    """Tell the layer of a file, given by its path below ``plugins``."""
    parts = PurePosixPath(path).parts
    if parts[0] in DOORS:
        return "door"
    assert parts[0] == "module_utils", f"{path}: this test does not know the folder {parts[0]}"
    return parts[1] if parts[1].startswith("_") and len(parts) > 2 else "face"


def imports_of(path: str, source: str) -> Iterator[Import]:
    """Find every import of a file; those inside of functions, ``try`` and ``if TYPE_CHECKING`` are guarded."""
    yield from _imports_below(path, ast.parse(source), guarded=False)


def _imports_below(path: str, node: ast.AST, guarded: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, guarded) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(module, guarded) for module in _modules_imported_from(path, child))
        else:
            yield from _imports_below(path, child, guarded or _guards(child))


def _modules_imported_from(path: str, node: ast.ImportFrom) -> list[str]:
    package = [*PACKAGE.rstrip(".").split("."), *PurePosixPath(path).parts[:-1]]
    base = package[: len(package) - node.level + 1] if node.level else []
    named = [*base, node.module] if node.module else base
    # With the name, because "from .folder import file" imports a file.
    return [".".join([*named, alias.name]) for alias in node.names]


def _guards(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return True
    if isinstance(node, ast.Try):
        return any(_names(handler.type) & {"ImportError", "ModuleNotFoundError"} for handler in node.handlers)
    return isinstance(node, ast.If) and "TYPE_CHECKING" in _names(node.test)


def _names(node: ast.AST | None) -> set[str]:
    found = list(ast.walk(node)) if node else []
    names = {item.id for item in found if isinstance(item, ast.Name)}
    return names | {item.attr for item in found if isinstance(item, ast.Attribute)}


def forbidden_imports(path: str, source: str) -> list[str]:
    """List the imports of a file that break the rules."""
    return [item.module for item in imports_of(path, source) if not _is_allowed(path, item)]


def _is_allowed(path: str, item: Import) -> bool:
    layer = layer_of(path)
    if item.module.startswith("ansible_collections."):
        return item.module.startswith(PACKAGE) and _may_import(layer, item.module.removeprefix(PACKAGE))
    top = item.module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    if layer == "_domain":
        return False
    if layer == "door":
        return top == "ansible" or item.guarded
    return item.module.startswith("ansible.module_utils.") or (item.guarded and top != "ansible")


def _may_import(layer: str, module: str) -> bool:
    imported = layer_of(module.replace(".", "/") + ".py")
    return imported == layer or imported in MAY_IMPORT[layer]


@pytest.mark.parametrize("path", CODE)
def test_imports_go_down_only_and_need_nothing_installed(path: str) -> None:
    assert forbidden_imports(path, (PLUGINS / path).read_text()) == []


@pytest.mark.parametrize("path", [path for path in FILES if any(part.startswith("_") for part in Path(path).parts)])
def test_private_files_say_so(path: str) -> None:
    if not path.endswith("__init__.py"):
        assert (ast.get_docstring(ast.parse((PLUGINS / path).read_text())) or "").startswith("Private: ")


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("module_utils/")])
def test_files_stay_small(path: str) -> None:
    assert len((PLUGINS / path).read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("folder", ["plugins/module_utils", "tests/unit"])
def test_package_files_are_empty(folder: str) -> None:
    packages = list((COLLECTION / folder).rglob("__init__.py"))
    assert packages
    assert [str(path) for path in packages if path.read_bytes()] == []


def test_nothing_knows_the_sandbox() -> None:
    files = [path for path in PLUGINS.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [str(path) for path in files if b"sandbox" in path.read_bytes().lower()] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("module_utils/_domain/a.py", "from .._storage import schema"),
        ("module_utils/_domain/a.py", "from .._storage.schema import table"),
        ("module_utils/_domain/a.py", "from ..client import IntegrationClient"),
        ("module_utils/_domain/a.py", "from .. import client"),
        ("module_utils/_domain/a.py", "import requests"),
        ("module_utils/_domain/a.py", "def work():\n    import requests"),
        ("module_utils/_domain/a.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("module_utils/_storage/a.py", "from .._remote.http import HttpClient"),
        ("module_utils/_remote/a.py", "from .._storage.registry import Registry"),
        ("module_utils/_remote/a.py", "def work():\n    from .._storage.registry import Registry"),
        ("module_utils/_remote/a.py", "from .._operations.keep import keep"),
        ("module_utils/_remote/a.py", "import requests"),
        ("module_utils/_remote/a.py", "class A:\n    import requests"),
        ("module_utils/_remote/a.py", "if True:\n    from requests.adapters import HTTPAdapter"),
        ("module_utils/_remote/a.py", "try:\n    import requests\nexcept ValueError:\n    pass"),
        ("module_utils/_operations/a.py", "from ..client import IntegrationClient"),
        ("module_utils/client.py", "from ..modules import integration"),
        ("module_utils/client.py", "import ansible.plugins.loader"),
        ("module_utils/client.py", f"from {PACKAGE}modules.integration import main"),
        ("module_utils/client.py", "from ansible_collections.community.general.plugins.module_utils import x"),
        ("modules/a.py", f"from {PACKAGE}module_utils._domain.rules import selection"),
        ("modules/a.py", "from ..module_utils._storage.registry import Registry"),
        ("modules/a.py", "import requests"),
    ],
)
def test_the_rule_catches(path: str, source: str) -> None:
    assert forbidden_imports(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("module_utils/_domain/a.py", "import json\nfrom .errors import ErrorCode\nfrom . import model"),
        ("module_utils/_storage/a.py", "from .._domain.model import Tenant\nfrom .schema import table"),
        ("module_utils/_remote/a.py", "def work():\n    import requests"),
        ("module_utils/_remote/a.py", "try:\n    import requests\nexcept ImportError:\n    requests = None"),
        ("module_utils/_remote/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests"),
        ("module_utils/_remote/a.py", "import typing\nif typing.TYPE_CHECKING:\n    import requests"),
        ("module_utils/_operations/a.py", "from .._storage.registry import Registry\nfrom .._remote import http"),
        ("module_utils/door.py", "from ansible.module_utils.basic import AnsibleModule\nfrom .client import Client"),
        ("modules/a.py", f"from {PACKAGE}module_utils.client import IntegrationClient"),
        ("lookup/a.py", "from ansible.plugins.lookup import LookupBase"),
    ],
)
def test_the_rule_allows(path: str, source: str) -> None:
    assert forbidden_imports(path, source) == []
