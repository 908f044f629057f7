# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Bad input of every kind is refused in one clear message without secrets, and changes nothing.

A task that would succeed is spoilt in every way there is, alone and together with others. What ansible-core's own
validation would refuse already reaches the client here, too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, FieldType, Platform
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.redaction import SecretsInPlay
from ansible_collections.msp.kaspersky.plugins.module_utils.client import IntegrationClient
from system.databases import SqliteFile
from system.tasks import MODULES, Options
from system.workplace import Workplace

# Values by the path of their option, a tuple; ``None`` takes an option out.
Patch = Mapping[Any, Any]

MARK = "sEcReTmArK"
"""Is in every secret and in every value that might be one; no message may contain it."""

# With SQLite and a keyring. The rules know neither database nor secret store: elsewhere, only what is judged by the
# content of the registry is tried, each fault once.
EXAMPLES = 500

# What a refusal of bad input may be called. Anything else means that the input was not looked at first.
REFUSALS = {
    ErrorCode.INVALID_SETTINGS,
    ErrorCode.NOT_FOUND,
    ErrorCode.NAME_TAKEN,
    ErrorCode.PLATFORM_FIXED,
    ErrorCode.SOLUTION_FIXED,
    ErrorCode.INSTANCE_MISMATCH,
    ErrorCode.INSTANCE_UNKNOWN,
    ErrorCode.TENANT_HELD,
    ErrorCode.TENANT_UNKNOWN,
    ErrorCode.TENANTS_BOUND,
    ErrorCode.LAST_ADMINISTRATOR,
    ErrorCode.SECRET_REQUIRED,
    ErrorCode.SECRET_STORE_ELSEWHERE,
}


@dataclass(frozen=True)
class Task:
    """
    A task that has to be refused.

    :param faults: the options that are bad, each by the path under which the refusal names it.
    :param all_told: whether every one of them has to be named; some faults stop a task before the rest is judged.
    """

    module: str
    options: Options
    faults: tuple[str, ...]
    all_told: bool
    check_mode: bool


@dataclass(frozen=True)
class Recipe:
    """
    A good task and the ways to spoil it.

    :param rules: by the option that is named, up to the first blank; whatever else is wrong, these faults are told.
    :param others: faults that are told alone, or in place of those of the rules.
    """

    module: str
    good: Options
    rules: dict[str, SearchStrategy[Patch]] = field(default_factory=dict)
    others: dict[str, SearchStrategy[Patch]] = field(default_factory=dict)


# Values that are bad wherever a text of the kind is expected.

INVISIBLE = "\n\r\t\0\x1b\x7f\x85\u2028\u2029\u202a\u202e\u2066\u2069\u200b\u200e\u200f\u2060\ufeff\u00ad\ud800\uffff"
blanks = st.text(" \t\r\n\u00a0\u3000\u200b\u2060\ufeff\u2800\u3164\ufe0f", max_size=5)
invisible = st.builds(lambda character, rest: f"{MARK}{character}{rest}", st.sampled_from(INVISIBLE), st.just(MARK))
masks = st.sampled_from(
    ["********", "$encrypted$", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "***", "••••••", f"{MARK}********"]
)
templates = st.sampled_from([f"{{{{ {MARK} }}}}", f"{MARK}{{% if x %}}", f"__omit_place_holder__{MARK}"])
no_texts = st.one_of(st.integers(), st.booleans(), st.just(b"sEcReTmArK"), st.just([MARK]), st.just({MARK: MARK}))

