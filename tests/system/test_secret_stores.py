# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both secret stores: what they keep, when they are opened, and what they say when they cannot be used."""

from __future__ import annotations

import base64
import getpass
import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyrings.alt.file import PlaintextKeyring

from ansible_collections.msp.kaspersky.plugins.module_utils._storage import keyring_store, process
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.encrypted_store import EncryptedStore
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.reader import SecretRecord
from sandbox import Sandbox
from system.databases import Database
from system.keyrings import FolderKeyring, RaisingKeyring, SwallowingKeyring, TruncatingKeyring
from system.tasks import ADMINISTRATORS, OTHER_KEY, REST_PRIVATE_KEY, SECRET_KEY, SOAP_PASSWORD, TIGERPAW, Options
from system.worker import open_secrets
from system.workplace import Workplace

GIVEN = {"soap_password": SOAP_PASSWORD, "rest_private_key": REST_PRIVATE_KEY}
NEW_PASSWORD = "another Soap pass'w0rd <2>"
EDIT: Options = {"name": "Acme", "verify": "never"}


@pytest.fixture
def keyring_workplace(sqlite_workplace: Workplace) -> Workplace:
    """Give a registry whose secrets are in a keyring."""
    return sqlite_workplace


@pytest.fixture
def encrypted_workplace(sqlite_workplace: Workplace) -> Workplace:
    """Give a registry that keeps its secrets itself."""
    sqlite_workplace.common |= {"secret_store": "registry", "secret_key": SECRET_KEY}
    return sqlite_workplace


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[KeyringBackend], None]:
    """Make another keyring the one that this process uses."""

    def used(backend: KeyringBackend) -> None:
        monkeypatch.setattr(keyring.core, "_keyring_backend", backend)

    return used


def versions(workplace: Workplace) -> list[str]:
    return [str(row["version"]) for row in workplace.database.rows("secret")]


def fingerprints(workplace: Workplace) -> dict[str, str]:
    [row] = workplace.database.rows("integration")
    kept = row["fingerprints"]
    found: dict[str, str] = json.loads(kept) if isinstance(kept, str) else kept
    return found


# What is kept, and where


def test_secrets_are_kept_in_the_store_and_nowhere_else(workplace: Workplace) -> None:
    result = workplace.create()
    assert workplace.stored_secrets() == {"Acme": GIVEN}
    workplace.assert_nothing_stranded()
    for text in (workplace.database.text(), json.dumps(result), json.dumps(workplace.run("integration_info"))):
        for secret in (SOAP_PASSWORD, REST_PRIVATE_KEY, json.dumps(SOAP_PASSWORD)[1:-1]):
            assert secret not in text


