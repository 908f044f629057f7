# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API: what tests in Python do by method, playbooks do by HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .accounts import Account
from .companies import Company, change_company, read_companies, remove_company
from .records import RecordedRequest, overlapping
from .state import State

YES = ("true", "yes", "1")


async def _content(request: Request) -> dict[str, Any]:
    content = await request.json() if await request.body() else {}
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")
    return content


def _asked(request: Request, name: str) -> bool | None:
    """Return a yes or no of the query, or nothing where it is left out."""
    wish = request.query_params.get(name)
    return None if wish is None else wish.lower() in YES


def _refusing(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer a request that makes no sense with what is wrong about it."""

    async def checked(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return checked


class Control:
    """The endpoints."""

    def __init__(self, state: State, details: Callable[[], dict[str, Any]]) -> None:
        self._state = state
        self._details = details

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = (
            ("GET", "/details", self._get_details),
            ("GET", "/settings", self._get_settings),
            ("PATCH", "/settings", self._change_settings),
            ("GET", "/requests", self._get_requests),
            ("DELETE", "/requests", self._forget_requests),
            ("GET", "/webhooks", self._get_webhooks),
            ("GET", "/mails", self._get_mails),
            ("DELETE", "/mails", self._forget_mails),
            ("GET", "/users", self._get_users),
            ("POST", "/users", self._add_user),
            ("GET", "/accounts", self._get_accounts),
            ("PUT", "/accounts", self._set_accounts),
            ("GET", "/companies", self._get_companies),
            ("PUT", "/companies", self._set_companies),
            ("POST", "/companies/{platform}", self._add_company),
            ("PATCH", "/companies/{platform}/{number:int}", self._change_company),
            ("DELETE", "/companies/{platform}/{number:int}", self._remove_company),
            ("GET", "/virtual-servers", self._get_virtual_servers),
            ("PUT", "/virtual-servers", self._set_virtual_servers),
            ("POST", "/virtual-servers", self._add_virtual_server),
            ("PATCH", "/virtual-servers/{uid}", self._change_virtual_server),
            ("DELETE", "/virtual-servers/{uid}", self._remove_virtual_server),
            ("GET", "/misbehave", self._get_misbehaviours),
            ("POST", "/misbehave", self._misbehave),
            ("DELETE", "/misbehave", self._behave),
            ("POST", "/reset", self._reset),
        )
        return Starlette(
            routes=[Route(path, _refusing(endpoint), methods=[method]) for method, path, endpoint in routes]
        )

    async def _get_details(self, _request: Request) -> Response:
        return JSONResponse(self._details())

    async def _get_settings(self, _request: Request) -> Response:
        return JSONResponse(asdict(self._state.settings))

    async def _change_settings(self, request: Request) -> Response:
        self._state.change_settings(**await _content(request))
        return await self._get_settings(request)

    async def _get_requests(self, request: Request) -> Response:
        found = self._state.requests(request.query_params.get("system"), _asked(request, "writing"))
        return self._list(overlapping(found) if _asked(request, "overlapping") else found)

    async def _forget_requests(self, _request: Request) -> Response:
        self._state.forget_requests()
        return Response(status_code=204)

    async def _get_webhooks(self, _request: Request) -> Response:
        return self._list(self._state.requests("webhook"))

    def _list(self, requests: list[RecordedRequest]) -> Response:
        return JSONResponse({"count": len(requests), "requests": [request.as_dict() for request in requests]})

    async def _get_mails(self, _request: Request) -> Response:
        mails = [mail.as_dict() for mail in self._state.mails()]
        return JSONResponse({"count": len(mails), "mails": mails})

    async def _forget_mails(self, _request: Request) -> Response:
        self._state.forget_mails()
        return Response(status_code=204)

    async def _get_users(self, _request: Request) -> Response:
        return JSONResponse({"users": [user.as_dict() for user in self._state.users.all()]})

    async def _add_user(self, request: Request) -> Response:
        return JSONResponse(self._state.add_user(**await _content(request)).as_dict(), 201)

    async def _get_accounts(self, _request: Request) -> Response:
        return JSONResponse({"accounts": [asdict(account) for account in self._state.accounts]})

    async def _set_accounts(self, request: Request) -> Response:
        content = await _content(request)
        self._state.accounts = [Account(**account) for account in content.get("accounts", [])]
        return await self._get_accounts(request)

    async def _get_companies(self, _request: Request) -> Response:
        return JSONResponse({name: [asdict(each) for each in found] for name, found in self._state.companies.items()})

    async def _set_companies(self, request: Request) -> Response:
        content = await _content(request)
        unknown = sorted(content.keys() - self._state.companies.keys())
        if unknown:
            raise ValueError(f"there are no companies of {', '.join(unknown)}")
        self._state.companies.update({name: read_companies(entries) for name, entries in content.items()})
        return await self._get_companies(request)

    def _companies(self, request: Request) -> list[Company]:
        platform = request.path_params["platform"]
        if platform not in self._state.companies:
            raise ValueError(f"there are no companies of {platform}")
        return self._state.companies[platform]

    async def _add_company(self, request: Request) -> Response:
        [added] = read_companies([await _content(request)])
        self._companies(request).append(added)
        return JSONResponse(asdict(added), 201)

    async def _change_company(self, request: Request) -> Response:
        number = request.path_params["number"]
        return JSONResponse(asdict(change_company(self._companies(request), number, **await _content(request))))

    async def _remove_company(self, request: Request) -> Response:
        remove_company(self._companies(request), request.path_params["number"])
        return Response(status_code=204)

    async def _get_virtual_servers(self, _request: Request) -> Response:
        return JSONResponse({"virtual_servers": [each.as_dict() for each in self._state.virtual_servers.all()]})

    async def _set_virtual_servers(self, request: Request) -> Response:
        content = await _content(request)
        if "count" in content:
            self._state.virtual_servers.generate(content["count"])
        else:
            self._state.virtual_servers.replace(content.get("virtual_servers", []))
        return await self._get_virtual_servers(request)

    async def _add_virtual_server(self, request: Request) -> Response:
        return JSONResponse(self._state.virtual_servers.add(**await _content(request)).as_dict(), 201)

    async def _change_virtual_server(self, request: Request) -> Response:
        changed = self._state.virtual_servers.change(request.path_params["uid"], **await _content(request))
        return JSONResponse(changed.as_dict())

    async def _remove_virtual_server(self, request: Request) -> Response:
        self._state.virtual_servers.remove(request.path_params["uid"])
        return Response(status_code=204)

    async def _get_misbehaviours(self, _request: Request) -> Response:
        return JSONResponse({"misbehaviours": [each.as_dict() for each in self._state.misbehaviours.all()]})

    async def _misbehave(self, request: Request) -> Response:
        self._state.misbehave(**await _content(request))
        return await self._get_misbehaviours(request)

    async def _behave(self, request: Request) -> Response:
        self._state.behave(request.query_params.get("system"))
        return Response(status_code=204)

    async def _reset(self, _request: Request) -> Response:
        self._state.reset()
        return Response(status_code=204)