bad_names = st.one_of(blanks, invisible, masks, no_texts, st.just(MARK * 30))
TEXTS = (blanks, invisible, masks, templates, no_texts)
bad_texts = st.one_of(*TEXTS)
odd_secrets = st.sampled_from([f"{MARK}\n", f"{MARK}\r\n", f"$ANSIBLE_VAULT;1.1;AES256 {MARK}"])
bad_emails = st.one_of(
    bad_texts,
    st.sampled_from(
        [
            MARK,
            f"{MARK}@",
            f"@{MARK}.example",
            f"{MARK}@msp.example, eve@evil.example",
            f"{MARK}@msp.example;eve@evil.example",
            f"{MARK}@msp.example\nBcc: eve@evil.example",
            f"Ann <{MARK}@msp.example>",
            f"<{MARK}@msp.example>",
            f'"{MARK}"@msp.example',
            f"{MARK}@msp@msp.example",
            f"{MARK}(comment)@msp.example",
            f"{MARK}@[127.0.0.1]",
            f"{MARK}..x@msp.example",
            f"{MARK}@-msp-.example",
            f"{MARK * 7}@msp.example",
        ]
    ),
)
odd_urls = st.sampled_from(
    [
        f"{MARK}.example",
        f"http://{MARK}.example",
        f"ftp://{MARK}.example",
        f"file:///{MARK}",
        f"https://user:{MARK}@api.example",
        f"https://{MARK}@api.example",
        f"https://api.example/?token={MARK}",
        f"https://api.example/#{MARK}",
        f"https://api.example/../{MARK}",
        f"https://api.example/%2e%2e/{MARK}",
        f"https://api.example\\@{MARK}.example",
        f"https://api.example:{MARK}",
        "https://api.example:0",
        "https://api.example:65536",
        f"https://{MARK} .example",
        f"https://{MARK}..example",
        "https://",
        "https://[::1",
        "https://0x7f.1",
    ]
)
odd_hosts = st.sampled_from(
    [
        f"https://{MARK}.example",
        f"{MARK}.example/path",
        f"user:{MARK}@host.example",
        f"{MARK}.example:0",
        f"{MARK}.example:x",
        f"-{MARK}.example",
        f"{MARK}..example",
        "1.2.3",
    ]
)
odd_operations = st.sampled_from(
    [
        "SubmitAgreementAdditionalCharges",
        "submitagreementadditionalcharges",
        f"Delete{MARK}",
        "Getaway",
        "Get Order",
    ]
)
ODD = {FieldType.URL: odd_urls, FieldType.HOST: odd_hosts, FieldType.READING_OPERATION: odd_operations}
unknown_words = st.from_regex(r"[a-z]{1,12}_[a-z]{1,12}", fullmatch=True)


# The registry that the tasks are about.

SETTINGS: dict[str, Options] = {
    "tigerpaw": {
        "soap_user_name": "kaspersky",
        "soap_password": f"{MARK} of SOAP",
        "rest_public_key": "public-key-1",
        "rest_private_key": f"{MARK} of REST",
        "url": "https://tigerpaw.example",
        "soap_check_operation": "GetVersion",
    },
    "connectwise_manage": {
        "host": "connectwise.example",
        "company_id": "msp",
        "client_id": "client",
        "public_key": "public-key-2",
        "private_key": f"{MARK} of ConnectWise",
    },
    "autotask": {
        "user_name": "api@msp.example",
        "password": f"{MARK} of Autotask",
        "api_integration_code": f"{MARK} code",
        "url": "https://autotask.example",
    },
}
ADDRESSES = {"tigerpaw": ("url", "https://moved.example"), "connectwise_manage": ("host", "moved.example")}
ADDRESSES["autotask"] = ("url", "https://moved.example")
STORED = {"tigerpaw": "Acme", "connectwise_manage": "Zenith", "autotask": "Autumn"}
ANN = {"email": "ann@msp.example", "alias": "Ann"}
SECURITY_CENTER: Options = {"instance": "servers", "solution": "security_center"}


def creation(platform: str, name: str) -> Options:
    return {
        "name": name,
        "platform": platform,
        "solution": "business_hub",
        platform: SETTINGS[platform],
        "administrators": [ANN],
        "verify": "never",
    }


def fill(workplace: Workplace) -> dict[str, str]:
    """Put something into every table; returns the ids of the integrations by their names."""
    for platform, name in STORED.items():
        workplace.run("integration", **creation(platform, name))
    workplace.run("integration", **creation("tigerpaw", "Gone"))
    workplace.run("integration", **creation("tigerpaw", "Servers") | SECURITY_CENTER)
    companies = ["Windmill", {"id": "7", "name": "Seven"}]
    workplace.run("binding", integration="Acme", companies=companies)
    workplace.run("binding", integration="Zenith", companies=["Held by Zenith"])
    virtual_servers = [{"uid": "uid-1", "name": "North"}]
    workplace.run("binding", integration="Servers", instance="servers", virtual_servers=virtual_servers)
    workplace.run("integration", name="Gone", state="absent", webhook_url="https://127.0.0.1:9/", retries=0)
    empty = {table for table, rows in workplace.database.content().items() if not rows}
    assert empty <= {"mapping"}
    return {row["name"]: row["id"] for row in workplace.database.rows("integration")}


# How tasks are spoilt.


def option(path: str, values: SearchStrategy[Any], **more: Any) -> SearchStrategy[Patch]:
    """Give one option a bad value, and others the values that go with it."""
    others = {(name,): value for name, value in more.items()}
    return values.map(lambda value: {tuple(path.split(".")): value, **others})


