# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Stands in for the modules of the collection awx.awx where there is no AWX.

It knows the options of those that the role uses, refuses to name what does not exist yet, and keeps what it was given
in the file that ``AWX_STAND_IN`` names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

TEXT, FLAG, NUMBER, DICTIONARY = {"type": "str"}, {"type": "bool"}, {"type": "int"}, {"type": "dict"}
NAMES = {"type": "list", "elements": "str"}
SOURCES = [
    *("scm", "ec2", "gce", "azure_rm", "vmware", "satellite6", "openstack"),
    *("rhv", "controller", "insights", "hcloud"),
]
COMMON = {"name": {"type": "str", "required": True}, "description": TEXT}
OPTIONS: dict[str, dict[str, Any]] = {
    "credential_type": {
        "kind": {"type": "str", "choices": ["ssh", "vault", "net", "scm", "cloud", "insights"]},
        "inputs": DICTIONARY,
        "injectors": DICTIONARY,
    },
    "credential": {
        "organization": TEXT,
        "credential_type": TEXT,
        "inputs": {"type": "dict", "no_log": True},
        "update_secrets": {"type": "bool", "default": True, "no_log": False},
    },
    "execution_environment": {"organization": TEXT, "image": TEXT},
    "project": {
        "organization": TEXT,
        "scm_type": {"type": "str", "choices": ["manual", "git", "svn", "insights", "archive"]},
        "scm_url": TEXT,
        "scm_branch": TEXT,
    },
    "inventory": {"organization": {"type": "str", "required": True}},
    "inventory_source": {
        "inventory": {"type": "str", "required": True},
        "organization": TEXT,
        "source": {"type": "str", "choices": SOURCES},
        "source_project": TEXT,
        "source_path": TEXT,
        "source_vars": DICTIONARY,
        "credential": TEXT,
        "execution_environment": TEXT,
        "overwrite": FLAG,
        "overwrite_vars": FLAG,
        "update_on_launch": FLAG,
        "update_cache_timeout": NUMBER,
    },
    "job_template": {
        "organization": TEXT,
        "project": TEXT,
        "playbook": TEXT,
        "inventory": TEXT,
        "execution_environment": TEXT,
        "credentials": NAMES,
        "ask_credential_on_launch": FLAG,
        "ask_job_type_on_launch": FLAG,
        "ask_diff_mode_on_launch": FLAG,
        "job_slice_count": {"type": "int", "default": 1},
        "survey_enabled": FLAG,
        "survey_spec": DICTIONARY,
    },
}
REFERENCES = {
    "credential_type": "credential_type",
    "credential": "credential",
    "credentials": "credential",
    "execution_environment": "execution_environment",
    "inventory": "inventory",
    "project": "project",
    "source_project": "project",
}


def main(kind: str) -> None:
    """Keep an object as the module of this name would, as far as its options tell."""
    state = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}
    module = AnsibleModule({**COMMON, **OPTIONS[kind], **state})
    store = Path(os.environ["AWX_STAND_IN"])
    objects = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    given = {name: value for name, value in module.params.items() if value is not None}
    for option, named in REFERENCES.items():
        names = given.get(option, []) if option != kind else []
        for name in [names] if isinstance(names, str) else names:
            if name not in objects.get(named, {}):
                module.fail_json(msg=f"{kind} {given['name']}: there is no {named} {name}")
    before = objects.setdefault(kind, {}).get(given["name"])
    objects[kind][given["name"]] = given
    store.write_text(json.dumps(objects), encoding="utf-8")
    module.exit_json(changed=before != given or given.get("update_secrets", False))
