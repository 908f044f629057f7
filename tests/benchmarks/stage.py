# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the measured plays need around them: databases, registries, and sandboxes, each made when it is first needed."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any

from tools.sandbox_child import running_sandbox

from system.databases import PostgresqlServer

from .filling import fill
from .players import Play, Player
from .samples import SQLITE

KEY = "YmVuY2htYXJrLWtleS1ub3QtdXNlZC1lbHNld2hlcmU="
SERVERS = 4
SLOW = 0.2
PLAIN = "plain"

TIGERPAW = {
    "soap_user_name": "kaspersky",
    "soap_password": "soap-password-4711",
    "rest_public_key": "public",
    "rest_private_key": "private-key-0815",
    "url": "https://tigerpaw.example",
}


@dataclass(frozen=True)
class Sizes:
    """
    How much is measured.

    :param slow: how many items or hosts where each starts a process.
    :param verified: how many integrations are verified.
    :param singly: how many of them one after the other.
    :param clients: how many change the PSA; ``more_clients`` are ten times as many.
    """

    items: int = 1000
    hosts: int = 200
    slow: int = 30
    companies: int = 10_000
    more_companies: int = 100_000
    integrations: int = 10_000
    tenants: int = 100_000
    verified: int = 100
    singly: int = 20
    clients: int = 1000
    more_clients: int = 10_000


@dataclass
class Stage:
    """
    A private folder in which everything happens.

    :param exits: ends what was started.
    :param bound: the registry that was last bound in, by database and number of companies.
    :param mapped: the same of mappings.
    """

    folder: Path
    sizes: Sizes
    exits: ExitStack
    bound: dict[tuple[str, int], str] = field(default_factory=dict)
    mapped: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "key").write_text(KEY, encoding="utf-8")
        self._numbers = count()
        variables = {
            "ansible_python_interpreter": sys.executable,
            "secret_key_file": str(self.folder / "key"),
            "tigerpaw": TIGERPAW,
        }
        self.player = Player(self.folder, variables)
        self.kept = cache(self._kept)
        self.filled = cache(self._filled)
        self.psa = cache(self._psa)
        self.leaving = cache(self._leaving)

    def fresh(self, database: str) -> str:
        """Make a registry with one integration, and return its address."""
        address = self._empty(database)
        self._create(address, 1)
        return address

    def to_map(self, database: str, clients: int) -> str:
        """Make a registry with an integration that leads to a PSA and holds clients, none of them mapped."""
        address = self._empty(database)
        self._lead(address, clients)
        self._bind(address, clients, "New")
        return address

    @cached_property
    def server(self) -> PostgresqlServer:
        """A PostgreSQL server with the settings that it comes with."""
        server = PostgresqlServer(self.folder / "postgresql")
        self.exits.callback(server.stop)
        with server.connected() as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")
        return server

    @cached_property
    def plain_table(self) -> dict[str, str]:
        """A table with an index, as somebody might have one who does without us."""
        with self.server.connected() as connection:
            connection.execute(f"CREATE DATABASE {PLAIN}")
        with self.server.connected(PLAIN) as connection:
            connection.execute("CREATE TABLE integration (name text PRIMARY KEY, settings text NOT NULL)")
            connection.execute(
                "INSERT INTO integration SELECT 'Integration ' || number, '{}' FROM generate_series(0, %s) AS number",
                (self.sizes.items,),
            )
        return {"socket": self.server.socket_folder, "database": PLAIN}

    @cached_property
    def sandbox(self) -> dict[str, Any]:
        """The details of a sandbox that answers at once."""
        return self._sandbox("sandbox")

    @cached_property
    def reached(self) -> str:
        """A registry with an integration that leads to the sandbox."""
        address = self._empty(SQLITE)
        variables = {"registry": address, "how_many": 1, "tigerpaw": self.sandbox["tigerpaw"]}
        self.player.play(Play("loops.yml", "verified", variables, changes=True))
        return address

    @cached_property
    def slow_integrations(self) -> str:
        """A registry with integrations, an API user each, that lead to servers which take their time."""
        servers = [self._sandbox(f"slow{number}") for number in range(SERVERS)]
        for server in servers:
            for system in ("rest", "soap"):
                tell(server, "/misbehave", {"system": system, "kind": "slow", "times": "always", "seconds": SLOW})
        customers = [new_user(servers[number % SERVERS]) for number in range(self.sizes.verified)]
        address = self._empty(SQLITE)
        variables = {"registry": address, "customers": customers}
        self.player.play(Play("large.yml", "customers", variables, changes=True))
        return address

    def _kept(self, database: str) -> str:
        """Make a registry with an integration for each item or host."""
        address = self._empty(database)
        self._create(address, max(self.sizes.items, self.sizes.hosts, self.sizes.slow))
        return address

    def _filled(self, database: str) -> str:
        """Make a registry with many integrations and tenants."""
        address = self.fresh(database)
        fill(address, self.sizes.integrations, self.sizes.tenants)
        return address

    def _psa(self, clients: int) -> dict[str, Any]:
        """Run a ConnectWise Manage that has an account for each client, and return the settings that lead to it."""
        server = self._sandbox(f"psa{clients}")
        accounts = [{"id": number + 1, "name": account_name(number)} for number in range(clients)]
        tell(server, "/companies", {"connectwise_manage": accounts}, "PUT")
        settings: dict[str, Any] = server["connectwise_manage"]
        return settings

    def _leaving(self, clients: int) -> str:
        """Make a registry in which one integration holds clients, and another one leads to the PSA that they go to."""
        address = self.fresh(SQLITE)
        self._bind(address, clients, "Integration 0")
        self._lead(address, clients)
        return address

    def _lead(self, address: str, clients: int) -> None:
        variables = {"registry": address, "connectwise_manage": self.psa(clients)}
        self.player.play(Play("psa.yml", "keep", variables, changes=True))

    def _bind(self, address: str, clients: int, integration: str) -> None:
        names = [client_name(number) for number in range(clients)]
        variables = {"registry": address, "integration": integration, "companies": names}
        self.player.play(Play("psa.yml", "bind", variables, changes=True))

    def _create(self, address: str, how_many: int) -> None:
        variables = {"registry": address, "how_many": how_many}
        self.player.play(Play("loops.yml", "integration", variables, changes=True))

    def _empty(self, database: str) -> str:
        name = f"registry{next(self._numbers)}"
        if database == SQLITE:
            return f"sqlite:///{self.folder / name}.sqlite3"
        with self.server.connected() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://postgres@/{name}?host={self.server.socket_folder}"

    def _sandbox(self, name: str) -> dict[str, Any]:
        return self.exits.enter_context(running_sandbox(Path(sys.executable), self.folder / f"{name}.json"))


