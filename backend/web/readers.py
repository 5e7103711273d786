"""The cookie that makes a browser a reader, on Streamlit's addresses and on our own."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..readers import (
    COOKIE,
    LOCAL,
    NOBODY,
    ROLE_COOKIE,
    Reader,
    current,
    is_teacher_key,
    new_secret,
    reader_of_cookies,
    role_proof,
    secret_of,
)
from ..settings import settings

_YEAR = 365 * 24 * 3600
_MONTH = 30 * 24 * 3600


class Readers:
    """Gives every browser a secret of its own, and says who sends a request.

    The reader is in ``scope["state"]["reader"]`` and, for what a route calls, in
    ``readers.current``. Whoever comes without a secret gets one in the answer, and has it in what
    the application sees of this very request. A local server has one reader and sets no cookie.

    Args:
        app: what is behind.
        prefix: the server's ``server.baseUrlPath``; the path of the cookie.
    """

    def __init__(self, app: ASGIApp, prefix: str = "") -> None:
        self._app = app
        self._path = cookie_path(prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if settings().mode == "local":
            await self._answer(LOCAL, scope, receive, send)
            return
        cookies = HTTPConnection(scope).cookies
        secret = secret_of(cookies)
        if secret is not None:
            await self._answer(reader_of_cookies(cookies), scope, receive, send)
            return
        secret = new_secret()
        scope = {**scope, "headers": _with_cookie(scope, cookies, secret)}
        given = _cookie(COOKIE, secret, self._path, _YEAR, secure=over_tls(scope))

        async def with_cookie(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = {"headers": [], **message}
                headers = MutableHeaders(scope=message)
                if not _may_be_shared(headers):
                    headers.append("set-cookie", given)
            await send(message)

        reader = reader_of_cookies({COOKIE: secret})
        await self._answer(reader, scope, receive, with_cookie)

    async def _answer(self, reader: Reader, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {**scope.get("state", {}), "reader": reader}
        token = current.set(reader)
        try:
            await self._app(scope, receive, send)
        finally:
            current.reset(token)


def reader_of(request: HTTPConnection | Scope) -> Reader:
    """Return who sent a request; ``NOBODY`` where the middleware did not see it."""
    scope = request.scope if isinstance(request, HTTPConnection) else request
    alone = LOCAL if settings().mode == "local" else NOBODY
    return scope.get("state", {}).get("reader", alone)


def become_teacher(request: HTTPConnection, key: str, response: Response, prefix: str = "") -> bool:
    """Make the browser of a request the teacher's, if it says the key; tell whether it does.

    Args:
        request: of the browser.
        key: as it was typed.
        response: that will be sent; gets the cookie.
        prefix: the server's ``server.baseUrlPath``.
    """
    secret = secret_of(request.cookies)
    if secret is None or not is_teacher_key(key):
        return False
    proof, path = role_proof(secret), cookie_path(prefix)
    cookie = _cookie(ROLE_COOKIE, proof, path, _MONTH, secure=over_tls(request.scope))
    response.headers.append("set-cookie", cookie)
    return True


def forget_reader(request: HTTPConnection, response: Response, prefix: str = "") -> None:
    """Make a browser a new reader, who has nothing of the one before."""
    path, secure = cookie_path(prefix), over_tls(request.scope)
    response.headers.append("set-cookie", _cookie(COOKIE, new_secret(), path, _YEAR, secure=secure))
    response.headers.append("set-cookie", _cookie(ROLE_COOKIE, "", path, 0, secure=secure))


def cookie_path(prefix: str) -> str:
    """Return the path below which a cookie is sent."""
    return f"/{prefix.strip('/')}" if prefix.strip("/") else "/"


def over_tls(scope: Scope) -> bool:
    """Tell whether the browser's own connection is encrypted, as far as we can know."""
    if scope.get("scheme") in ("https", "wss"):
        return True
    said = Headers(scope=scope).get("x-forwarded-proto", "")
    return from_proxy(scope) and said.split(",")[-1].strip().lower() in ("https", "wss")


def from_proxy(scope: Scope) -> bool:
    """Tell whether a request comes from a proxy that the administrator named."""
    return is_proxy((scope.get("client") or ("", 0))[0])


def is_proxy(host: str) -> bool:
    """Tell whether an address is that of a proxy that the administrator named."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in ip_network(each, strict=False) for each in settings().proxies)


def _with_cookie(scope: Scope, cookies: Mapping[str, str], secret: str) -> list:
    """Return the headers of a request as if it had come with the secret."""
    rest = [each for each in scope["headers"] if each[0] != b"cookie"]
    others = {name: value for name, value in cookies.items() if name not in (COOKIE, ROLE_COOKIE)}
    line = "; ".join(f"{name}={value}" for name, value in {**others, COOKIE: secret}.items())
    return [*rest, (b"cookie", line.encode("latin-1", "replace"))]


def _may_be_shared(headers: MutableHeaders) -> bool:
    """Tell whether a cache may give an answer to others: it must not carry a secret."""
    return "public" in headers.get("cache-control", "")


def _cookie(name: str, value: str, path: str, age: int, *, secure: bool) -> str:
    more = "; Secure" if secure else ""
    return f"{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{more}"
