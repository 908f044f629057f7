# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private: a session of requests that follows nothing, remembers nothing and obeys no environment variable."""

from __future__ import annotations

import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from .deadline import watch
from .proxy import Proxy

try:
    from requests import Response, Session
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:  # HttpClient has said so before it comes here
    HTTPAdapter = HTTPConnection = HTTPConnectionPool = HTTPSConnection = HTTPSConnectionPool = object  # type: ignore
    Response = Session = object  # type: ignore


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        watch(self.sock)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        watch(self.sock)
        # Only keeps urllib3 from warning on stderr where the user switched verification off.
        self.is_verified = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    def __init__(self, tls: ssl.SSLContext, proxy: Proxy | None, proxy_tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._proxy = proxy
        self._proxy_tls = proxy_tls
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._tls, **settings)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        settings |= {"ssl_context": self._tls, "proxy_ssl_context": self._proxy_tls}
        manager = super().proxy_manager_for(proxy, **settings)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        del proxy  # its address carries no credentials here, and requests could not encode all of them
        return self._proxy.headers if self._proxy else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        del url, cert
        # The authorities are in the TLS context; requests would add those of certifi to them.
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


class _Session(Session):
    def get_redirect_target(self, resp: Response) -> None:
        # Even when told to follow none, requests reads the whole body of a redirect first, however long it is.
        del resp


def open_session(tls: ssl.SSLContext, proxy: Proxy | None, proxy_tls: ssl.SSLContext | None) -> Session:
    """
    Open a session of requests.

    :param tls: how servers are trusted.
    :param proxy: the way that HTTPS takes.
    :param proxy_tls: how a proxy is trusted that is itself reached by HTTPS.
    """
    session = _Session()
    session.trust_env = False
    session.verify = tls.verify_mode is ssl.CERT_REQUIRED
    # Plain HTTP goes to this machine only, so a proxy is never asked for it.
    session.proxies = {"https": proxy.address} if proxy else {}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(tls, proxy, proxy_tls))
    return session
