# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible hands to plugins becomes what modules get, on each version of ansible-core."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template as trusted
except ImportError:  # before ansible-core 2.19, every text was trusted

    def trusted(text: str) -> str:
        return text


from ansible_collections.msp.kaspersky.plugins.plugin_utils.plain_values import masked, plain

VARIABLES = """
text: plain
number: 5
ratio: 0.5
flag: true
nothing:
day: 2026-11-23
moment: 2026-11-23T10:00:00Z
list: [a, {b: c}]
marked: !unsafe "{{ 6 * 7 }}"
"""
READ = {
    "text": "plain",
    "number": 5,
    "ratio": 0.5,
    "flag": True,
    "nothing": None,
    "day": "2026-11-23",
    "moment": "2026-11-23T10:00:00+00:00",
    "list": ["a", {"b": "c"}],
    "marked": "{{ 6 * 7 }}",
}
PLAIN = {str, int, float, bool, type(None), list, dict}


def types_in(value: Any) -> set[type]:
    """Collect the types of a value and of everything inside."""
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return {type(value)}.union(*(types_in(item) for item in inner))


def test_values_of_a_file_lose_their_tags() -> None:
    loaded = plain(DataLoader().load(VARIABLES))
    assert {name: loaded[name] for name in READ} == READ
    assert types_in(loaded) <= PLAIN


def test_rendered_values_are_plain() -> None:
    variables = {**DataLoader().load(VARIABLES), "rendered": trusted("{{ 6 * 7 }} and {{ text }}")}
    templates = {name: trusted("{{ " + name + " }}") for name in ("list", "rendered", "marked")}
    rendered = plain(Templar(loader=None, variables=variables).template(templates))
    assert rendered == {"list": ["a", {"b": "c"}], "rendered": "42 and plain", "marked": "{{ 6 * 7 }}"}
    assert types_in(rendered) <= PLAIN


def test_unsafe_values_are_plain_and_unchanged() -> None:
    value = {"a {{ b }}": ["{{ c }}", ("d", 1)]}
    found = plain(wrap_var(value))
    assert found == {"a {{ b }}": ["{{ c }}", ["d", 1]]}
    assert types_in(found) <= PLAIN
    json.dumps(found)


def vaulted(text: str, loader: DataLoader) -> Any:
    """Load a text that the loader can decrypt."""
    secrets = [("default", VaultSecret(b"password of the vault"))]
    loader.set_vault_secrets(secrets)
    encrypted = VaultLib(secrets).encrypt(text, secrets[0][1], vault_id="default").decode()
    return loader.load("value: !vault |\n" + "".join(f"  {line}\n" for line in encrypted.splitlines()))["value"]


@pytest.mark.parametrize("text", ["s3cret", "{{ 6 * 7 }}", "pässwörd &<"])
def test_vaulted_values_are_decrypted(text: str) -> None:
    # On newer versions the value asks the loader of the running command for its secrets, which a test does not have.
    value = vaulted(text, DataLoader())
    if hasattr(type(value), "_decrypt"):
        object.__setattr__(value, "_plaintext", text)
    found = plain([value])
    assert found == [text]
    assert types_in(found) <= PLAIN


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("S3cret", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
        ({"a": [{"b": "is S3cret here"}]}, {"a": [{"b": "is ******** here"}]}),
        ({"a": 14711}, {"a": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}),
    ],
)
def test_secrets_are_masked_wherever_they_stand(value: Any, shown: Any) -> None:
    assert masked(value, {"S3cret", "4711"}) == shown


def test_nothing_is_copied_where_there_is_nothing_to_mask() -> None:
    result = {"list": ["S3", "cret"], "flag": True, "nothing": None}
    assert masked(result, {"S3cret", "4711"}) is result
    assert masked(result, set()) is result
