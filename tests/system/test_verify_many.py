# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many integrations are verified at once, and yet no server is flooded and no API user locked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from ansible_collections.msp.kaspersky.plugins.module_utils._operations import bounded_pool
from sandbox import Sandbox
from sandbox.records import RecordedRequest

from .workplace import Workplace

LIMIT = 4
COUNT = 12
SLOW = 0.05


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_pool, "AT_ONE_ORIGIN", LIMIT)


def most_at_once(requests: Iterable[RecordedRequest], seconds: float | None = None) -> int:
    """
    Count the requests that were waiting for their answers at the busiest moment.

    :param seconds: how long each was surely waiting; by default until the server noted that it had answered, which a
        busy machine may do when the next one is there already.
    """
    moments: list[tuple[datetime, int]] = []
    for request in requests:
        assert request.answered
        end = request.answered if seconds is None else request.arrived + timedelta(seconds=seconds)
        moments += [(request.arrived, 1), (end, -1)]
    waiting = most = 0
    for _moment, change in sorted(moments):
        waiting += change
        most = max(most, waiting)
    return most


def add_integration(sandbox: Sandbox, workplace: Workplace, name: str) -> None:
    """Keep an integration with API users of its own."""
    rest, soap = sandbox.add_user("rest"), sandbox.add_user("soap")
    own = sandbox.tigerpaw_settings(
        rest_public_key=rest.name, rest_private_key=rest.secret, soap_user_name=soap.name, soap_password=soap.secret
    )
    workplace.create(name, tigerpaw=own)


def make_slow(sandbox: Sandbox) -> None:
    for system in ("rest", "soap"):
        sandbox.misbehave(system, "slow", "always", seconds=SLOW)


def test_one_origin_gets_no_more_than_the_limit(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    for number in range(COUNT):
        add_integration(sandbox, sqlite_workplace, f"Client {number:02}")
    make_slow(sandbox)
    listed = sqlite_workplace.run("integration_info", verify=True)["integrations"]
    assert [item["name"] for item in listed] == [f"Client {number:02}" for number in range(COUNT)]
    assert {item["verification"]["state"] for item in listed} == {"verified"}
    assert most_at_once(sandbox.requests(), SLOW) <= LIMIT <= most_at_once(sandbox.requests())
    assert sandbox.requests(writing=True) == []


def test_one_wsdl_is_enough_for_all(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    for number in range(COUNT):
        add_integration(sandbox, sqlite_workplace, f"Client {number:02}")
    sqlite_workplace.run("integration_info", verify=True)
    operations = Counter(request.operation for request in sandbox.requests("soap"))
    # On a busy machine a connection may break, and what was asked by it is asked again.
    assert 1 <= operations["WSDL"] < LIMIT
    assert 2 * COUNT <= operations["GetAccountList"] < 3 * COUNT  # the second time without credentials


def test_nothing_of_one_reaches_another(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    for number in range(COUNT):
        add_integration(sandbox, sqlite_workplace, f"Client {number:02}")
    make_slow(sandbox)
    sqlite_workplace.run("integration_info", verify=True)
    names = {user.name for user in sandbox.users()}
    called = [request.text for request in sandbox.requests("soap") if "AuthHeader" in request.text]
    users = Counter(name for text in called for name in names if f">{name}<" in text)
    assert len(called) == COUNT
    assert set(users.values()) == {1}
    assert len(users) == COUNT
    assert not [request for request in sandbox.requests() if "cookie" in request.headers]


def test_a_shared_user_is_asked_in_turn_and_no_more_once_refused(sandbox: Sandbox, sqlite_workplace: Workplace) -> None:
    for number in range(COUNT):
        sqlite_workplace.create(f"Client {number:02}", tigerpaw=sandbox.tigerpaw_settings())
    make_slow(sandbox)
    sqlite_workplace.run("integration_info", verify=True)
    assert most_at_once(sandbox.requests(), SLOW) == 1
    sandbox.forget()
    sandbox.add_user("soap", name=sandbox.state.credentials.soap_user_name, secret="changed-there")
    listed = sqlite_workplace.run("integration_info", verify=True)["integrations"]
    assert {item["verification"]["state"] for item in listed} == {"failed"}
    assert len([request for request in sandbox.requests("soap") if "AuthHeader" in request.text]) == 1
    assert len([item for item in listed if "shared_with" in item["verification"]["error"]]) == COUNT - 1
