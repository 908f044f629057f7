# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API user that a task means is found with all that use it, or the task is refused with what is unclear."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.api_users import (
    SharedUser,
    desired_credentials,
    shared_user,
    shared_users,
)
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, IntegrationError
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Integration, Solution
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.rotation_plan import plan_rotation

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
HERE, THERE = "https://one.example", "https://two.example"


def integration(name: str, user: str = "kaspersky", key: str = "key-1", url: str = HERE, **others: Any) -> Integration:
    settings = {"soap_user_name": user, "rest_public_key": key, "url": url, "soap_url": None, **others}
    return Integration(
        id=name,
        instance="default",
        name=name,
        platform="tigerpaw",
        solution=Solution.SECURITY_CENTER,
        settings=settings,
        fingerprints={},
        administrators=(),
        revision=1,
        created_at=MOMENT,
        updated_at=MOMENT,
        credentials_changed_at=MOMENT,
    )


def found(
    integrations: list[Integration], user: str = "kaspersky", address: str | None = None, **new: str
) -> SharedUser:
    options = {"user_name": user, "address": address, "tigerpaw": new or {"soap_password": "new-s3cret"}}
    return shared_user(desired_credentials(options), integrations)


def refusal(integrations: list[Integration], user: str = "kaspersky", **options: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        found(integrations, user, **options)
    return caught.value


def names(shared: SharedUser) -> list[str]:
    return [item.name for item in shared.integrations]


def test_it_is_found_by_each_setting_that_names_a_user() -> None:
    every = [integration("A"), integration("B", key="key-2"), integration("C", user="other", key="key-2")]
    assert names(found(every)) == ["A", "B"]
    shared = found(every, "key-2", rest_private_key="new-k3y")
    assert (names(shared), shared.user.api, shared.origin) == (["B", "C"], "rest", "https://one.example:443")


@pytest.mark.parametrize(
    ("platform", "user", "settings"),
    [
        ("connectwise_manage", "public", {"public_key": "public", "host": "na.example"}),
        ("autotask", "public", {"user_name": "public", "url": HERE}),
    ],
)
def test_it_is_found_on_every_platform(platform: str, user: str, settings: dict[str, Any]) -> None:
    stored = replace(integration("A"), platform=platform, settings=settings)
    secret = {"connectwise_manage": "private_key", "autotask": "password"}[platform]
    desired = desired_credentials({"user_name": user, platform: {secret: "new-s3cret"}})
    assert names(shared_user(desired, [stored])) == ["A"]


def test_users_of_one_name_at_several_addresses_are_not_mixed_up() -> None:
    every = [integration("A"), integration("B", url=THERE), integration("C", soap_url=f"{THERE}/soap")]
    error = refusal(every)
    assert error.code is ErrorCode.INVALID_SETTINGS
    assert error.details["addresses"] == {"https://one.example:443": ["A"], "https://two.example:443": ["B", "C"]}
    assert names(found(every, address="two.example")) == ["B", "C"]
    assert refusal(every, address="three.example").details["addresses"] == list(error.details["addresses"])


def test_the_new_name_is_found_where_the_old_one_is_gone() -> None:
    new = {"soap_user_name": "new", "soap_password": "new-s3cret"}
    before = [integration("A"), integration("B"), integration("C", user="new"), integration("D", url=THERE)]
    assert names(found(before, address=HERE, **new)) == ["A", "B", "C"]
    after = [integration("A", user="new"), integration("B", user="new"), integration("C", user="new"), before[-1]]
    assert names(found(after, address=HERE, **new)) == ["A", "B", "C"]
    assert refusal(after, address=HERE).code is ErrorCode.NOT_FOUND


def test_another_user_comes_along_only_if_the_same_integrations_share_it() -> None:
    both = {"soap_password": "new-s3cret", "rest_private_key": "new-k3y"}
    same = [integration("A"), integration("B"), integration("C", user="other", key="key-2")]
    assert names(found(same, **both)) == ["A", "B"]
    for others, told in (
        ([integration("A"), integration("B", key="key-2")], "not all of 'A', 'B' have the same rest_public_key"),
        ([integration("A"), integration("B", user="other")], "others use as well: 'B'"),
        ([integration("A"), integration("B", url=THERE, soap_url=f"{HERE}/soap")], "not all of"),
    ):
        error = refusal(others, **both)
        assert told in error.message
        assert [fault["option"] for fault in error.details["faults"]] == ["tigerpaw.rest_private_key"]
    # Elsewhere the same key is another one.
    assert names(found([integration("A"), integration("B", user="other", url=THERE)], **both)) == ["A"]


def test_a_user_who_is_spelled_otherwise_is_not_overlooked() -> None:
    every = [integration("A"), integration("B", user="Kaspersky"), integration("C", user="KASPERSKY", url=THERE)]
    shared = found(every)
    assert names(shared) == ["A"]
    assert [item.name for item in shared.spelled_otherwise] == ["B"]
    assert found(every, "Kaspersky", soap_user_name="kaspersky", soap_password="new-s3cret").spelled_otherwise == ()


def test_a_user_of_which_nothing_is_given_is_told() -> None:
    error = refusal([integration("A")], "key-1", soap_password="new-s3cret")
    assert error.code is ErrorCode.SECRET_REQUIRED
    assert "rest_private_key" in error.message
    assert refusal([integration("A")], "kaspersk").details["near_matches"] == ["kaspersky"]


@pytest.mark.parametrize(
    ("options", "faulty"),
    [
        ({}, ["platform"]),
        ({"platform": "autotask"}, ["platform"]),
        ({"tigerpaw": {"soap_password": "s3cret"}, "autotask": {"password": "s3cret"}}, ["platform"]),
        ({"platform": "autotask", "tigerpaw": {"soap_password": "s3cret"}}, ["tigerpaw"]),
        ({"tigerpaw": {}}, ["tigerpaw"]),
        ({"tigerpaw": {"soap_user_name": "new"}}, ["tigerpaw.soap_user_name"]),
        ({"tigerpaw": {"soap_user_name": "new", "rest_private_key": "k3y"}}, ["tigerpaw.soap_user_name"]),
        (
            {"tigerpaw": {"soap_password": "********"}, "address": "https://u:p@x"},
            ["address", "tigerpaw.soap_password"],
        ),
        (
            {"tigerpaw": {"soap_password": "s3cret"}, "required_secrets": ["rest_private_key"]},
            ["tigerpaw.rest_private_key"],
        ),
        ({"tigerpaw": {"soap_password": "s3cret"}, "require_verified": ["rest"]}, ["require_verified"]),
    ],
)
def test_faults_are_told_with_their_options(options: dict[str, Any], faulty: list[str]) -> None:
    with pytest.raises(IntegrationError) as caught:
        desired_credentials({"user_name": "kaspersky", **options})
    assert [fault["option"] for fault in caught.value.details["faults"]] == faulty
    assert "s3cret" not in caught.value.message


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("kl"), st.sampled_from([HERE, THERE])), min_size=1))
def test_nobody_is_left_behind_and_nobody_else_is_touched(uses: list[tuple[str, str, str]]) -> None:
    every = [integration(str(number), *use) for number, use in enumerate(uses)]
    user, _key, address = uses[0]
    desired = desired_credentials({"user_name": user, "address": address, "tigerpaw": {"soap_password": "new-s3cret"}})
    shared = shared_user(desired, every)
    assert set(names(shared)) == {str(number) for number, use in enumerate(uses) if (use[0], use[2]) == (user, address)}
    listed = [item for item in shared_users(every) if item.user == shared.user and item.origin == shared.origin]
    assert shared.integrations in [item.integrations for item in listed if item.name == user]
    plan = plan_rotation(desired, shared, dict.fromkeys(names(shared), frozenset({"soap_password"})))
    assert plan.changed
    assert "new-s3cret" not in str((plan.before, plan.after, desired))
    assert not plan_rotation(desired, shared, dict.fromkeys(names(shared), frozenset())).changed