def patches(*choices: Patch) -> SearchStrategy[Patch]:
    return st.sampled_from(choices)


def rules_of(platform: Platform) -> dict[str, SearchStrategy[Patch]]:
    """Break the rules that hold when an integration is created and when it is edited."""
    return {
        **{f"{platform.name}.{name}": bad for name, bad in bad_settings(platform).items()},
        **{name: patches({(name,): SETTINGS[name]}) for name in PLATFORMS if name != platform.name},
        "name": st.one_of(option("name", bad_names), option("name", bad_names, new_name="Still nobody")),
        "administrators": bad_administrators(),
        "reset": st.one_of(
            option("reset", unknown_words.map(lambda word: [word])),
            option("reset", st.sampled_from([["ca_path", item.name] for item in platform.fields if item.required])),
            patches({("reset",): ["validate_certs"], (platform.name, "validate_certs"): True}),
        ),
        "required_secrets": option("required_secrets", unknown_words.map(lambda word: [word])),
        "require_verified": patches(
            {("require_verified",): ["rest"], ("verify",): "never"}, {("require_verified",): ["mail"]}
        ),
    }


def bad_settings(platform: Platform) -> dict[str, SearchStrategy[Patch]]:
    """Give each setting a bad value of each sort, and add a setting that the platform does not have."""
    found: dict[str, SearchStrategy[Patch]] = {}
    for item in platform.fields:
        odd = odd_secrets if item.secret else ODD.get(item.type, st.nothing())
        for number, bad in enumerate((*TEXTS, odd) if item.type is not FieldType.BOOLEAN else ()):
            if not bad.is_empty:
                found[f"{item.name} {number}"] = option(f"{platform.name}.{item.name}", bad)
    known = [item.name for item in platform.fields]
    unknown = unknown_words.filter(lambda word: word not in known)
    return {**found, "": unknown.map(lambda word: {(platform.name, word): MARK})}


def bad_administrators() -> SearchStrategy[Patch]:
    lists = st.one_of(
        st.sampled_from(
            [
                [],
                [{"email": "ann@msp.example"}],
                [{"alias": MARK}],
                [ANN, {"email": "ANN@msp.example", "alias": "Other"}],
            ]
        ),
        bad_emails.map(lambda email: [ANN, {"email": email, "alias": "Bad"}]),
        bad_names.map(lambda alias: [{"email": "bad@msp.example", "alias": alias}]),
    )
    return option("administrators", lists)


# What all modules share. An empty name of an instance or actor is none.
SURROUNDINGS = {
    "instance": option("instance", bad_names.filter(bool)),
    "actor": option("actor", bad_names.filter(bool)),
    "registry": option(
        "registry",
        st.sampled_from(
            [
                f"postgresql://postgres:{MARK}@127.0.0.1:9/registry",
                f"postgresql://postgres@127.0.0.1:9/registry?password={MARK}",
                f"postgresql://postgres@127.0.0.1:9/registry?passfile={MARK}",
                f"postgresql://postgres@127.0.0.1:{MARK}/registry",
                f"mysql://root@127.0.0.1/{MARK}",
                f"sqlite:///{MARK}?mode=ro",
                f"https://user:{MARK}@registry.example/x",
                "sqlite://",
                "sqlite:///:memory:",
                MARK,
            ]
        ),
    ),
    "secret_key_file": patches({("secret_key_file",): "/nowhere/key"}),
}
# And what those share that have to do with secrets.
WITH_SECRETS = {**SURROUNDINGS, "secret_store": patches({("secret_store",): "the other"})}


def of_creation(platform: Platform) -> Recipe:
    missing = {
        f"{platform.name}.{item.name} missing": patches({(platform.name, item.name): None})
        for item in platform.fields
        if item.required
    }
    others = WITH_SECRETS | {
        "platform": patches({("platform",): None}, {("platform",): MARK}, {("platform",): "Tigerpaw"}),
        "solution": patches({("solution",): None}, {("solution",): MARK}, {("solution",): "security_center"}),
        "integration_id": patches({("integration_id",): "no-such-id"}, {("integration_id",): "id of Servers"}),
        "new_name": st.one_of(option("new_name", bad_names), patches({("new_name",): "Still nobody"})),
        "no administrators": patches({("administrators",): None}),
        "no settings": patches({(platform.name,): None}),
    }
    return Recipe("integration", creation(platform.name, "Fresh"), rules_of(platform) | missing, others)


