# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The documentation of every module and plugin says what the tables say. It is literal text, so that people can read it
there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.msp.kaspersky.plugins.module_utils import environment, options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import (
    HistoryEntry,
    Integration,
    Notification,
    Solution,
    Tenant,
    TenantKind,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, Field, Platform
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.tenant_views import view_tenants
from ansible_collections.msp.kaspersky.plugins.module_utils._operations import results
from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import argument_faults
from ansible_collections.msp.kaspersky.plugins.module_utils.specification import ModuleSpecification

COLLECTION = Path(__file__).resolve().parents[2]
FRAGMENTS = COLLECTION / "plugins" / "doc_fragments"
MODULES = sorted((COLLECTION / "plugins" / "modules").glob("*.py"))
PLUGINS = [path for kind in ("inventory", "lookup", "filter") for path in COLLECTION.glob(f"plugins/{kind}/*.py")]
OPTION_SETS = {
    "all": options.ALL,
    "verification": options.VERIFICATION,
    "notifications": options.NOTIFICATIONS,
    "security_center": options.SECURITY_CENTER,
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Yaml = dict[str, Any]


@dataclass(frozen=True)
class Documented:
    """A module or plugin with what it says of itself and what it accepts."""

    kind: str
    name: str
    documentation: Yaml
    examples: list[Yaml]
    returns: Yaml
    specification: ModuleSpecification

    @property
    def options(self) -> Yaml:
        """Return what it says of the options that its specification is to have."""
        said: Yaml = self.documentation["options"]
        if self.kind == "inventory":  # has others that it does not hand on
            return {name: says for name, says in said.items() if name in self.specification.argument_spec}
        return {} if self.kind == "filter" else said


def constants_of(path: Path) -> dict[str, str]:
    """Find the texts that a file assigns to names, also those of its classes."""
    return {
        target.id: ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def fragment(name: str) -> Yaml:
    """Load a fragment by its full name, as ``extends_documentation_fragment`` has it."""
    file, _dot, part = name.removeprefix("msp.kaspersky.").partition(".")
    loaded: Yaml = yaml.safe_load(constants_of(FRAGMENTS / f"{file}.py")[part.upper() or "DOCUMENTATION"])
    return loaded


@cache
def read(path: Path) -> Documented:
    """Read a module or plugin, its documentation completed with the fragments of the collection that it extends."""
    texts = constants_of(path)
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    for name in documentation.get("extends_documentation_fragment", ()):
        extended = fragment(name) if name.startswith("msp.kaspersky.") else {}
        for part in ("options", "attributes"):
            own = documentation.setdefault(part, {})
            for key, value in extended.get(part, {}).items():
                own[key] = {**value, **own.get(key, {})}
    examples = list(
        flat(yaml.safe_load(texts["EXAMPLES"]))
    )  # one document: yamllint of ansible-core 2.16 takes no more
    return Documented(
        kind=path.parent.name,
        name=path.stem,
        documentation=documentation,
        examples=examples,
        returns=yaml.safe_load(texts.get("RETURN", "{}")),
        specification=getattr(options, path.stem.upper(), ModuleSpecification(argument_spec={})),
    )


def flat(document: Any) -> list[Yaml]:
    """Take the tasks of a document, or the document itself if it is a source of an inventory."""
    return document if isinstance(document, list) else [document]


def documented_options(documented: Yaml, spec: options.Options, parent: str = "") -> Iterator[tuple[str, Yaml, Yaml]]:
    """Pair every option of a specification with its documentation."""
    assert documented.keys() == spec.keys(), parent
    for name, option in spec.items():
        yield parent + name, documented[name], option
        inner = documented[name].get("suboptions", {})
        yield from documented_options(inner, option.get("options", {}), f"{parent}{name}.")


def tasks_of(examples: list[Yaml]) -> Iterator[Yaml]:
    """Find every task of an example, also those in blocks."""
    for task in examples:
        yield task
        for section in ("block", "rescue", "always"):
            yield from tasks_of(task.get(section, []))


def prose(documented: Yaml) -> str:
    """Join the paragraphs of a description."""
    description = documented["description"]
    return description if isinstance(description, str) else " ".join(description)


def described(values: Yaml) -> Iterator[Yaml]:
    """Find everything in a documentation that has a description."""
    for value in values.values():
        yield value
        for inner in ("suboptions", "contains"):
            yield from described(value.get(inner, {}))


@pytest.fixture(params=MODULES, ids=lambda path: path.stem)
def module(request: pytest.FixtureRequest) -> Documented:
    return read(request.param)


@pytest.fixture(params=[*MODULES, *PLUGINS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def documented(request: pytest.FixtureRequest) -> Documented:
    return read(request.param)


def test_every_specification_is_of_a_module_or_plugin() -> None:
    named = {name for name, value in vars(options).items() if isinstance(value, ModuleSpecification)}
    assert {path.stem.upper() for path in MODULES} <= named
    assert named <= {path.stem.upper() for path in [*MODULES, *PLUGINS]}


def test_options_are_documented_as_they_are_accepted(documented: Documented) -> None:
    spec = documented.specification.argument_spec
    for name, says, option in documented_options(documented.options, spec):
        for key in ("type", "elements", "choices", "default", "required"):
            assert says.get(key) == option.get(key), f"{name}: {key}"


def test_environment_variables_are_documented_where_there_are_any(documented: Documented) -> None:
    spec = documented.specification.argument_spec
    for name, says, option in documented_options(documented.options, spec):
        first = next(iter(option.get("options", ())), "")  # a dictionary has one variable for each of its entries
        variable = f"E({environment.environment_variable('_'.join(filter(None, (name, first))))})"
        assert (variable in prose(says)) == ("fallback" in option), name


def test_exclusions_are_documented(documented: Documented) -> None:
    for first, *others in documented.specification.mutually_exclusive:
        told = prose(documented.options[first])
        assert first == "virtual_servers" or all(f"Mutually exclusive with O({other})" in told for other in others)


@pytest.mark.parametrize(
    ("platform", "item"),
    [
        pytest.param(platform, item, id=f"{platform.name}.{item.name}")
        for platform in PLATFORMS.values()
        for item in platform.fields
    ],
)
def test_settings_of_platforms_are_documented_as_the_table_has_them(platform: Platform, item: Field) -> None:
    integration = read(COLLECTION / "plugins" / "modules" / "integration.py")
    told = prose(integration.documentation["options"][platform.name]["suboptions"][item.name])
    default = str(item.default).lower() if isinstance(item.default, bool) else item.default
    assert ("Required at creation" in told) == item.required
    assert ("Defaults to" in told) == (item.default is not None)
    assert item.default is None or f"Defaults to V({default}) at creation." in told
    assert ("to another address" in told) == item.secret


def test_default_names_are_documented() -> None:
    integration = read(COLLECTION / "plugins" / "modules" / "integration.py")
    told = prose(integration.documentation["options"]["name"])
    assert f"V({PLATFORMS['tigerpaw'].default_integration_name})" in told


def test_texts_are_sentences(documented: Documented) -> None:
    texts = [documented.documentation, *described(documented.documentation["options"]), *described(documented.returns)]
    for text in texts:
        paragraphs = text["description"] if isinstance(text["description"], list) else [text["description"]]
        assert all(paragraph.endswith(".") for paragraph in paragraphs), paragraphs
    assert not documented.documentation["short_description"].endswith(".")


def test_attributes_are_complete(module: Documented) -> None:
    attributes = module.documentation["attributes"]
    assert attributes.keys() == {"action_group", "check_mode", "diff_mode", "idempotent", "platform"}
    writes = not module.name.endswith("_info")
    assert attributes["check_mode"]["support"] == "full"
    assert attributes["diff_mode"]["support"] == ("full" if writes else "N/A")
    assert ("diff" in module.returns) == writes


def test_action_groups_hold_the_modules_that_have_their_options(module: Documented) -> None:
    runtime = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text())
    accepted = module.specification.argument_spec.keys()
    fitting = {group for group, option_set in OPTION_SETS.items() if option_set.keys() <= accepted}
    assert {group for group, names in runtime["action_groups"].items() if module.name in names} == fitting
    membership = module.documentation["attributes"]["action_group"]["membership"]
    assert set(membership) == {f"msp.kaspersky.{group}" for group in fitting}


def test_examples_are_named_and_full_of_valid_options(documented: Documented) -> None:
    assert f"msp.kaspersky.{documented.name}" in str(documented.examples)
    for task in tasks_of(documented.examples):
        assert task.get("name") or task["plugin"]
        for key, arguments in task.items():
            if key.startswith("msp.kaspersky."):
                specification = getattr(options, key.removeprefix("msp.kaspersky.").upper())
                assert argument_faults(specification, arguments) == [], task["name"]
        for group, defaults in task.get("module_defaults", {}).items():
            assert defaults.keys() <= OPTION_SETS[group.removeprefix("group/msp.kaspersky.")].keys()


def test_examples_show_no_secret(documented: Documented) -> None:
    secret = {name for option_set in OPTION_SETS.values() for name in option_set if option_set[name].get("no_log")}
    secret |= {item.name for platform in PLATFORMS.values() for item in platform.secret_fields} | {"password"}
    for task in tasks_of(documented.examples):
        for values in every_mapping(task):
            shown = {name for name in secret & values.keys() if not str(values[name]).startswith("{{")}
            assert not shown, task["name"]
        assert not any(word in str(task.get("loop", "")) for word in ("vault", "lookup", "password")), task["name"]


def every_mapping(value: Any) -> Iterator[Yaml]:
    """Walk all dictionaries inside of a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every_mapping(inner)


def test_errors_are_documented(module: Documented) -> None:
    assert module.returns["error"]["contains"].keys() >= {"code", "faults"}
    assert module.returns["error"]["returned"] == "on failure"


def test_results_are_documented_fully(documented: Documented) -> None:
    for value in described(documented.returns):
        assert value["type"]
        assert value["type"] != "list" or value["elements"]


def test_when_results_are_returned_is_documented(module: Documented) -> None:
    assert all(value["returned"] for value in module.returns.values())


def returned(name: str, key: str) -> set[str]:
    """Tell which keys a module documents for one of its results."""
    return set(read(COLLECTION / "plugins" / "modules" / f"{name}.py").returns[key]["contains"])


def test_an_integration_is_documented_as_it_is_returned() -> None:
    integration = Integration("1", "a", "n", "tigerpaw", Solution.SECURITY_CENTER, {}, {}, (), 1, NOW, NOW, NOW)
    keys = set(results.integration_result(integration))
    assert returned("integration", "integration") == keys
    assert returned("binding", "integration") == keys
    assert returned("integration_info", "integrations") >= keys


def test_a_tenant_is_documented_as_it_is_returned() -> None:
    [view] = view_tenants([Tenant("1", "a", TenantKind.COMPANY, None, "n")], None)
    assert returned("tenant_info", "tenants") == set(results.tenant_view_result(view, "a"))


def test_a_notification_is_documented_as_it_is_returned() -> None:
    notification = Notification(
        "1", "a", "integration_deleted", {"integration": {"name": "n"}}, "smtp", None, "<1>", NOW
    )
    assert returned("notification_info", "notifications") == set(results.notification_result(notification))


def test_the_history_is_documented_as_it_is_returned() -> None:
    entry = HistoryEntry(NOW, "ann", "a", "1", "n", "created")
    assert returned("integration_info", "history") == set(results.history_result(entry))
