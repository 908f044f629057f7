# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options become the wanted state, or are refused with every fault at once and without repeating a value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.msp.kaspersky.plugins.module_utils._domain.errors import ErrorCode, InvalidSettings
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.model import Administrator, Integration, Solution
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.platforms import PLATFORMS, FieldType, Platform
from ansible_collections.msp.kaspersky.plugins.module_utils._domain.rules import (
    check_selection,
    desired_integration,
    no_such_integration,
    secret_origins,
    selection,
)

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
ANN, BOB = {"email": "ann@msp.example", "alias": "Ann"}, {"email": "bob@msp.example", "alias": "Bob"}
SETTINGS: dict[str, dict[str, Any]] = {
    "tigerpaw": {
        "soap_user_name": "kaspersky",
        "soap_password": "soap-Passw0rd",
        "rest_public_key": "public-1",
        "rest_private_key": "private-Key-1",
    },
    "connectwise_manage": {
        "host": "na.myconnectwise.net",
        "company_id": "acme",
        "client_id": "client-1",
        "public_key": "public-2",
        "private_key": "private-Key-2",
    },
    "autotask": {
        "user_name": "api@acme.example",
        "password": "autotask-Passw0rd",
        "api_integration_code": "CODE-1234567",
    },
}
EVERY_PLATFORM = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
EVERY_FIELD = pytest.mark.parametrize(
    ("platform", "field"),
    [(platform, item.name) for platform in PLATFORMS.values() for item in platform.fields],
)
EVERY_TEXT_FIELD = pytest.mark.parametrize(
    ("platform", "field"),
    [
        (platform, item.name)
        for platform in PLATFORMS.values()
        for item in platform.fields
        if item.type is not FieldType.BOOLEAN
    ],
)


def creation(platform: str = "tigerpaw", **changes: Any) -> dict[str, Any]:
    """Return options that create an integration; a change to ``None`` leaves an option out."""
    options = {"platform": platform, "solution": "security_center", platform: dict(SETTINGS[platform]), **changes}
    return {name: value for name, value in options.items() if value is not None}


def stored(platform: str = "tigerpaw", **changes: Any) -> Integration:
    """Return the integration that :func:`creation` makes, as it is kept."""
    wanted = desired_integration(creation(platform), None)
    values: dict[str, Any] = {
        "id": "11111111-1111-4111-8111-111111111111",
        "instance": "default",
        "name": wanted.name,
        "platform": platform,
        "solution": wanted.solution,
        "settings": wanted.settings,
        "fingerprints": dict.fromkeys(wanted.secrets, "fingerprint"),
        "administrators": wanted.administrators,
        "revision": 1,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "credentials_changed_at": MOMENT,
        **changes,
    }
    return Integration(**values)


def refusal(options: dict[str, Any], kept: Integration | None = None) -> InvalidSettings:
    with pytest.raises(InvalidSettings) as caught:
        desired_integration(options, kept)
    return caught.value


def refused_or_not(options: dict[str, Any], kept: Integration | None = None) -> InvalidSettings | None:
    try:
        desired_integration(options, kept)
    except InvalidSettings as refused:
        return refused
    return None


def faulty_options(options: dict[str, Any], kept: Integration | None = None) -> dict[str, ErrorCode]:
    """Return what is refused, with the code of each."""
    return {fault.option: fault.code for fault in refusal(options, kept).faults}


# Creation


@EVERY_PLATFORM
def test_the_required_settings_are_enough_to_create_an_integration(platform: Platform) -> None:
    wanted = desired_integration(creation(platform.name), None)
    assert wanted.name == f"Integration with {platform.title}"
    assert wanted.platform is platform
    assert wanted.solution is Solution.SECURITY_CENTER
    assert wanted.administrators == ()
    assert wanted.secrets == {item.name: SETTINGS[platform.name][item.name] for item in platform.secret_fields}
    assert wanted.settings == {
        item.name: SETTINGS[platform.name].get(item.name, item.default) for item in platform.plain_fields
    }


