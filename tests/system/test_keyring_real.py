# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Secrets in a real keyring: gnome-keyring, the Secret Service of Debian's and most other desktops.

It runs in a session of its own, with a home folder of its own: nobody's keyring is touched, and nobody is asked
anything. Tasks run in child processes, which find the keyring as every program does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import secretstorage

from system.crew import TESTS
from system.databases import SqliteFile
from system.tasks import ADMINISTRATORS, REST_PRIVATE_KEY, SOAP_PASSWORD, TIGERPAW, Options

PROGRAMS = {"gnome-keyring-daemon": "gnome-keyring", "dbus-daemon": "dbus-daemon"}
KEYRING_PASSWORD = "throw-away"
NEW_PASSWORD = "another Soap pass'w0rd <2>"
SECONDS = 30
CREATION: Options = {
    "name": "Acme",
    "platform": "tigerpaw",
    "solution": "business_hub",
    "tigerpaw": TIGERPAW,
    "administrators": ADMINISTRATORS,
    "verify": "never",
}

# No service is started by a call: whoever wanted to show a prompt would find nobody to show it.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
TASK = """
import json, sys
import keyring
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from system.tasks import perform
backend = keyring.get_keyring()
first = getattr(backend, "backends", [backend])[0]
assert type(first).__module__ == "keyring.backends.SecretService", first
module, options, check_mode = json.load(sys.stdin)
try:
    answer = {"result": perform(module, options, check_mode)}
except IntegrationError as error:
    answer = {"error": error.as_result(), "msg": error.message}
print(json.dumps(answer))
"""


