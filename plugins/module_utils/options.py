# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
The options of every module, made from the same table of platforms as the rules.

A platform's settings are neither required nor filled with defaults here: the rules do that, so that all faults come in
one message and defaults apply at creation only. They have no environment fallback either: a stray variable must never
rotate a credential. ``no_log`` is stated for every option whose name sounds like a secret, also where it holds none.
"""

from __future__ import annotations

from typing import Any

from ._domain.jobs import JOB_FACTS
from ._domain.model import Solution
from ._domain.platforms import PLATFORMS, Field, FieldType, Platform
from .environment import Options, dictionary_from_environment, with_environment
from .specification import ModuleSpecification

_TYPES = {FieldType.BOOLEAN: "bool", FieldType.PATH: "path"}


def _platform_option(platform: Platform) -> dict[str, Any]:
    return {"type": "dict", "options": {item.name: _platform_suboption(item) for item in platform.fields}}


def _user_option(platform: Platform) -> dict[str, Any]:
    fields = [platform.field(name) for user in platform.users for name in user.fields]
    return {"type": "dict", "options": {item.name: _platform_suboption(item) for item in fields}}


def _platform_suboption(item: Field) -> dict[str, Any]:
    return {"type": _TYPES.get(item.type, "str"), "no_log": item.secret}


def _choice(*choices: str, default: str | None = None) -> dict[str, Any]:
    option: dict[str, Any] = {"type": "str", "choices": [str(choice) for choice in choices]}
    return option if default is None else {**option, "default": default}


_TEXT: dict[str, Any] = {"type": "str"}
_SECRET: dict[str, Any] = {"type": "str", "no_log": True}
_SECRET_FILE: dict[str, Any] = {"type": "path", "no_log": False}
_NUMBER: dict[str, Any] = {"type": "int"}
_FLAG: dict[str, Any] = {"type": "bool", "default": False}
_SOLUTION = _choice(*Solution)
_PLATFORM = _choice(*PLATFORMS)
_APIS: dict[str, Any] = {
    "type": "list",
    "elements": "str",
    "choices": sorted({api for platform in PLATFORMS.values() for api in platform.apis}),
}

ALL = with_environment(
    {
        "registry": _TEXT,
        "registry_password": _SECRET,
        "registry_password_file": _SECRET_FILE,
        "instance": {"type": "str", "default": "default"},
        "secret_store": {**_choice("keyring", "registry"), "no_log": False},
        "secret_key": _SECRET,
        "secret_key_file": _SECRET_FILE,
        "actor": _TEXT,
    }
)
# Actions take it from the variables of AWX, so no environment variable stands in for it.
JOB: Options = {"job": {"type": "dict", "options": dict.fromkeys(JOB_FACTS, _TEXT)}}

CONNECTION = with_environment(
    {
        "timeout": {"type": "int", "default": 30},
        "retries": {"type": "int", "default": 3},
        "proxy": _TEXT,
        "proxy_username": _TEXT,
        "proxy_password": _SECRET,
        "proxy_password_file": _SECRET_FILE,
    }
)

VERIFICATION = CONNECTION | with_environment(
    {
        "verify_retries": {"type": "int", "default": 0},
        "verify_delay": {"type": "int", "default": 30},
    }
)

_SECURITY_CENTER: Options = {
    "url": _TEXT,
    "username": _TEXT,
    "password": _SECRET,
    "password_file": _SECRET_FILE,
    "internal_user": {"type": "bool", "default": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 3},
    "proxy": _TEXT,
    "proxy_username": _TEXT,
    "proxy_password": _SECRET,
    "proxy_password_file": _SECRET_FILE,
}

SECURITY_CENTER: Options = {
    "security_center": {
        "type": "dict",
        "options": _SECURITY_CENTER,
        "fallback": (dictionary_from_environment, ["security_center", *_SECURITY_CENTER]),
    }
}

NOTIFICATIONS = with_environment(
    {
        "notify_through": {"type": "list", "elements": "str", "choices": ["smtp", "webhook", "security_center"]},
        "smtp_host": _TEXT,
        "smtp_port": _NUMBER,
        "smtp_encryption": _choice("starttls", "tls", "none", default="starttls"),
        "smtp_username": _TEXT,
        "smtp_password": _SECRET,
        "smtp_password_file": _SECRET_FILE,
        "smtp_validate_certs": {"type": "bool", "default": True},
        "smtp_ca_path": {"type": "path"},
        "mail_from": _TEXT,
        "webhook_url": _SECRET,
        "webhook_url_file": _SECRET_FILE,
        "webhook_secret": _SECRET,
        "webhook_secret_file": _SECRET_FILE,
        "webhook_validate_certs": {"type": "bool", "default": True},
        "webhook_ca_path": {"type": "path"},
    }
)

SHARED = ALL | VERIFICATION | NOTIFICATIONS | SECURITY_CENTER
"""The options that are set once for many tasks, and have environment variables."""

_ALL_EXCLUSIVE = (("registry_password", "registry_password_file"), ("secret_key", "secret_key_file"))
_CONNECTION_EXCLUSIVE = (("proxy_password", "proxy_password_file"),)
_NOTIFICATIONS_EXCLUSIVE = (
    ("smtp_password", "smtp_password_file"),
    ("webhook_url", "webhook_url_file"),
    ("webhook_secret", "webhook_secret_file"),
)
_CONNECTION_LEAST = {"timeout": 1, "retries": 0}
_VERIFICATION_LEAST = {**_CONNECTION_LEAST, "verify_retries": 0, "verify_delay": 0}
_NOTIFICATIONS_LEAST = {"smtp_port": 1}
_SECURITY_CENTER_LEAST = {"security_center.timeout": 1, "security_center.retries": 0}

INTEGRATION = ModuleSpecification(
    argument_spec={
        "name": _TEXT,
        "integration_id": _TEXT,
        "new_name": _TEXT,
        "state": _choice("present", "absent", default="present"),
        "platform": _PLATFORM,
        "solution": _SOLUTION,
        **{platform.name: _platform_option(platform) for platform in PLATFORMS.values()},
        "reset": {"type": "list", "elements": "str"},
        "administrators": {
            "type": "list",
            "elements": "dict",
            "options": {"email": _TEXT, "alias": _TEXT},
        },
        "update_secrets": {**_choice("on_change", "always", "on_create", default="on_change"), "no_log": False},
        "required_secrets": {"type": "list", "elements": "str", "no_log": False},
        "verify": _choice("on_change", "always", "never", default="on_change"),
        "require_verified": _APIS,
        "when_bound": _choice("unbind", "fail", default="unbind"),
        "unbind_only": {"type": "list", "elements": "str"},
        **ALL,
        **JOB,
        **VERIFICATION,
        **NOTIFICATIONS,
        **SECURITY_CENTER,
    },
    mutually_exclusive=(*_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE, *_NOTIFICATIONS_EXCLUSIVE),
    required_one_of=(("name", "integration_id", "platform"),),
    required_if=(("state", "absent", ("name", "integration_id")),),
    least={**_VERIFICATION_LEAST, **_NOTIFICATIONS_LEAST, **_SECURITY_CENTER_LEAST},
)

API_USER = ModuleSpecification(
    argument_spec={
        "platform": _PLATFORM,
        "user_name": {"type": "str", "required": True},
        "address": _TEXT,
        **{platform.name: _user_option(platform) for platform in PLATFORMS.values()},
        "update_secrets": {**_choice("on_change", "always", default="on_change"), "no_log": False},
        "required_secrets": {"type": "list", "elements": "str", "no_log": False},
        "verify": _choice("on_change", "always", "never", default="on_change"),
        "require_verified": _APIS,
        **ALL,
        **JOB,
        **VERIFICATION,
    },
    mutually_exclusive=(*_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE),
    least=_VERIFICATION_LEAST,
)

ADMINISTRATOR = ModuleSpecification(
    argument_spec={
        "email": {"type": "str", "required": True},
        "alias": _TEXT,
        "new_email": _TEXT,
        "state": _choice("present", "absent", default="present"),
        "integrations": {"type": "list", "elements": "str"},
        "all_integrations": _FLAG,
        **ALL,
        **JOB,
    },
    mutually_exclusive=_ALL_EXCLUSIVE,
    never_null=("integrations",),
)

INTEGRATION_INFO = ModuleSpecification(
    argument_spec={
        "name": _TEXT,
        "integration_id": _TEXT,
        "platform": _PLATFORM,
        "solution": _SOLUTION,
        "tenant": _TEXT,
        "credentials_older_than": {"type": "int", "no_log": False},
        "user_name": _TEXT,
        "verify": _FLAG,
        "history": _FLAG,
        "history_newer_than": _NUMBER,
        "history_limit": _NUMBER,
        "tenants": _FLAG,
        "api_users": _FLAG,
        "export": _FLAG,
        **ALL,
        **VERIFICATION,
    },
    mutually_exclusive=(*_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE),
    least={"credentials_older_than": 0, "history_newer_than": 0, "history_limit": 1, **_VERIFICATION_LEAST},
)

BINDING = ModuleSpecification(
    argument_spec={
        "integration": _TEXT,
        "integration_id": _TEXT,
        "virtual_servers": {"type": "list", "elements": "raw"},
        "companies": {"type": "list", "elements": "raw"},
        "state": _choice("present", "absent", "exact", default="present"),
        "allow_empty": _FLAG,
        "move_from": _TEXT,
        **ALL,
        **JOB,
        **SECURITY_CENTER,
    },
    mutually_exclusive=(("virtual_servers", "companies"), *_ALL_EXCLUSIVE),
    required_one_of=(("integration", "integration_id"), ("virtual_servers", "companies")),
    least=_SECURITY_CENTER_LEAST,
)

MAPPING = ModuleSpecification(
    argument_spec={
        "integration": _TEXT,
        "integration_id": _TEXT,
        "mappings": {"type": "list", "elements": "raw"},
        "match": _choice("automatic"),
        "state": _choice("present", "absent", "exact", default="present"),
        "allow_empty": _FLAG,
        **ALL,
        **JOB,
        **VERIFICATION,
    },
    mutually_exclusive=(("mappings", "match"), *_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE),
    required_one_of=(("integration", "integration_id"), ("mappings", "match")),
    least=_VERIFICATION_LEAST,
)

ACCOUNT_INFO = ModuleSpecification(
    argument_spec={
        "integration": _TEXT,
        "integration_id": _TEXT,
        "account_id": _TEXT,
        "name": _TEXT,
        "name_contains": _TEXT,
        "active": {"type": "bool"},
        "mapped": {"type": "bool"},
        **ALL,
        **VERIFICATION,
    },
    mutually_exclusive=(*_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE),
    required_one_of=(("integration", "integration_id"),),
    least=_VERIFICATION_LEAST,
)

_TENANT_FILTERS: Options = {
    "name": _TEXT,
    "uid": _TEXT,
    "bound": {"type": "bool"},
    "stale": {"type": "bool"},
    "known": {"type": "bool"},
    "integration": _TEXT,
}
_SOURCES: Options = {
    "sources": {"type": "list", "elements": "str", "choices": ["registry", "security_center"]},
}

TENANT_INFO = ModuleSpecification(
    argument_spec={**_TENANT_FILTERS, **_SOURCES, **ALL, **SECURITY_CENTER},
    mutually_exclusive=_ALL_EXCLUSIVE,
    least=_SECURITY_CENTER_LEAST,
    never_null=("sources",),
)

NOTIFICATION_INFO = ModuleSpecification(
    argument_spec={
        "status": {"type": "list", "elements": "str", "choices": ["pending", "failed", "delivered"]},
        "limit": _NUMBER,
        **ALL,
    },
    mutually_exclusive=_ALL_EXCLUSIVE,
    least={"limit": 1},
)

NOTIFICATION = ModuleSpecification(
    argument_spec={
        "state": _choice("delivered", "discarded", default="delivered"),
        "notification_ids": {"type": "list", "elements": "str"},
        "limit": _NUMBER,
        **ALL,
        **JOB,
        **CONNECTION,
        **NOTIFICATIONS,
        **SECURITY_CENTER,
    },
    mutually_exclusive=(*_ALL_EXCLUSIVE, *_CONNECTION_EXCLUSIVE, *_NOTIFICATIONS_EXCLUSIVE),
    least={"limit": 1, **_CONNECTION_LEAST, **_NOTIFICATIONS_LEAST, **_SECURITY_CENTER_LEAST},
    never_null=("notification_ids",),
)

REGISTRY = ModuleSpecification(
    argument_spec={
        "state": _choice("present", default="present"),
        "old_registry": _TEXT,
        "old_registry_password": _SECRET,
        "old_registry_password_file": _SECRET_FILE,
        "solution": _SOLUTION,
        "forget_server": _FLAG,
        "reencrypt": _FLAG,
        "check_integrity": _FLAG,
        "history_retention": _NUMBER,
        "notification_retention": _NUMBER,
        **ALL,
        **JOB,
    },
    mutually_exclusive=(("old_registry_password", "old_registry_password_file"), *_ALL_EXCLUSIVE),
    least={"history_retention": 1, "notification_retention": 1},
)

REGISTRY_INFO = ModuleSpecification(argument_spec=dict(ALL), mutually_exclusive=_ALL_EXCLUSIVE)

TENANTS = ModuleSpecification(
    argument_spec={
        **{name: _TENANT_FILTERS[name] for name in ("bound", "stale", "known", "integration")},
        **_SOURCES,
        **ALL,
        **SECURITY_CENTER,
    },
    mutually_exclusive=_ALL_EXCLUSIVE,
    least=_SECURITY_CENTER_LEAST,
    never_null=("sources",),
)

INTEGRATION_SETTINGS = ModuleSpecification(
    argument_spec={"_terms": {"type": "list", "elements": "str"}, "integration_id": _TEXT, **ALL},
    mutually_exclusive=(("_terms", "integration_id"), *_ALL_EXCLUSIVE),
    required_one_of=(("_terms", "integration_id"),),
    returns_secrets=True,
)