@contextmanager
def staged(folder: Path, sizes: Sizes) -> Iterator[Stage]:
    """Set the stage in a folder; all that was started ends with this block."""
    with ExitStack() as exits:
        yield Stage(folder, sizes, exits)


def client_name(number: int) -> str:
    """Name a client as the Kaspersky side does."""
    return f"Company {number}"


def account_name(number: int) -> str:
    """Name a client as the PSA does: every second one in another way, so that names have to be normalised."""
    return client_name(number).upper() + ", Ltd." if number % 2 else client_name(number)


def new_user(sandbox: dict[str, Any]) -> dict[str, Any]:
    """Make an API user in a sandbox, and return the settings that lead to it."""
    rest, soap = (tell(sandbox, "/users", {"system": system}) for system in ("rest", "soap"))
    return {
        **sandbox["tigerpaw"],
        "rest_public_key": rest["name"],
        "rest_private_key": rest["secret"],
        "soap_user_name": soap["name"],
        "soap_password": soap["secret"],
    }


def tell(sandbox: dict[str, Any], path: str, body: dict[str, Any], method: str = "POST") -> Any:
    """Tell the control API of a sandbox something, and return what it answers."""
    request = urllib.request.Request(  # noqa: S310 - our own sandbox
        f"{sandbox['control_url']}{path}", data=json.dumps(body).encode(), method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return json.load(answer)