@EVERY_PLATFORM
def test_everything_required_is_missed_at_once(platform: Platform) -> None:
    options = {"platform": platform.name, "administrators": [{}]}
    required = [f"{platform.name}.{item.name}" for item in platform.fields if item.required]
    administrator = ["administrators[0].email", "administrators[0].alias"]
    assert sorted(faulty_options(options)) == sorted(["solution", *administrator, *required])


@EVERY_PLATFORM
def test_each_required_setting_is_required(platform: Platform) -> None:
    for item in platform.fields:
        options = creation(platform.name)
        options[platform.name].pop(item.name, None)
        if item.required:
            assert list(faulty_options(options)) == [f"{platform.name}.{item.name}"]
        else:
            assert desired_integration(options, None).settings[item.name] == item.default


def test_no_setting_is_required_twice_when_it_is_null() -> None:
    options = creation()
    options["tigerpaw"]["soap_password"] = None
    assert list(faulty_options(options)) == ["tigerpaw.soap_password"]


def test_a_creation_needs_platform_and_solution() -> None:
    assert sorted(faulty_options({"name": "Acme"})) == ["platform", "solution"]


def test_the_settings_tell_no_platform_of_a_creation() -> None:
    assert "platform" in faulty_options({"solution": "security_center", "tigerpaw": SETTINGS["tigerpaw"]})


def test_a_name_of_ones_own_replaces_the_default() -> None:
    assert desired_integration(creation(name=" Acme "), None).name == "Acme"


# Faults of values


@EVERY_TEXT_FIELD
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u200b"])
@pytest.mark.parametrize("edit", [False, True], ids=["create", "edit"])
def test_no_setting_can_be_blank(platform: Platform, field: str, blank: str, edit: bool) -> None:
    options = creation(platform.name)
    options[platform.name][field] = blank
    kept = stored(platform.name) if edit else None
    faults = refusal(options, kept).faults
    assert [(fault.option, fault.message) for fault in faults] == [(f"{platform.name}.{field}", "must not be blank")]


@EVERY_TEXT_FIELD
@pytest.mark.parametrize("mask", ["********", "$encrypted$", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "{{ lookup }}"])
def test_no_setting_can_be_a_mask_or_a_template(platform: Platform, field: str, mask: str) -> None:
    assert list(faulty_options({platform.name: {field: mask}}, stored(platform.name))) == [f"{platform.name}.{field}"]


def test_a_secret_with_a_newline_at_its_end_is_refused() -> None:
    assert list(faulty_options({"tigerpaw": {"soap_password": "secret\n"}}, stored())) == ["tigerpaw.soap_password"]


@pytest.mark.parametrize("operation", ["SubmitAgreementAdditionalCharges", "Submit", "DeleteAccount"])
def test_a_writing_operation_is_no_check(operation: str) -> None:
    options = {"tigerpaw": {"soap_check_operation": operation}}
    assert list(faulty_options(options, stored())) == ["tigerpaw.soap_check_operation"]


def test_an_address_with_a_password_is_refused() -> None:
    refused = refusal(creation(tigerpaw={**SETTINGS["tigerpaw"], "url": "https://ann:hunter22@tigerpaw.example"}))
    assert [fault.option for fault in refused.faults] == ["tigerpaw.url"]
    assert "hunter22" not in refused.message


@EVERY_PLATFORM
def test_an_unknown_setting_is_refused_with_the_nearest_right_one(platform: Platform) -> None:
    for item in platform.fields:
        mistyped = f"{item.name}x"
        faults = refusal({platform.name: {mistyped: "value"}}, stored(platform.name)).faults
        assert [fault.option for fault in faults] == [f"{platform.name}.{mistyped}"]
        assert item.name in faults[0].message


def test_an_unknown_setting_without_a_near_one_is_refused_with_all() -> None:
    message = refusal({"tigerpaw": {"zzz": "value"}}, stored()).message
    assert all(item.name in message for item in PLATFORMS["tigerpaw"].fields)