def of_editing(platform: Platform) -> Recipe:
    name, other = STORED[platform.name], next(value for key, value in STORED.items() if key != platform.name)
    secrets = [item.name for item in platform.secret_fields]
    address, moved = ADDRESSES[platform.name]
    without_secrets: Patch = {(platform.name, secret): None for secret in secrets}
    others = WITH_SECRETS | {
        "platform": patches(*({("platform",): other} for other in (*PLATFORMS, MARK) if other != platform.name)),
        "solution": patches({("solution",): "security_center"}, {("solution",): MARK}),
        "integration_id": patches(
            {("integration_id",): "no-such-id"},
            {("integration_id",): "id of Servers"},
            {("integration_id",): f"id of {other}"},
        ),
        "new_name": option("new_name", bad_names),
        "name taken": patches({("new_name",): other}),
        "rename of nothing": patches({("name",): "Nobody", ("new_name",): "Still nobody"}),
        "moved": patches(
            {(platform.name, address): moved, **without_secrets},
            {(platform.name, address): moved, ("update_secrets",): "on_create"},
        ),
        "omitted": patches(*({(platform.name, secret): None, ("required_secrets",): [secret]} for secret in secrets)),
    }
    good = {"name": name, platform.name: SETTINGS[platform.name], "verify": "never"}
    return Recipe("integration", good, rules_of(platform), others)


def of_deletion() -> Recipe:
    others = WITH_SECRETS | {
        "name": option("name", bad_names),
        "new_name": option("new_name", bad_names),
        "no selection": patches({("name",): None}),
        "integration_id": patches({("integration_id",): "id of Servers"}, {("integration_id",): "id of Zenith"}),
        "when_bound": patches({("when_bound",): "fail"}),
        "unbind_only": patches({("unbind_only",): []}, {("unbind_only",): ["Nobody"]}),
        "mail_from": patches(
            {("smtp_host",): "mail.example"},
            {("smtp_host",): "mail.example", ("mail_from",): f"a@msp.example, {MARK}@evil.example"},
            {
                ("smtp_host",): "mail.example",
                ("mail_from",): "a@msp.example",
                ("smtp_encryption",): "none",
                ("smtp_username",): "user",
                ("smtp_password",): MARK,
            },
        ),
        "webhook_url": patches(*({("webhook_url",): url} for url in (f"http://{MARK}.example", MARK, "https://"))),
    }
    return Recipe("integration", {"name": "Acme", "state": "absent"}, {}, others)


def entries_of(identifier: str) -> SearchStrategy[list[Any]]:
    """Give one to three entries that are bad in themselves."""
    flags = st.sampled_from([1, "yes", MARK]) if identifier == "id" else st.nothing()
    bad_uids = st.one_of(bad_texts.filter(lambda value: value is not None), st.just(MARK * 30))
    entry = st.one_of(
        st.sampled_from([5, 1.5, True, [MARK], {}, {"name": None}, b"bytes"]),
        bad_names.filter(lambda name: isinstance(name, str)),
        bad_names.map(lambda name: {"name": name}),
        bad_uids.map(lambda uid: {identifier: uid, "name": "Fine"}),
        unknown_words.map(lambda word: {"name": "Fine", word: MARK}),
        flags.map(lambda flag: {"name": "Fine", "new": flag}),
        st.just({"id": "1", "uid": "1", "name": "Fine"}),
    )
    return st.lists(entry, min_size=1, max_size=3)


def of_binding(good: Options, entries: str, identifier: str, meanings: Sequence[list[Any]]) -> Recipe:
    """
    Spoil a binding.

    :param meanings: lists of entries that are well formed and yet cannot be bound.
    """
    wrong_kind = {"companies": "virtual_servers", "virtual_servers": "companies"}[entries]
    others = SURROUNDINGS | {
        "integration": patches(*({("integration",): name} for name in ("Nobody", "", " ", "acme", "Gone"))),
        "integration_id": patches(
            {("integration_id",): "no-such-id"}, {("integration_id",): "id of Autumn", ("instance",): "elsewhere"}
        ),
        "instance unknown": patches({("instance",): "elsewhere"}),
        "kind": patches(
            {(wrong_kind,): ["Anything"]},
            {(wrong_kind,): [{"uid": "uid-9", "name": "Anything"}], (entries,): None},
            {(entries,): None},
        ),
        "nothing exactly": patches({(entries,): [], ("state",): "exact"}),
        **{f"meaning {number}": patches({(entries,): meaning}) for number, meaning in enumerate(meanings)},
    }
    rules = {entries: option(entries, entries_of(identifier))}
    return Recipe("binding", good, rules, others)


