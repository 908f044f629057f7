# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide says is true where a test can tell: examples, error codes, links. The playbooks count as examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.msp.kaspersky.plugins.module_utils import options
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS
from ansible_collections.msp.kaspersky.plugins.module_utils.arguments import argument_faults

COLLECTION = Path(__file__).resolve().parents[2]
PAGES = [COLLECTION / "README.md", *sorted((COLLECTION / "docs").glob("*.md"))]
PLAYBOOKS = sorted((COLLECTION / "playbooks").glob("*.yml"))
OPTION_SETS = {
    "all": options.ALL,
    "verification": options.VERIFICATION,
    "notifications": options.NOTIFICATIONS,
    "security_center": options.SECURITY_CENTER,
}
ACCOUNT = options.SECURITY_CENTER["security_center"]["options"]
SPECIFICATIONS = [value for value in vars(options).values() if isinstance(value, options.ModuleSpecification)]
FIELDS = [item for platform in PLATFORMS.values() for item in platform.fields]
SECRETS = {item.name for item in FIELDS if item.secret} | {
    name
    for option_set in (*OPTION_SETS.values(), ACCOUNT)
    for name, option in option_set.items()
    if option.get("no_log")
}
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
EXPLAINED_CODE = re.compile(r"^\| `(\w+)` \| .+ \| .+ \|$", re.MULTILINE)
VARIABLE = re.compile(r"MSP_KASPERSKY_([A-Z_]+)")
INLINE_OPTION = re.compile(r"`([a-z_]+): [^`]+`")
OF_ANSIBLE = {"ansible_python_interpreter", "cacheable", "environment", "follow_redirects", "no_log", "serial", "when"}
TEMPLATE = re.compile(r"\{\{.*\}\}", re.DOTALL)
STAND_INS: dict[str, Any] = {"dict": {}, "list": [], "bool": True, "int": 1}


def find_examples() -> Iterator[Any]:
    """Find every example, as a test parameter that tells where it stands."""
    for page in PAGES:
        for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1):
            yield pytest.param(yaml.safe_load(block), id=f"{page.name}-{number}")
    for playbook in PLAYBOOKS:
        yield pytest.param(yaml.safe_load(playbook.read_text(encoding="utf-8")), id=playbook.name)


each_example = pytest.mark.parametrize("example", list(find_examples()))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def every_mapping(value: Any) -> Iterator[dict[str, Any]]:
    """Walk all dictionaries inside of a value, itself included."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every_mapping(inner)


def rendered(spec: options.Options, arguments: dict[str, Any]) -> dict[str, Any]:
    """Put a value that fits in the place of each template, which only Ansible could render."""
    return {name: rendered_value(spec.get(name, {}), value) for name, value in arguments.items()}


def rendered_value(option: dict[str, Any], value: Any) -> Any:
    if isinstance(value, str) and TEMPLATE.fullmatch(value):
        return option.get("choices", [STAND_INS.get(option.get("type", "str"), "rendered")])[0]
    return rendered(option["options"], value) if isinstance(value, dict) and "options" in option else value


def anchors_of(page: Path) -> set[str]:
    """Tell the anchors that a page gets from its headings."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@each_example
def test_examples_use_only_what_there_is(example: Any) -> None:
    for task in every_mapping(example):
        for key, arguments in task.items():
            if key.startswith("msp.kaspersky."):
                specification = getattr(options, key.removeprefix("msp.kaspersky.").upper())
                assert argument_faults(specification, rendered(specification.argument_spec, arguments or {})) == []
        for group, defaults in task.get("module_defaults", {}).items():
            assert defaults.keys() <= OPTION_SETS[group.removeprefix("group/msp.kaspersky.")].keys()


@each_example
def test_examples_name_their_plays_and_tasks(example: Any) -> None:
    named = example if isinstance(example, list) else []
    for task in [*named, *every_mapping(example)]:
        if task in named or any(key.startswith(("ansible.", "msp.")) for key in task):
            assert task["name"][0].isupper()


@each_example
def test_examples_show_no_secret(example: Any) -> None:
    for task in every_mapping(example):
        assert [name for name in SECRETS & task.keys() if not TEMPLATE.fullmatch(str(task[name]))] == []
        assert not re.search("vault|lookup|secret|password", str(task.get("loop", "")))
        assert "environment" not in task


@each_page
def test_options_in_the_text_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    optional = {name for names in OPTION_SETS.values() for name in names}
    optional |= {f"security_center_{name}" for name in ACCOUNT}
    assert {name.lower() for name in VARIABLE.findall(text)} <= optional
    known = {name for specification in SPECIFICATIONS for name in specification.argument_spec}
    known |= {item.name for item in FIELDS} | ACCOUNT.keys() | {"new"}
    assert set(INLINE_OPTION.findall(text)) - known <= OF_ANSIBLE


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors_of(target), f"{path}#{anchor}"


def test_every_error_code_is_explained() -> None:
    page = (COLLECTION / "docs" / "troubleshoot.md").read_text(encoding="utf-8")
    explained = EXPLAINED_CODE.findall(page[page.index("## Codes") : page.index("## Warnings")])
    assert sorted(explained) == sorted(ErrorCode)