def test_unknown_platform_and_solution_are_refused_with_the_nearest() -> None:
    refused = refusal({"platform": "tigerpaws", "solution": "security_centre"})
    assert {fault.option for fault in refused.faults} == {"platform", "solution"}
    assert "did you mean tigerpaw" in refused.message
    assert "did you mean security_center" in refused.message


def test_settings_of_another_platform_are_refused() -> None:
    options = creation(autotask=SETTINGS["autotask"])
    assert list(faulty_options(options)) == ["autotask"]
    assert list(faulty_options({"autotask": SETTINGS["autotask"]}, stored())) == ["autotask"]


def test_all_faults_are_reported_together() -> None:
    options = creation(
        name="\n",
        new_name=" ",
        solution="cloud",
        autotask={"password": "x"},
        reset=["soap_password", "nothing"],
        required_secrets=["private_key"],
        require_verified=["mail"],
        verify="never",
        administrators=[{"email": "a@b@c", "alias": "\u202e"}, ANN, {**ANN, "alias": "Other"}],
        tigerpaw={"soap_user_name": " ", "soap_password": "********", "url": "http://api.example", "colour": "red"},
    )
    assert set(faulty_options(options)) == {
        "name",
        "new_name",
        "solution",
        "autotask",
        "reset",
        "required_secrets",
        "require_verified",
        "administrators",
        "administrators[0].email",
        "administrators[0].alias",
        "tigerpaw.soap_user_name",
        "tigerpaw.soap_password",
        "tigerpaw.rest_public_key",
        "tigerpaw.rest_private_key",
        "tigerpaw.url",
        "tigerpaw.colour",
    }


# Edits


@EVERY_PLATFORM
def test_what_is_omitted_stays(platform: Platform) -> None:
    kept = stored(platform.name, administrators=(Administrator("ann@msp.example", "Ann"),))
    wanted = desired_integration({"name": kept.name}, kept)
    assert (wanted.name, wanted.platform, wanted.solution) == (kept.name, platform, kept.solution)
    assert wanted.settings == kept.settings
    assert wanted.administrators == kept.administrators
    assert wanted.secrets == {}


def test_defaults_apply_at_creation_only() -> None:
    kept = stored(settings={**stored().settings, "validate_certs": False, "ca_path": "/etc/ca.pem"})
    assert desired_integration({"tigerpaw": {"rest_public_key": "public-9"}}, kept).settings == {
        **kept.settings,
        "rest_public_key": "public-9",
    }


def test_a_setting_that_is_null_counts_as_omitted() -> None:
    kept = stored()
    assert desired_integration({"tigerpaw": dict.fromkeys(SETTINGS["tigerpaw"])}, kept).settings == kept.settings


@EVERY_FIELD
def test_only_optional_settings_can_be_reset(platform: Platform, field: str) -> None:
    declared = platform.field(field)
    moves = declared.type is FieldType.URL  # and what is sent there has to be given again
    given = SETTINGS[platform.name] if moves else {}
    options = {"reset": [field], platform.name: {name: value for name, value in given.items() if name != field}}
    kept = stored(platform.name, settings={**stored(platform.name).settings, field: "https://other.example"})
    if declared.required or declared.secret:
        assert list(faulty_options(options, kept)) == ["reset"]
    else:
        assert desired_integration(options, kept).settings[field] == declared.default


def test_a_setting_cannot_be_given_and_reset() -> None:
    options = {"reset": ["ca_path"], "tigerpaw": {"ca_path": "/etc/ca.pem"}}
    assert list(faulty_options(options, stored())) == ["reset"]


def test_platform_and_solution_are_fixed() -> None:
    kept = stored()
    options = {"platform": "autotask", "solution": "business_hub", "administrators": [ANN]}
    assert faulty_options(options, kept) == {
        "platform": ErrorCode.PLATFORM_FIXED,
        "solution": ErrorCode.SOLUTION_FIXED,
    }
    assert refusal({"platform": "autotask"}, kept).code is ErrorCode.PLATFORM_FIXED
    assert refusal({"solution": "business_hub", "administrators": [ANN]}, kept).code is ErrorCode.SOLUTION_FIXED
    assert desired_integration({"platform": "tigerpaw", "solution": "security_center"}, kept).name == kept.name


