"""The cookie that makes a browser a reader, on Streamlit's addresses and on our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..accounts import ACCOUNT_COOKIE, account_of, sealed
from ..readers import (
    COOKIE,
    LOCAL,
    NOBODY,
    ROLE_COOKIE,
    Reader,
    current,
    end,
    is_teacher_key,
    new_secret,
    reader_of_cookies,
    role_proof,
    secret_of,
)
from ..settings import settings

_YEAR = 365 * 24 * 3600
_MONTH = 30 * 24 * 3600


class Identity(Protocol):
    """Who signed in, by a signed cookie that was set at sign-in."""

    @property
    def cookie(self) -> str:
        """The name of that cookie."""
        ...

    def claims(self, cookies: Mapping[str, str], hours: float) -> Mapping[str, Any] | None:
        """Return what the provider said; None where nobody signed in within so many hours."""
        ...


class Readers:
    """Gives every browser a secret of its own, and says who sends a request.

    The reader is in ``scope["state"]["reader"]`` and, for what a route calls, in
    ``readers.current``. Whoever comes without a secret gets one in the answer, and has it in what
    the application sees of this very request. A local server has one reader and sets no cookie.

    Whoever signs in or out gets another secret, so that no page of before is a page of after.

    Args:
        app: what is behind.
        prefix: the server's ``server.baseUrlPath``; the path of the cookie.
        identity: who signed in; None where nobody can.
    """

    def __init__(self, app: ASGIApp, prefix: str = "", identity: Identity | None = None) -> None:
        self._app = app
        self._path = cookie_path(prefix)
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if settings().mode == "local":
            await self._answer(LOCAL, scope, receive, send)
            return
        cookies = HTTPConnection(scope).cookies
        secret = secret_of(cookies)
        inner = {} if secret else {COOKIE: new_secret(), ROLE_COOKIE: ""}
        inner[ACCOUNT_COOKIE] = self._account(cookies)
        if secret is None or inner[ACCOUNT_COOKIE] or ACCOUNT_COOKIE in cookies:
            scope = {**scope, "headers": _with_cookies(scope, inner)}
        changed = _Changed(scope, send, self._path, inner.get(COOKIE), self._identity)
        reader = reader_of_cookies({**cookies, **inner})
        await self._answer(reader, scope, receive, changed.send)

    def _account(self, cookies: Mapping[str, str]) -> str:
        """Return the account of a browser, sealed for what is behind; empty for none."""
        if self._identity is None:
            return ""
        claims = self._identity.claims(cookies, settings().sign_in_hours)
        account = account_of(claims) if claims else None
        return sealed(account) if account else ""

    async def _answer(self, reader: Reader, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {**scope.get("state", {}), "reader": reader}
        token = current.set(reader)
        try:
            await self._app(scope, receive, send)
        finally:
            current.reset(token)


class _Changed:
    """The answer to one request, to which the reader's new cookies are added where they change.

    Args:
        scope: of the request.
        send: to the browser.
        path: of cookies.
        given: the secret of a newcomer.
        identity: see ``Readers``.
    """

    def __init__(
        self, scope: Scope, send: Send, path: str, given: str | None, identity: Identity | None
    ) -> None:
        self._scope, self._send, self._path = scope, send, path
        self._given, self._identity = given, identity

    async def send(self, message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message = {"headers": [], **message}
            headers = MutableHeaders(scope=message)
            if self._signs(headers):
                self._replace(headers)
            elif self._given and not _may_be_shared(headers):
                self._set(headers, COOKIE, self._given, _YEAR)
        await self._send(message)

    def _signs(self, headers: Headers) -> bool:
        """Tell whether an answer signs the browser in or out."""
        if self._identity is None:
            return False
        begin = f"{self._identity.cookie}="
        return any(each.lstrip().startswith(begin) for each in headers.getlist("set-cookie"))

    def _replace(self, headers: MutableHeaders) -> None:
        before = secret_of(HTTPConnection(self._scope).cookies)
        if before is not None and reader_of(self._scope).signed_in:
            end(before)
        self._set(headers, COOKIE, new_secret(), _YEAR)
        self._set(headers, ROLE_COOKIE, "", 0)

    def _set(self, headers: MutableHeaders, name: str, value: str, age: int) -> None:
        secure = over_tls(self._scope)
        headers.append("set-cookie", _cookie(name, value, self._path, age, secure=secure))


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
    before = secret_of(request.cookies)
    if before is not None:
        end(before)
    path, secure = cookie_path(prefix), over_tls(request.scope)
    response.headers.append("set-cookie", _cookie(COOKIE, new_secret(), path, _YEAR, secure=secure))
    response.headers.append("set-cookie", _cookie(ROLE_COOKIE, "", path, 0, secure=secure))


def cookie_path(prefix: str) -> str:
    """Return the path below which a cookie is sent."""
    return f"/{prefix.strip('/')}" if prefix.strip("/") else "/"


def over_tls(scope: Scope) -> bool:
    """Tell whether the browser's own connection is encrypted, as far as we can know."""
    return scope.get("scheme") in ("https", "wss")


def for_accounts_only(routes: list[Route]) -> list[Route]:
    """Return the routes, which answer 401 to whoever is not signed in."""
    for each in routes:
        each.app = _AccountsOnly(each.app)
    return routes


class _AccountsOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if not reader_of(scope).signed_in:
            app = PlainTextResponse("Sign in first.", 401, headers={"Cache-Control": "no-store"})
        await app(scope, receive, send)


def _with_cookies(scope: Scope, given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request as if it had come with these cookies; an empty one goes."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    found = [each.strip() for line in lines for each in line.split(";")]
    kept = [each for each in found if each.partition("=")[0].strip() not in given]
    kept += [f"{name}={value}" for name, value in given.items() if value]
    rest = [each for each in scope["headers"] if each[0] != b"cookie"]
    return [*rest, (b"cookie", "; ".join(kept).encode("latin-1"))]


def _may_be_shared(headers: MutableHeaders) -> bool:
    """Tell whether a cache may give an answer to others: it must not carry a secret."""
    return "public" in headers.get("cache-control", "")


def _cookie(name: str, value: str, path: str, age: int, *, secure: bool) -> str:
    more = "; Secure" if secure else ""
    return f"{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{more}"
