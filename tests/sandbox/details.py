# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells people and programs what to put where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_details(details: dict[str, Any], path: Path) -> None:
    """Write the details as JSON, for the owner's eyes only; the file appears whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(details, file, indent=2)
        file.write("\n")
    unfinished.replace(path)


def as_yaml(values: dict[str, Any], indent: int = 0) -> str:
    """Write a dictionary of plain values as YAML; every JSON string is one of YAML."""
    lines = []
    for name, value in values.items():
        start = f"{' ' * indent}{name}:"
        if isinstance(value, dict):
            lines += [start, as_yaml(value, indent + 2)]
        else:
            lines.append(f"{start} {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines)


def describe(details: dict[str, Any]) -> str:
    """Write a page for somebody who has started the sandbox by hand."""
    variables = {
        "sandbox_tigerpaw": details["tigerpaw"],
        "sandbox_security_center": details["security_center"],
        "sandbox_connectwise_manage": details["connectwise_manage"],
        "sandbox_autotask": details["autotask"],
        "sandbox_notifications": {**details["smtp"], **details["webhook"]},
        "sandbox_proxy": details["proxy"],
        "sandbox_control_url": details["control_url"],
    }
    return f"""\
# The sandbox is running (process {details["pid"]}). Everything is thrown away when it stops: Ctrl-C.
#
#   Tigerpaw             {details["tigerpaw"]["url"]}  (SOAP: {details["tigerpaw"]["soap_url"]})
#   Security Center      {details["security_center"]["url"]}
#   ConnectWise Manage   {details["connectwise_manage"]["host"]}
#   Autotask             {details["autotask"]["url"]}
#   Mail                 {details["smtp"]["smtp_host"]}  (ports: {details["smtp_ports"]})
#   Webhook              {details["webhook"]["webhook_url"]}
#   Proxy                {details["proxy"]["proxy"]}
#   Unknown certificate  {details["unknown_ca_url"]}  (Security Center: {details["security_center_unknown_ca_url"]})
#   Foreign origin       {details["foreign_url"]}
#   What arrived         {details["control_url"]}/requests  /mails  /webhooks
#   Let it misbehave     curl -d '{{"system": "rest", "kind": "unavailable"}}' {details["control_url"]}/misbehave
#
# Copy what follows into a file of variables (vars.yml):
---
{as_yaml(variables)}
"""