def test_a_name_beside_the_id_has_to_match() -> None:
    kept = stored(name="Acme")
    options = {"integration_id": kept.id, "name": "Acme north"}
    assert list(faulty_options(options, kept)) == ["name"]
    assert desired_integration({**options, "new_name": "Acme"}, kept).name == "Acme"


def test_a_new_name_renames() -> None:
    kept = stored(name="Acme")
    assert desired_integration({"name": "Acme", "new_name": " Acme north "}, kept).name == "Acme north"


# Administrators


def test_administrators_are_the_full_list_in_any_order() -> None:
    wanted = desired_integration(creation(administrators=[BOB, ANN]), None)
    assert wanted.administrators == (
        Administrator("ann@msp.example", "Ann"),
        Administrator("bob@msp.example", "Bob"),
    )
    kept = stored(administrators=wanted.administrators)
    assert desired_integration({"administrators": []}, kept).administrators == ()


def test_business_hub_keeps_an_administrator() -> None:
    last = ErrorCode.LAST_ADMINISTRATOR
    assert faulty_options(creation(solution="business_hub")) == {"administrators": last}
    assert faulty_options(creation(solution="business_hub", administrators=[])) == {"administrators": last}
    kept = stored(solution=Solution.BUSINESS_HUB, administrators=(Administrator("ann@msp.example", "Ann"),))
    assert faulty_options({"administrators": []}, kept) == {"administrators": last}
    assert desired_integration({}, kept).administrators == kept.administrators
    assert desired_integration(creation(solution="business_hub", administrators=[ANN]), None).administrators


@pytest.mark.parametrize(
    "email", ["ann@msp.example,eve@evil.example", "Ann <ann@msp.example>", "ann@msp.example\neve@evil.example", "ann"]
)
def test_an_e_mail_is_exactly_one_address(email: str) -> None:
    assert list(faulty_options(creation(administrators=[{**ANN, "email": email}]))) == ["administrators[0].email"]


def test_an_administrator_is_named_once() -> None:
    options = creation(administrators=[ANN, {"email": "ANN@msp.example", "alias": "Other"}])
    assert list(faulty_options(options)) == ["administrators"]


# Secrets


@EVERY_PLATFORM
def test_a_secret_never_follows_an_edited_address(platform: Platform) -> None:
    kept = stored(platform.name)
    for secret in platform.secret_fields:
        address = "other.example" if secret.sent_to == "host" else "https://other.example"
        codes = faulty_options({platform.name: {secret.sent_to: address}}, kept)
        assert codes[f"{platform.name}.{secret.name}"] is ErrorCode.SECRET_REQUIRED
        together = {item.name: "new-Secret-1" for item in platform.secret_fields}
        wanted = desired_integration({platform.name: {secret.sent_to: address, **together}}, kept)
        assert wanted.settings[str(secret.sent_to)] == address


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("https://tigerpaw.example", "https://tigerpaw.example/sub", False),
        ("https://tigerpaw.example", "https://TIGERPAW.example:443/", False),
        ("https://tigerpaw.example", "https://tigerpaw.example:8443", True),
        ("https://tigerpaw.example", "https://api.tigerpaw.example", True),
        ("https://localhost", "http://localhost", True),
    ],
)
def test_only_scheme_host_and_port_make_another_address(before: str, after: str, moves: bool) -> None:
    kept = stored(settings={**stored().settings, "url": before, "soap_url": "https://soap.example"})
    options = {"tigerpaw": {"url": after}}
    if moves:
        assert faulty_options(options, kept) == {"tigerpaw.rest_private_key": ErrorCode.SECRET_REQUIRED}
    else:
        assert desired_integration(options, kept).secrets == {}


def test_the_soap_password_follows_the_rest_address_only_where_soap_has_none_of_its_own() -> None:
    secret = {"url": "https://other.example", "rest_private_key": "new-Secret-1"}
    assert faulty_options({"tigerpaw": secret}, stored()) == {"tigerpaw.soap_password": ErrorCode.SECRET_REQUIRED}
    apart = stored(settings={**stored().settings, "soap_url": "https://soap.example"})
    assert desired_integration({"tigerpaw": secret}, apart).settings["url"] == "https://other.example"