def missing_packages() -> list[str]:
    """Name the packages that are missing."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


@dataclass
class Session:
    """A session with a bus and an unlocked keyring; a registry lies beside it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = SqliteFile(self.folder / "registry" / "registry.sqlite3")

    def run(self, module: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Carry out one task in a process of its own; it has to succeed."""
        answer = self._answer(module, check_mode, options)
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def refusal(self, module: str, **options: Any) -> dict[str, Any]:
        """Carry out one task that has to fail."""
        answer = self._answer(module, check_mode=False, options=options)
        assert "error" in answer, answer
        return answer

    def entries(self) -> dict[str, str]:
        """Return all that the keyring holds, by user name."""
        with self.collection() as collection:
            items = [(item.get_attributes(), item.get_secret()) for item in collection.get_all_items()]
        return {attributes["username"]: secret.decode() for attributes, secret in items}

    def lock(self) -> None:
        """Lock the keyring."""
        with self.collection() as collection:
            collection.lock()

    @contextmanager
    def collection(self) -> Iterator[Any]:
        """Open the keyring by other means than the library of that name."""
        with self.connected() as connection:
            yield secretstorage.get_default_collection(connection)

    def is_ready(self) -> bool:
        """Tell whether the keyring answers; it cannot be started by asking for it."""
        with self.connected() as connection:
            return bool(secretstorage.check_service_availability(connection))

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Connect to the bus of this session."""
        with patch.dict(os.environ, DBUS_SESSION_BUS_ADDRESS=self.environment["DBUS_SESSION_BUS_ADDRESS"]):
            connection = secretstorage.dbus_init()
        with closing(connection):
            yield connection

    def _answer(self, module: str, check_mode: bool, options: Options) -> dict[str, Any]:
        every = {"registry": self.database.address, "actor": "tester", **options}
        done = subprocess.run(
            [sys.executable, "-c", TASK],
            check=False,
            input=json.dumps([module, every, check_mode]),
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    if missing := missing_packages():
        pytest.skip(f"needs the Debian packages {' and '.join(missing)}: apt-get install {' '.join(missing)}")
    prepared = Session(tmp_path, private_environment(tmp_path))
    with running_bus(prepared), running_keyring(prepared):
        yield prepared


def private_environment(folder: Path) -> dict[str, str]:
    """Make all folders that belong to a user this test's own; take every way to a screen or another bus away."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    places = {name: folder / name.lower() for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    for place in places.values():
        place.mkdir(mode=0o700)
    path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    return {**kept, **{name: str(place) for name, place in places.items()}, "PYTHONPATH": path}


@contextmanager
def running_bus(session: Session) -> Iterator[None]:
    socket, configuration = session.folder / "bus", session.folder / "bus.conf"
    configuration.write_text(BUS.format(socket=socket), encoding="utf-8")
    session.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"
    command = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"]
    with started(session, command) as bus:
        assert bus.stdout
        assert bus.stdout.readline().startswith(b"unix:path=")
        yield


@contextmanager
def running_keyring(session: Session) -> Iterator[None]:
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    with started(session, command) as daemon:
        assert daemon.stdin
        daemon.stdin.write(KEYRING_PASSWORD.encode())
        daemon.stdin.close()
        deadline = time.monotonic() + SECONDS
        while not session.is_ready():
            assert time.monotonic() < deadline, "gnome-keyring does not answer"
            time.sleep(0.05)
        yield


@contextmanager
def started(session: Session, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the session, and stop it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=session.environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def stored(entry: str) -> dict[str, str]:
    """Take the secrets out of an entry of the keyring."""
    return {name: item["value"] for name, item in json.loads(entry)["fields"].items()}


def test_entries_come_and_go(session: Session) -> None:
    assert session.entries() == {}

    assert session.run("integration", check_mode=True, **CREATION)["changed"]
    assert session.entries() == {}

    created = session.run("integration", **CREATION)
    integration_id = created["integration"]["id"]
    assert session.run("registry_info")["registry"]["secrets_kept_at"]["backend"].startswith("keyring.backends.")
    first = session.entries()
    [version] = session.database.rows("secret")
    name = f"{integration_id}/{version['version']}"
    assert sorted(first) == sorted(["fingerprint-key", name])
    assert stored(first[name]) == {"soap_password": SOAP_PASSWORD, "rest_private_key": REST_PRIVATE_KEY}
    assert SOAP_PASSWORD not in session.database.text()

    assert not session.run("integration", **CREATION)["changed"]
    assert session.entries() == first

    rotation = CREATION | {"tigerpaw": TIGERPAW | {"soap_password": NEW_PASSWORD}}
    rotated = session.run("integration", **rotation)
    assert rotated["secrets_changed"] == ["soap_password"]
    assert rotated["warnings"] == []
    second = session.entries()
    assert len(second) == 2
    assert name not in second
    [new_name] = set(second) - {"fingerprint-key"}
    assert stored(second[new_name]) == {"soap_password": NEW_PASSWORD, "rest_private_key": REST_PRIVATE_KEY}
    assert second["fingerprint-key"] == first["fingerprint-key"]

    deleted = session.run("integration", name="Acme", state="absent")
    assert deleted["changed"]
    # The key belongs to the registry, which is still there; of the integration nothing is left.
    assert list(session.entries()) == ["fingerprint-key"]
    assert session.database.rows("secret") == []
    assert not session.run("integration", name="Acme", state="absent")["changed"]


def test_a_locked_keyring_is_refused_at_once(session: Session) -> None:
    session.run("integration", **CREATION)
    before = session.database.content()
    session.lock()
    begin = time.monotonic()
    for options in (
        CREATION,
        CREATION | {"name": "Second"},
        {"name": "Acme", "tigerpaw": {"soap_password": NEW_PASSWORD}, "verify": "never"},
        {"name": "Acme", "state": "absent"},
    ):
        refused = session.refusal("integration", **options)
        assert refused["error"]["code"] == "secret_store_missing", refused
        assert "locked" in refused["msg"]
        assert "secret_store: registry" in refused["msg"]
    assert time.monotonic() - begin < SECONDS
    assert session.database.content() == before
    # What needs no secret goes on.
    assert session.run("integration_info")["integrations"][0]["name"] == "Acme"


def test_a_keyring_that_is_locked_from_the_beginning_makes_no_registry(session: Session) -> None:
    session.lock()
    refused = session.refusal("integration", **CREATION)
    assert refused["error"]["code"] == "secret_store_missing"
    assert not session.database.path.exists()


def test_another_session_names_the_keyring_that_holds_the_secrets(session: Session, tmp_path: Path) -> None:
    session.run("integration", **CREATION)
    before = session.database.content()
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    other = Session(stranger, private_environment(stranger))
    other.database = session.database
    with running_bus(other), running_keyring(other):
        refused = other.refusal("integration", **CREATION)
        assert other.entries() == {}
    assert refused["error"]["code"] == "secret_store_elsewhere"
    assert session.database.content() == before
