# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiver of webhooks."""

from __future__ import annotations

from starlette.responses import Response

from .answers import json_answer
from .records import RecordedRequest
from .state import State


class Webhook:
    """Takes what is posted to its one, unguessable address. Everything else is recorded too, and refused."""

    def __init__(self, state: State) -> None:
        self._state = state

    def recognise(self, request: RecordedRequest) -> None:
        """Tell what a request wants."""
        request.system = "webhook"
        request.writing = request.method == "POST"

    def answer(self, request: RecordedRequest) -> Response:
        """Answer a request."""
        if request.path != f"/hooks/{self._state.credentials.webhook_token}":
            return json_answer({"error": "There is no such webhook."}, 404)
        if request.method != "POST":
            return json_answer({"error": "Only POST is allowed."}, 405)
        return json_answer({"received": True}, self._state.settings.webhook_status)