def test_resetting_an_address_moves_its_secrets() -> None:
    kept = stored(settings={**stored().settings, "url": "https://other.example", "soap_url": "https://soap.example"})
    assert faulty_options({"reset": ["url"]}, kept) == {"tigerpaw.rest_private_key": ErrorCode.SECRET_REQUIRED}


def test_a_faulty_address_is_not_told_as_one_that_moves() -> None:
    assert list(faulty_options({"tigerpaw": {"url": "http://other.example"}}, stored())) == ["tigerpaw.url"]


def test_secrets_given_on_create_only_do_not_follow_an_edited_address() -> None:
    options = {"update_secrets": "on_create", "tigerpaw": {**SETTINGS["tigerpaw"], "url": "https://other.example"}}
    assert set(faulty_options(options, stored()).values()) == {ErrorCode.SECRET_REQUIRED}


def test_on_create_keeps_the_stored_secrets() -> None:
    options = creation(update_secrets="on_create")
    assert desired_integration(options, stored()).secrets == {}
    assert set(desired_integration(options, None).secrets) == {"soap_password", "rest_private_key"}


def test_required_secrets_have_to_be_given() -> None:
    options = {"required_secrets": ["soap_password"], "tigerpaw": {"rest_private_key": "new-Secret-1"}}
    assert faulty_options(options, stored()) == {"tigerpaw.soap_password": ErrorCode.SECRET_REQUIRED}
    assert refusal(options, stored()).code is ErrorCode.SECRET_REQUIRED
    given_both = {**options, "tigerpaw": SETTINGS["tigerpaw"]}
    assert desired_integration(given_both, stored()).secrets["soap_password"] == "soap-Passw0rd"


def test_required_secrets_without_any_settings_are_missed() -> None:
    assert faulty_options({"required_secrets": ["soap_password"]}, stored()) == {
        "tigerpaw.soap_password": ErrorCode.SECRET_REQUIRED
    }


def test_required_secrets_name_secrets() -> None:
    refused = refusal({"required_secrets": ["soap_passwort"]}, stored())
    assert [fault.option for fault in refused.faults] == ["required_secrets"]
    assert "did you mean soap_password" in refused.message


def test_a_proof_can_only_be_required_of_an_api_that_there_is() -> None:
    assert list(faulty_options(creation("autotask", require_verified=["soap"]))) == ["require_verified"]
    assert list(faulty_options(creation(require_verified=["rest"], verify="never"))) == ["require_verified"]
    assert desired_integration(creation(require_verified=["rest", "soap"]), None)


@EVERY_PLATFORM
def test_every_secret_has_an_origin(platform: Platform) -> None:
    origins = secret_origins(platform, stored(platform.name).settings)
    assert sorted(origins) == sorted(item.name for item in platform.secret_fields)
    assert all(origin.startswith("https://") and origin.rpartition(":")[2].isdigit() for origin in origins.values())


# Selection


def test_the_default_name_of_the_platform_selects() -> None:
    assert selection({"platform": "autotask"}).name == "Integration with Autotask"
    assert selection({"tigerpaw": {}}).name == "Integration with Tigerpaw"
    assert selection({"tigerpaw": {}, "autotask": {}}).name is None


def test_an_id_selects_without_a_name() -> None:
    chosen = selection({"integration_id": "1", "platform": "tigerpaw"})
    assert (chosen.integration_id, chosen.name) == ("1", None)


def test_names_are_cleaned_before_they_select() -> None:
    chosen = selection({"name": " Cafe\u0301 ", "new_name": " Bar "})
    assert (chosen.name, chosen.new_name) == ("Caf\u00e9", "Bar")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 256])
def test_an_unusable_name_selects_nothing_not_even_the_default(name: str) -> None:
    chosen = selection({"name": name, "new_name": name, "platform": "tigerpaw"})
    assert (chosen.name, chosen.new_name) == (None, None)


