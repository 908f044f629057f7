# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
A registry behind TLS: whom the collection trusts, and what it passes on to libpq.

The server is called db.example and is reached by its number, so that libpq has a name to verify.
"""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._storage.database import close_databases
from system.databases import PostgresqlServerWithPort
from system.tasks import SECRET_KEY, perform
from system.tls_front import tls_front

PASSWORD = "the passw0rd of the r0le"
HOST = "db.example"
RULES = """
host all secret 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""

Address = Callable[..., str]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make the authority that has signed the certificate of the server."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServerWithPort]:
    """Run a server that can be reached without TLS."""
    running = PostgresqlServerWithPort(Path(tempfile.mkdtemp(prefix="postgresql-")), RULES)
    with running.connected() as connection:
        connection.execute(f"CREATE ROLE secret LOGIN PASSWORD '{PASSWORD}'".encode())
        connection.execute("CREATE DATABASE closed TEMPLATE template0")
        connection.execute("REVOKE ALL ON DATABASE closed FROM PUBLIC")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def port(server: PostgresqlServerWithPort, authority: trustme.CA) -> Iterator[int]:
    """Let it be reached with TLS."""
    with tls_front(server_context(authority), server.port) as port:
        yield port


@pytest.fixture(scope="module")
def suspicious_port(server: PostgresqlServerWithPort, authority: trustme.CA) -> Iterator[int]:
    """Let it be reached with TLS by those who have a certificate."""
    context = server_context(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    with tls_front(context, server.port) as port:
        yield port


def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """Make the certificate of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """Give the file of the right authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return str(tmp_path / "authority.pem")


@pytest.fixture
def address(port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Address:
    """Write the address of the registry, with parameters."""
    monkeypatch.setenv("HOME", str(tmp_path))  # no authorities of the user's own

    def written(user: str = "postgres", host: str = HOST, port: int = port, **parameters: str) -> str:
        told = "&".join(f"{name}={value}" for name, value in {"hostaddr": "127.0.0.1", **parameters}.items())
        return f"postgresql://{user}@{host}:{port}/postgres?{told}"

    return written


@pytest.fixture(autouse=True)
def fresh_connections() -> Iterator[None]:
    """Let nothing be sent over a connection of an earlier test."""
    close_databases()
    yield
    close_databases()


def outcome(address: str, password: str | None = None) -> IntegrationError:
    """Ask for a registry. Where the connection is fine, the answer is that there is none."""
    options = {"registry": address, "registry_password": password}
    with pytest.raises(IntegrationError) as caught:
        perform("registry_info", {name: value for name, value in options.items() if value})
    assert PASSWORD not in caught.value.message
    assert caught.value.__suppress_context__
    return caught.value


def assert_connects(address: str, password: str | None = None) -> None:
    """A server is trusted, and lets the user in."""
    assert outcome(address, password).code == "registry_missing"


def assert_untrusted(address: str, advice: str) -> None:
    """A server is not trusted, and the message says what to do."""
    error = outcome(address)
    assert error.code == "certificate_untrusted"
    assert advice in error.message


def test_a_registry_is_kept_over_tls(server: PostgresqlServerWithPort, address: Address, trusted: str) -> None:
    options = {"registry": address(sslrootcert=trusted), "secret_store": "registry", "secret_key": SECRET_KEY}
    told = perform("registry", options)
    assert told["created"]
    assert "sslmode=verify-full" in told["registry"]["location"]
    close_databases()
    with server.connected() as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def test_the_authorities_of_the_user_are_taken_by_default(address: Address, trusted: str, tmp_path: Path) -> None:
    assert_untrusted(address(), "give sslrootcert in the address")
    (tmp_path / ".postgresql").mkdir()
    shutil.copy(trusted, tmp_path / ".postgresql" / "root.crt")
    assert_connects(address())


def test_a_variable_may_name_the_authority(address: Address, trusted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential of AWX injects it, and leaves it empty where it has none."""
    monkeypatch.setenv("PGSSLROOTCERT", trusted)
    assert_connects(address())
    monkeypatch.setenv("PGSSLROOTCERT", "")
    assert_connects(address(sslrootcert=trusted))
    assert_untrusted(address(), "give sslrootcert in the address")


def test_an_unknown_authority_is_refused(address: Address, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    assert_untrusted(address(sslrootcert=str(tmp_path / "other.pem")), "give sslrootcert in the address")
    assert_untrusted(address(sslrootcert="system"), "give sslrootcert in the address")


@pytest.mark.parametrize("host", ["other.example", "127.0.0.2"])
def test_the_certificate_of_another_host_is_refused(address: Address, trusted: str, host: str) -> None:
    assert_untrusted(address(host=host, sslrootcert=trusted), "check the name of the host")


def test_a_server_without_tls_is_refused(server: PostgresqlServerWithPort, address: Address, trusted: str) -> None:
    error = outcome(address(port=server.port, sslrootcert=trusted))
    assert error.code == "registry_unreachable"
    assert "does not speak TLS" in error.message


def test_what_the_address_says_of_verification_counts(address: Address, trusted: str) -> None:
    for mode in ("disable", "prefer", "require"):
        assert_connects(address(host="other.example", sslmode=mode))
    assert_connects(address(host="other.example", sslmode="verify-ca", sslrootcert=trusted))
    assert_untrusted(address(sslmode="verify-ca", sslrootcert="/no/such/file"), "give sslrootcert in the address")


def test_this_machine_needs_no_certificate(address: Address) -> None:
    for host in ("localhost", "127.0.0.1"):
        assert_connects(address(host=host))


@pytest.fixture
def certified(address: Address, suspicious_port: int, trusted: str) -> Address:
    """Write the address of the registry where users need certificates."""
    return partial(address, port=suspicious_port, sslrootcert=trusted)


def test_a_user_proves_itself_by_a_certificate(certified: Address, authority: trustme.CA, tmp_path: Path) -> None:
    assert_connects(certified(**client_certificate(authority, tmp_path)))
    error = outcome(certified())
    assert error.code == "registry_unreachable"
    assert "give sslcert and sslkey in the address" in error.message
    stranger = outcome(certified(**client_certificate(trustme.CA(), tmp_path)))
    assert "does not trust the certificate of this user" in stranger.message


def test_a_key_that_others_can_read_is_refused(certified: Address, authority: trustme.CA, tmp_path: Path) -> None:
    given = client_certificate(authority, tmp_path)
    Path(given["sslkey"]).chmod(0o644)
    error = outcome(certified(**given))
    assert error.code == "registry_unreachable"
    assert "be private (0600)" in error.message


def client_certificate(authority: trustme.CA, folder: Path) -> dict[str, str]:
    """Make the certificate of a user, and name its files as the address does."""
    made = authority.issue_cert("user.example")
    files = {"sslcert": folder / "user.crt", "sslkey": folder / "user.key"}
    files["sslcert"].write_bytes(made.cert_chain_pems[0].bytes())
    files["sslkey"].write_bytes(made.private_key_pem.bytes())
    files["sslkey"].chmod(0o600)
    return {name: str(path) for name, path in files.items()}


# What the server tells before anybody is connected


def test_a_password_that_is_wrong_or_missing_is_told(address: Address, trusted: str) -> None:
    place = address("secret", sslrootcert=trusted)
    assert_connects(place, PASSWORD)
    assert "refuses the user or the password" in outcome(place, f"{PASSWORD}, not quite").message
    assert "set registry_password_file" in outcome(place).message


@pytest.mark.parametrize(
    ("user", "database", "told"),
    [
        ("nobody", "postgres", "has no such user"),
        ("postgres", "nothing", "has no such database"),
        ("secret", "closed", "does not let this user into the database"),
    ],
)
def test_what_there_is_not_is_told(address: Address, trusted: str, user: str, database: str, told: str) -> None:
    place = address(user, sslrootcert=trusted).replace("/postgres?", f"/{database}?")
    assert told in outcome(place, PASSWORD).message


def test_a_server_or_user_without_connections_is_told(
    server: PostgresqlServerWithPort, address: Address, trusted: str
) -> None:
    with server.connected() as connection:
        connection.execute("ALTER ROLE secret CONNECTION LIMIT 0")
        error = outcome(address("secret", sslrootcert=trusted), PASSWORD)
        connection.execute("ALTER ROLE secret CONNECTION LIMIT -1")
    assert error.code == "registry_busy"
    assert "has no connection left" in error.message