def test_no_file_of_the_registry_holds_a_secret_even_after_deletion(sqlite_workplace: Workplace) -> None:
    for store in ("keyring", "registry"):
        sqlite_workplace.common |= {"secret_store": store, "secret_key": SECRET_KEY}
        sqlite_workplace.database.restore({})
        sqlite_workplace.create()
        sqlite_workplace.run("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
        assert_no_secret_in_files(sqlite_workplace)
        sqlite_workplace.run("integration", name="Acme", state="absent")
        assert_no_secret_in_files(sqlite_workplace)


def assert_no_secret_in_files(workplace: Workplace) -> None:
    for name, content in workplace.database.snapshot().items():
        for secret in (SOAP_PASSWORD, REST_PRIVATE_KEY, NEW_PASSWORD):
            for encoding in ("utf-8", "utf-16-le"):
                assert secret.encode(encoding) not in content, name
            assert json.dumps(secret)[1:-1].encode() not in content, name
            assert base64.b64encode(secret.encode())[:-4] not in content, name


def test_a_rotation_makes_a_new_version_and_keeps_the_other_secrets(workplace: Workplace) -> None:
    workplace.create()
    [before], marks = versions(workplace), fingerprints(workplace)
    result = workplace.run("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    assert result["secrets_changed"] == ["soap_password"]
    [after] = versions(workplace)
    assert before != after
    assert workplace.stored_secrets() == {"Acme": GIVEN | {"soap_password": NEW_PASSWORD}}
    assert fingerprints(workplace)["rest_private_key"] == marks["rest_private_key"]
    assert fingerprints(workplace)["soap_password"] != marks["soap_password"]
    workplace.assert_nothing_stranded()


def test_an_edit_that_moves_no_secret_makes_no_new_version(workplace: Workplace) -> None:
    workplace.create()
    before = versions(workplace)
    assert workplace.run("integration", **EDIT, tigerpaw={"soap_user_name": "other"})["changed"]
    assert workplace.run("integration", **EDIT, administrators=[{"email": "z@msp.example", "alias": "Z"}])["changed"]
    assert workplace.run("integration", **EDIT, new_name="Renamed")["changed"]
    assert versions(workplace) == before


def test_one_secret_moves_with_its_address_and_the_other_stays(workplace: Workplace) -> None:
    workplace.create(tigerpaw=TIGERPAW | {"soap_url": "https://soap.example"})
    moved = {"url": "https://moved.example", "rest_private_key": "new-rest-key"}
    result = workplace.run("integration", **EDIT, tigerpaw=moved)
    assert result["secrets_changed"] == ["rest_private_key"]
    assert workplace.stored_secrets() == {"Acme": GIVEN | {"rest_private_key": "new-rest-key"}}
    assert workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []


def test_the_same_secret_for_another_address_is_sealed_anew_but_not_changed(workplace: Workplace) -> None:
    workplace.create()
    before = versions(workplace)
    result = workplace.run("integration", **EDIT, tigerpaw=TIGERPAW | {"url": "https://moved.example"})
    assert result["changed"]
    assert result["secrets_changed"] == []
    assert versions(workplace) != before
    workplace.assert_nothing_stranded()
    assert workplace.run("registry", check_integrity=True)["integrity"]["faults"] == []


@pytest.mark.parametrize(("update", "changed"), [("on_change", False), ("always", True), ("on_create", False)])
def test_update_secrets_with_the_same_values(workplace: Workplace, update: str, changed: bool) -> None:
    workplace.create()
    before = versions(workplace)
    result = workplace.create(update_secrets=update)
    assert result["changed"] is changed
    assert (versions(workplace) != before) is changed
    workplace.assert_nothing_stranded()


@pytest.mark.parametrize(
    ("update", "kept"), [("on_change", NEW_PASSWORD), ("always", NEW_PASSWORD), ("on_create", None)]
)
def test_update_secrets_with_another_value(workplace: Workplace, update: str, kept: str | None) -> None:
    workplace.create()
    given = TIGERPAW | {"soap_password": NEW_PASSWORD}
    assert workplace.create(update_secrets=update, tigerpaw=given)["changed"] is bool(kept)
    assert workplace.stored_secrets()["Acme"]["soap_password"] == (kept or SOAP_PASSWORD)


def test_fingerprints_differ_by_registry_integration_and_field(workplace: Workplace) -> None:
    same = TIGERPAW | {"soap_password": "the same", "rest_private_key": "the same"}
    workplace.create(tigerpaw=same)
    first = fingerprints(workplace)
    workplace.run("integration", name="Acme", state="absent")
    workplace.create(tigerpaw=same)
    assert len({*first.values(), *fingerprints(workplace).values()}) == 4


def test_check_mode_stores_nothing(workplace: Workplace) -> None:
    assert workplace.run("integration", check_mode=True, **creation())["changed"]
    assert workplace.keyring.entries() == {}
    assert workplace.database.content() == {}
    workplace.create()
    before = workplace.everything()
    assert workplace.run("integration", check_mode=True, **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})["changed"]
    assert workplace.run("integration", check_mode=True, name="Acme", state="absent")["changed"]
    assert workplace.everything() == before


def creation() -> Options:
    return {
        "name": "Acme",
        "platform": "tigerpaw",
        "solution": "security_center",
        "tigerpaw": TIGERPAW,
        "verify": "never",
    }


# What is opened


def test_an_unchanged_run_opens_no_secret_and_sends_nothing(workplace: Workplace, sandbox: Sandbox) -> None:
    given = creation() | {"tigerpaw": sandbox.tigerpaw_settings(), "verify": "on_change"}
    assert workplace.run("integration", **given)["verification"] == {"rest": "verified", "soap": "verified"}
    opened = Opened(workplace)
    sandbox.forget()
    before = workplace.everything()
    assert not workplace.run("integration", **given)["changed"]
    assert sandbox.requests() == []
    assert opened.entries() == (["fingerprint-key"] if workplace.common["secret_store"] == "keyring" else [])
    assert workplace.everything() == before


def test_an_edit_that_needs_no_secret_opens_none(workplace: Workplace) -> None:
    workplace.create()
    opened = Opened(workplace)
    workplace.run("integration", **EDIT, new_name="Renamed")
    workplace.run("binding", integration="Renamed", companies=["Harbour"])
    workplace.run("integration_info", tenants=True, export=True)
    assert opened.entries() == []


class Opened:
    """Tells which entries of the keyring were read since."""

    def __init__(self, workplace: Workplace) -> None:
        self._names: list[str] = []
        read = workplace.keyring.get_password

        def noted(service: str, username: str) -> str | None:
            self._names.append(username)
            return read(service, username)

        workplace.keyring.get_password = noted  # type: ignore[method-assign]

    def entries(self) -> list[str]:
        return self._names


# The registry as secret store


def test_a_registry_of_its_own_needs_a_key(encrypted_workplace: Workplace) -> None:
    refused = encrypted_workplace.refusal("integration", **creation(), secret_key=None)
    assert refused.code == "secret_key_wrong"
    assert "secret_key_file" in refused.message
    assert encrypted_workplace.database.content() == {}


@pytest.mark.parametrize(
    "key", ["short", "c2hvcnQ=", SECRET_KEY[:-2], f"{SECRET_KEY},{OTHER_KEY[:-3]}", "\u00e9" * 44, "{{ key }}"]
)
def test_what_is_no_key_is_refused_without_being_repeated(encrypted_workplace: Workplace, key: str) -> None:
    refused = encrypted_workplace.refusal("integration", **creation(), secret_key=key)
    assert refused.code == "invalid_settings"
    assert "openssl rand -base64 32" in refused.message
    assert key not in refused.message
    assert not encrypted_workplace.database.content()


def test_both_alphabets_of_base64_make_a_key(encrypted_workplace: Workplace) -> None:
    standard = base64.b64encode(b"\xfb\xff" * 16).decode()
    encrypted_workplace.common["secret_key"] = standard
    encrypted_workplace.create()
    encrypted_workplace.common["secret_key"] = standard.replace("+", "-").replace("/", "_")
    assert not encrypted_workplace.create()["changed"]


def test_another_key_opens_nothing_and_changes_nothing(encrypted_workplace: Workplace) -> None:
    encrypted_workplace.create()
    before = encrypted_workplace.everything()
    encrypted_workplace.common["secret_key"] = OTHER_KEY
    for options in (
        {**EDIT, "tigerpaw": {"soap_password": NEW_PASSWORD}},
        {**EDIT, "tigerpaw": TIGERPAW},
        {**EDIT, "verify": "always"},
        {"name": "Acme", "state": "absent"},
        {**creation(), "name": "Second", "solution": "business_hub", "administrators": ADMINISTRATORS},
    ):
        refused = encrypted_workplace.refusal("integration", **options)
        assert refused.code == "secret_key_wrong", options
    assert encrypted_workplace.refusal("registry", reencrypt=True).code == "secret_key_wrong"
    assert encrypted_workplace.everything() == before


def test_a_rotation_of_the_key(encrypted_workplace: Workplace) -> None:
    """The new key first and the old one behind it; then everything is encrypted anew, and the old one can go."""
    for name in ("Acme", "Second"):
        encrypted_workplace.create(name)
    encrypted_workplace.common["secret_key"] = f"{OTHER_KEY},{SECRET_KEY}"
    assert not encrypted_workplace.create()["changed"]
    preview = encrypted_workplace.run("registry", check_mode=True, reencrypt=True)
    assert (preview["changed"], preview["reencrypted"]) == (True, 3)
    result = encrypted_workplace.run("registry", reencrypt=True)
    assert (result["changed"], result["reencrypted"]) == (True, 3)
    assert not encrypted_workplace.run("registry", reencrypt=True)["changed"]
    encrypted_workplace.common["secret_key"] = OTHER_KEY
    assert not encrypted_workplace.create()["changed"]
    assert encrypted_workplace.run("registry", check_integrity=True)["integrity"]["checked_integrations"] == 2
    encrypted_workplace.common["secret_key"] = SECRET_KEY
    assert encrypted_workplace.refusal("integration", **EDIT, tigerpaw=TIGERPAW).code == "secret_key_wrong"


def test_what_is_written_during_a_rotation_of_the_key_does_not_stay_under_the_old_one(
    encrypted_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted_workplace.create()
    stage = EncryptedStore.stage

    def staged_before_the_rotation(*arguments: Any) -> SecretRecord:
        staged = stage(*arguments)
        monkeypatch.undo()
        encrypted_workplace.run("registry", reencrypt=True, secret_key=f"{OTHER_KEY},{SECRET_KEY}")
        return staged

    monkeypatch.setattr(EncryptedStore, "stage", staged_before_the_rotation)
    second = {**creation(), "name": "Second", "solution": "business_hub", "administrators": ADMINISTRATORS}
    assert encrypted_workplace.refusal("integration", **second).code == "secret_key_wrong"
    encrypted_workplace.common["secret_key"] = OTHER_KEY
    assert encrypted_workplace.run("registry", check_integrity=True)["integrity"]["checked_integrations"] == 1


def test_a_rotation_of_the_key_is_all_or_nothing(encrypted_workplace: Workplace) -> None:
    encrypted_workplace.create()
    encrypted_workplace.common["secret_key"] = OTHER_KEY
    encrypted_workplace.database.query("UPDATE secret SET sealed = 'gAAAAABdamaged'")
    encrypted_workplace.common["secret_key"] = f"{OTHER_KEY},{SECRET_KEY}"
    before = encrypted_workplace.everything()
    assert encrypted_workplace.refusal("registry", reencrypt=True).code in ("secret_key_wrong", "secret_damaged")
    assert encrypted_workplace.everything() == before


def test_encrypting_anew_is_not_for_a_keyring(keyring_workplace: Workplace) -> None:
    keyring_workplace.create()
    assert keyring_workplace.refusal("registry", reencrypt=True).code == "invalid_settings"


@pytest.mark.parametrize("sealed", ["", "rubbish", "gAAAAABdamaged", "\u00e9", None])
def test_a_damaged_secret_is_told_from_a_wrong_key(encrypted_workplace: Workplace, sealed: str | None) -> None:
    encrypted_workplace.create()
    value = "NULL" if sealed is None else f"'{sealed}'"
    encrypted_workplace.database.query(f"UPDATE secret SET sealed = {value}")  # noqa: S608
    refused = encrypted_workplace.refusal("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    assert refused.code == "secret_damaged"
    assert "update_secrets: always" in refused.message
    repaired = encrypted_workplace.run("integration", **EDIT, tigerpaw=TIGERPAW, update_secrets="always")
    assert repaired["changed"]
    assert encrypted_workplace.stored_secrets() == {"Acme": GIVEN}


def test_the_store_of_a_registry_is_fixed(workplace: Workplace) -> None:
    workplace.create()
    before = workplace.everything()
    other = "keyring" if workplace.common["secret_store"] == "registry" else "registry"
    refused = workplace.refusal("integration", **EDIT, tigerpaw=TIGERPAW, secret_store=other, secret_key=SECRET_KEY)
    assert refused.code == "secret_store_elsewhere"
    assert workplace.everything() == before
    workplace.common.pop("secret_store")
    assert not workplace.create()["changed"], "left out, it is the one that the registry has"


# Keyrings that do not work


BACKENDS: dict[str, Callable[[Path], KeyringBackend]] = {
    "none": lambda _folder: fail.Keyring(),  # type: ignore[no-untyped-call]
    "null": lambda _folder: null.Keyring(),  # type: ignore[no-untyped-call]
    "plain text": lambda _folder: PlaintextKeyring(),
    "empty chain": lambda _folder: Chain([]),
    "chain of plain text": lambda _folder: Chain([PlaintextKeyring()]),
    "raising": lambda folder: RaisingKeyring(folder, "get", "set", "delete"),
    "raising at set": lambda folder: RaisingKeyring(folder, "set"),
    "swallowing": SwallowingKeyring,
    "truncating": lambda folder: TruncatingKeyring(folder, 10),
}


class Chain(KeyringBackend):
    """A chain of given members, as the library's own one makes of all that there are."""

    priority = 10.0

    def __init__(self, members: list[KeyringBackend]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.backends = members

    get_password = chainer.ChainerBackend.get_password
    set_password = chainer.ChainerBackend.set_password
    delete_password = chainer.ChainerBackend.delete_password


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_keyring_that_does_not_work_is_refused_and_nothing_is_made(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None], tmp_path: Path, kind: str
) -> None:
    backend = BACKENDS[kind](tmp_path / "broken")
    use(backend)
    for _attempt in range(2):
        refused = keyring_workplace.refusal("integration", **creation())
        assert refused.code == "secret_store_missing", refused.message
        assert "secret_store: registry" in refused.message
        assert SOAP_PASSWORD not in refused.message
        assert keyring_workplace.database.rows("integration") == [] if keyring_workplace.database.tables() else True
    use(keyring_workplace.keyring)
    keyring_workplace.create()
    assert keyring_workplace.stored_secrets() == {"Acme": GIVEN}
    keyring_workplace.assert_nothing_stranded()


@pytest.mark.parametrize(
    "broken",
    [
        lambda folder: RaisingKeyring(folder, "set"),
        lambda folder: RaisingKeyring(folder, "set", "delete"),
        SwallowingKeyring,
        lambda folder: TruncatingKeyring(folder, 60),
    ],
    ids=["raising at set", "raising at set and delete", "swallowing", "truncating"],
)
def test_a_keyring_that_breaks_later_loses_nothing(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None], broken: Callable[[Path], KeyringBackend]
) -> None:
    keyring_workplace.create()
    use(broken(keyring_workplace.keyring.folder))
    refused = keyring_workplace.refusal("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    assert refused.code == "secret_store_missing"
    assert NEW_PASSWORD not in refused.message
    assert keyring_workplace.stored_secrets() == {"Acme": GIVEN}
    use(keyring_workplace.keyring)
    # Its row says that this process writes still; a later one knows better, or it takes too long.
    age_unfinished(keyring_workplace.database)
    assert not keyring_workplace.create()["changed"]
    keyring_workplace.assert_nothing_stranded()


def test_a_secret_that_cannot_be_removed_yet_is_removed_later(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None]
) -> None:
    keyring_workplace.create()
    use(RaisingKeyring(keyring_workplace.keyring.folder, "delete"))
    result = keyring_workplace.run("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    assert result["changed"]
    assert "the next run will" in result["warnings"][0]
    assert len(keyring_workplace.keyring.entries()) == 3
    deleted = keyring_workplace.run("integration", name="Acme", state="absent")
    assert deleted["changed"]
    assert "the next run will" in deleted["warnings"][0]
    use(keyring_workplace.keyring)
    assert not keyring_workplace.run("integration", name="Acme", state="absent")["changed"]
    keyring_workplace.assert_nothing_stranded()


def age_unfinished(database: Database) -> None:
    """Let everything that is being written have begun long ago."""
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    database.query(f"UPDATE secret SET created_at = '{long_ago:%Y-%m-%d %H:%M:%S.%f}' WHERE state = 'writing'")  # noqa: S608


@pytest.mark.parametrize("member", [FolderKeyring])
def test_the_first_member_of_a_chain_is_used(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None], member: Any, tmp_path: Path
) -> None:
    use(Chain([keyring_workplace.keyring, member(tmp_path / "second")]))
    keyring_workplace.create()
    keyring_workplace.assert_nothing_stranded()
    assert keyring_workplace.run("registry_info")["registry"]["secrets_kept_at"] == {
        "host": socket.gethostname(),
        "user": getpass.getuser(),
        "backend": "system.keyrings.FolderKeyring",
    }


# Secrets elsewhere


def test_on_another_machine_the_task_says_where_the_secrets_are(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None], tmp_path: Path
) -> None:
    keyring_workplace.create()
    before = keyring_workplace.everything()
    use(FolderKeyring(tmp_path / "another machine"))
    tasks: list[tuple[str, Options]] = [
        ("integration", {**EDIT, "tigerpaw": TIGERPAW}),
        ("integration", {**EDIT, "verify": "always"}),
        ("integration", {**EDIT, "tigerpaw": TIGERPAW, "update_secrets": "always"}),
        ("integration", creation() | {"name": "Second", "solution": "business_hub", "administrators": ADMINISTRATORS}),
        ("integration", {"name": "Acme", "state": "absent"}),
        ("registry", {"check_integrity": True}),
    ]
    for module, options in tasks:
        refused = keyring_workplace.refusal(module, **options)
        assert refused.code == "secret_store_elsewhere", (module, options)
        assert socket.gethostname() in refused.message
        assert getpass.getuser() in refused.message
    assert keyring_workplace.everything() == before
    # What needs no secret works everywhere.
    assert keyring_workplace.run("integration", **EDIT, new_name="Renamed")["changed"]
    assert keyring_workplace.run("binding", integration="Renamed", companies=["Harbour"])["changed"]
    [listed] = keyring_workplace.run("integration_info", verify=True)["integrations"]
    assert listed["verification"]["error"]["code"] == "secret_store_elsewhere"


def test_another_machine_does_not_remove_what_it_does_not_hold(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None], tmp_path: Path
) -> None:
    keyring_workplace.create()
    use(RaisingKeyring(keyring_workplace.keyring.folder, "delete"))
    keyring_workplace.run("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    use(FolderKeyring(tmp_path / "another machine"))
    result = keyring_workplace.run("integration", **EDIT, new_name="Renamed")
    assert len(result["warnings"]) == 1
    use(keyring_workplace.keyring)
    keyring_workplace.run("integration", name="Renamed", verify="never")
    keyring_workplace.assert_nothing_stranded()


def test_where_a_registry_was_begun_is_not_where_its_secrets_are(
    keyring_workplace: Workplace, monkeypatch: pytest.MonkeyPatch, use: Callable[[KeyringBackend], None], tmp_path: Path
) -> None:
    """A machine that began a registry and could not go on is not the one that the next people are sent to."""
    monkeypatch.setattr(socket, "gethostname", lambda: "first.example")
    use(RaisingKeyring(tmp_path / "first", "set"))
    keyring_workplace.refusal("integration", **creation())
    monkeypatch.setattr(socket, "gethostname", lambda: "second.example")
    use(keyring_workplace.keyring)
    keyring_workplace.create()
    assert keyring_workplace.run("registry_info")["registry"]["secrets_kept_at"]["host"] == "second.example"


@pytest.mark.parametrize("damage", ["", "rubbish \u00e9", "c2hvcnQ="])
def test_a_damaged_fingerprint_key_is_told_as_such(keyring_workplace: Workplace, damage: str) -> None:
    keyring_workplace.create()
    entries = keyring_workplace.keyring.entries()
    [key] = [entry for entry in entries if entry[1] == "fingerprint-key"]
    keyring_workplace.keyring.store(entries | {key: damage})
    before = keyring_workplace.everything()
    assert keyring_workplace.refusal("integration", **EDIT, tigerpaw=TIGERPAW).code == "secret_damaged"
    assert keyring_workplace.everything() == before


def test_a_user_without_a_name_has_a_keyring_as_well(
    keyring_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container, the user's number may stand in no list of users."""

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(process, "getuser", nobody)
    keyring_workplace.common.pop("actor")
    keyring_workplace.create()
    kept_at = keyring_workplace.run("registry_info")["registry"]["secrets_kept_at"]
    assert kept_at["user"] == f"user {os.getuid()}"
    assert keyring_workplace.run("integration_info", history=True)["history"][0]["actor"] == kept_at["user"]


# A slow writer is not a dead one


def test_a_version_that_becomes_valid_while_it_is_swept_up_stays(
    keyring_workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking for what crashed runs left over and removing it, a slow run may have finished after all."""
    keyring_workplace.create()
    [row] = keyring_workplace.database.rows("secret")
    is_stale = keyring_store._is_stale

    def finished_meanwhile(secret: Any) -> bool:
        stale: bool = is_stale(secret)
        keyring_workplace.database.query("UPDATE secret SET state = 'current'")
        return stale

    monkeypatch.setattr(keyring_store, "_is_stale", finished_meanwhile)
    keyring_workplace.database.query("UPDATE secret SET state = 'writing'")
    age_unfinished(keyring_workplace.database)
    keyring_workplace.run("integration", **EDIT)
    assert keyring_workplace.database.rows("secret")[0]["version"] == row["version"]
    assert keyring_workplace.stored_secrets() == {"Acme": GIVEN}


def test_a_version_that_is_taken_for_a_dead_ones_is_written_again(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None]
) -> None:
    """A keyring that asks the user to unlock it may take longer than another run waits."""
    keyring_workplace.create()

    class Slow(FolderKeyring):
        times = 0

        def set_password(self, service: str, username: str, password: str) -> None:
            super().set_password(service, username, password)
            self.times += 1
            if self.times == 1:
                keyring_workplace.database.query("UPDATE secret SET state = 'removing' WHERE state = 'writing'")

    slow = Slow(keyring_workplace.keyring.folder)
    use(slow)
    result = keyring_workplace.run("integration", **EDIT, tigerpaw={"soap_password": NEW_PASSWORD})
    assert result["changed"]
    assert slow.times == 2
    assert keyring_workplace.stored_secrets()["Acme"]["soap_password"] == NEW_PASSWORD
    keyring_workplace.assert_nothing_stranded()


def test_a_reader_that_misses_a_version_looks_for_the_next_one(
    keyring_workplace: Workplace, use: Callable[[KeyringBackend], None]
) -> None:
    """However often it was replaced between looking it up and opening it."""
    keyring_workplace.create()
    other = keyring_workplace.keyring

    class Overtaken(FolderKeyring):
        times = 0

        def get_password(self, service: str, username: str) -> str | None:
            if username != "fingerprint-key" and self.times < 3:
                self.times += 1
                use(other)
                secret = {"soap_password": f"{NEW_PASSWORD} {self.times}"}
                keyring_workplace.run("integration", **EDIT, tigerpaw=secret)
                use(self)
            return super().get_password(service, username)

    use(Overtaken(other.folder))
    opened = open_secrets("secrets", keyring_workplace.options(secret_store=None))
    assert opened["Acme"]["soap_password"] == f"{NEW_PASSWORD} 3"
    use(Overtaken(other.folder))
    integrity = keyring_workplace.run("registry", check_integrity=True)["integrity"]
    assert integrity == {"checked_integrations": 1, "faults": []}, "what changes meanwhile is no damage"