def test_a_deletion_needs_to_know_which() -> None:
    with pytest.raises(InvalidSettings) as caught:
        check_selection({"platform": "tigerpaw"})
    assert [fault.option for fault in caught.value.faults] == ["name"]
    check_selection({"name": "Acme"})
    check_selection({"integration_id": "1"})


def test_a_deletion_refuses_unusable_names() -> None:
    with pytest.raises(InvalidSettings) as caught:
        check_selection({"name": " ", "new_name": "\n"})
    assert [fault.option for fault in caught.value.faults] == ["name", "new_name"]


def test_a_missing_integration_is_told_with_near_names() -> None:
    error = no_such_integration("called 'Acmee'", "Acmee", ["Acme", "Other"])
    assert error.code is ErrorCode.NOT_FOUND
    assert "Did you mean 'Acme'?" in error.message
    assert error.details == {"near_matches": ["Acme"]}


# For every input there is

anything = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12))
platform_settings = st.one_of(
    [
        st.fixed_dictionaries(
            {}, optional={item.name: st.one_of(st.none(), st.text(max_size=30)) for item in platform.fields}
        ).map(lambda settings, name=platform.name: {name: settings})
        for platform in PLATFORMS.values()
    ]
)


@given(platform_settings, st.dictionaries(st.sampled_from(["name", "new_name", "platform", "solution"]), anything))
def test_options_are_accepted_or_refused_and_nothing_else(settings: dict[str, Any], options: dict[str, Any]) -> None:
    for kept in (None, stored()):
        refused = refused_or_not({**settings, **options}, kept)
        if refused:
            assert refused.faults
            assert len({(fault.option, fault.message) for fault in refused.faults}) == len(refused.faults)


# Long enough that none of them is part of a message by chance.
unlikely = st.text(st.characters(codec="utf-8", exclude_categories=("L", "Zs")), min_size=8, max_size=20).map(
    lambda text: f"Zq{text}Zq"
)


@given(st.data())
def test_no_refusal_repeats_a_value(data: st.DataObject) -> None:
    platform = data.draw(st.sampled_from(list(PLATFORMS.values())))
    values = {item.name: data.draw(unlikely) for item in platform.fields if item.type is not FieldType.BOOLEAN}
    options: dict[str, Any] = {
        "platform": platform.name,
        "solution": "security_center",
        platform.name: values,
        "name": data.draw(unlikely),
        "administrators": [{"email": data.draw(unlikely), "alias": data.draw(unlikely)}],
    }
    refused = refused_or_not(options)
    if refused:
        person = options["administrators"][0]
        for value in (*values.values(), options["name"], *person.values()):
            assert value not in refused.message


@given(st.data())
def test_every_faulty_setting_is_among_the_faults(data: st.DataObject) -> None:
    platform = data.draw(st.sampled_from(list(PLATFORMS.values())))
    texts = [item.name for item in platform.fields if item.type is not FieldType.BOOLEAN]
    faulty = data.draw(st.sets(st.sampled_from(texts), min_size=1))
    blanks = {name: data.draw(st.sampled_from(["", " ", "********", "a\x00b"])) for name in faulty}
    options = creation(platform.name)
    options[platform.name].update(blanks)
    assert set(faulty_options(options)) == {f"{platform.name}.{name}" for name in faulty}


@given(st.data())
def test_what_is_wanted_once_is_wanted_again(data: st.DataObject) -> None:
    """The same options, applied to what they have made, want just that."""
    platform = data.draw(st.sampled_from(list(PLATFORMS.values())))
    options = creation(
        platform.name,
        name=data.draw(st.sampled_from([None, "Acme", " Cafe\u0301 "])),
        administrators=data.draw(st.sampled_from([None, [], [ANN], [BOB, ANN]])),
    )
    options[platform.name]["validate_certs"] = data.draw(st.booleans())
    first = desired_integration(options, None)
    kept = stored(platform.name, name=first.name, settings=first.settings, administrators=first.administrators)
    assert desired_integration(options, kept) == first
