# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that several systems give."""

from __future__ import annotations

import html
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

MICROSOFT = {"Server": "Microsoft-IIS/10.0", "X-AspNet-Version": "4.0.30319", "X-Powered-By": "ASP.NET"}


def json_answer(content: Any, status: int = 200, **headers: str) -> Response:
    """Answer with JSON."""
    return JSONResponse(content, status, {**MICROSOFT, "Cache-Control": "no-cache", **headers})


def page(title: str, text: str = "", status: int = 200) -> Response:
    """Answer with a page for people."""
    return _html(html.escape(title), f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>", status)


def login_page() -> Response:
    """Answer with what somebody who has to log in by hand is shown."""
    fields = '<input name="user"><input name="password" type="password"><button>Log in</button>'
    return _html("Log in", f'<form method="post">{fields}</form>', 200)


def _html(title: str, body: str, status: int) -> Response:
    content = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{body}</body></html>\n"
    return HTMLResponse(content, status, MICROSOFT)