COMPANIES: tuple[list[Any], ...] = (
    ["Fine", "Fine"],
    [{"id": "7"}, {"uid": "7"}],
    [{"id": "9", "name": "Nine"}, "Nine"],
    ["Held by Zenith"],
    ["Windmil"],
    ["wind mill"],
    [{"id": "unknown"}],
    ["Seven", {"id": "7"}],
)
VIRTUAL_SERVERS: tuple[list[Any], ...] = (
    ["Unknown"],
    ["Nort"],
    [{"uid": "unknown"}],
    [{"uid": "uid-2", "name": "Fine"}, {"uid": "uid-2", "name": "Fine"}],
    ["North", {"uid": "uid-1"}],
)
RECIPES = (
    *(of_creation(platform) for platform in PLATFORMS.values()),
    *(of_editing(platform) for platform in PLATFORMS.values()),
    of_deletion(),
    of_binding({"integration": "Acme", "companies": ["Fine"]}, "companies", "id", COMPANIES),
    of_binding(
        {"integration": "Servers", "instance": "servers", "virtual_servers": [{"uid": "uid-2", "name": "Fine"}]},
        "virtual_servers",
        "uid",
        VIRTUAL_SERVERS,
    ),
)


@dataclass(frozen=True)
class Way:
    """One way to spoil one task; ``is_rule`` as in :class:`Recipe`."""

    recipe: Recipe
    name: str
    patches: SearchStrategy[Patch]
    is_rule: bool


def ways_of(recipe: Recipe) -> list[Way]:
    rules = [Way(recipe, name, patches, is_rule=True) for name, patches in recipe.rules.items()]
    return rules + [Way(recipe, name, patches, is_rule=False) for name, patches in recipe.others.items()]


@st.composite
def spoilt(draw: st.DrawFn, first: Way) -> Task:
    """Spoil a good task in one way, alone or together with up to two more."""
    more = draw(st.lists(st.sampled_from(ways_of(first.recipe)), max_size=2))
    options = deepcopy(first.recipe.good)
    for way in (chosen := [first, *more]):
        apply(draw(way.patches), options)
    faults = tuple(way.name.partition(" ")[0] for way in chosen)
    return Task(first.recipe.module, options, faults, all(way.is_rule for way in chosen), draw(st.booleans()))


def apply(patch: Patch, options: Options) -> None:
    for path, value in patch.items():
        place = options
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if place is None:
                return
        if value is None:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = deepcopy(value)


def test_bad_input_is_refused_and_changes_nothing(workplace: Workplace) -> None:
    ids = fill(workplace)
    before = workplace.everything()
    thoroughly = isinstance(workplace.database, SqliteFile) and workplace.common["secret_store"] == "keyring"
    ways = [way for recipe in RECIPES for way in ways_of(recipe) if thoroughly or not way.is_rule]
    seen: Counter[ErrorCode] = Counter()

    def refused(task: Task) -> None:
        error = refusal_of(task, workplace, ids)
        seen[error.code] += 1
        assert workplace.everything() == before
        assert_clear(error, task)

    for way in ways:
        settings(max_examples=ceil(EXAMPLES / len(ways)) if thoroughly else 1)(given(spoilt(way))(refused))()
    assert seen.total() >= (EXAMPLES if thoroughly else len(ways))
    assert set(seen) == REFUSALS


def refusal_of(task: Task, workplace: Workplace, ids: dict[str, str]) -> IntegrationError:
    """Hand a task to the client as it is, past ansible-core's validation."""
    other = "keyring" if workplace.common["secret_store"] == "registry" else "registry"
    options = workplace.common | task.options
    if options["secret_store"] == "the other":
        options["secret_store"] = other
    wanted = options.get("integration_id")
    if wanted:
        options["integration_id"] = ids.get(wanted.removeprefix("id of "), wanted)
    with pytest.raises(IntegrationError) as caught:
        MODULES[task.module][1](IntegrationClient(options, SecretsInPlay(), task.check_mode))
    return caught.value


def assert_clear(error: IntegrationError, task: Task) -> None:
    """It is a refusal, says what is wrong and where, in one paragraph, and repeats no secret."""
    assert error.code in REFUSALS, error.message
    told = error.message + json.dumps(error.as_result(), ensure_ascii=False)
    assert MARK.casefold() not in told.casefold()
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert len(error.message.split()) > 3
    assert error.message.isprintable()
    if task.all_told:
        options = [fault["option"] for fault in error.details["faults"]]
        for fault in task.faults:
            assert any(name.startswith(fault) for name in options), f"{fault} is not told: {error.message}"
