"""How much may come from one address of the network, in front of Streamlit and of our routes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..settings import settings
from .readers import is_proxy

MOST_ADDRESSES = 10_000
"""That are remembered; those that sent nothing for longest are forgotten first."""
UNNAMED = "an unnamed proxy"
"""Where whatever a proxy forwards comes from, when the administrator named none."""
_BURST = 4  # seconds' worth of requests at once: a page begins with some forty files
_DAY = 24 * 3600.0

_counts = {"open": 0, "requests": 0, "refused": 0}
_count_lock = threading.Lock()


def counts() -> dict[str, int]:
    """Return how many connections are open, and how many requests came and were refused."""
    with _count_lock:
        return dict(_counts)


def _count(name: str, by: int = 1) -> None:
    with _count_lock:
        _counts[name] += by


@dataclass
class _Caller:
    """What came from one address.

    Attributes:
        tokens: requests that may come at once; filled up with time.
        seen: when they were filled; ``time.monotonic``.
        streams: connections that last.
        uploaded: bytes since ``since``.
    """

    tokens: float
    seen: float
    streams: int = 0
    uploaded: int = 0
    since: float = 0.0


class Rates:
    """Counts every request, and in public refuses what is too much from one network address.

    Requests a second, connections that last (websockets, event streams) and bytes sent to us are
    limited before Streamlit reads them. An IPv6 address is its /64, which one subscriber has.

    Args:
        app: what is behind.
        clock: returns seconds.
    """

    def __init__(self, app: ASGIApp, clock: Any = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._callers: OrderedDict[str, _Caller] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        _count("requests")
        if settings().mode != "public":
            await self._answer(scope, receive, send)
            return
        caller, lasts = self._caller(address_of(scope)), _lasts(scope)
        refusal = self._refusal(caller, lasts)
        if refusal:
            await _refuse(refusal, scope, receive, send)
            return
        caller.streams += lasts
        try:
            await self._answer(scope, self._counted(caller, receive), send)
        finally:
            caller.streams -= lasts

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        _count("open")
        try:
            await self._app(scope, receive, send)
        finally:
            _count("open", -1)

    def _caller(self, address: str) -> _Caller:
        rate, now = settings().address_requests, self._clock()
        caller = self._callers.pop(address, None) or _Caller(rate * _BURST, now, since=now)
        caller.tokens = min(rate * _BURST, caller.tokens + (now - caller.seen) * rate)
        caller.seen = now
        if now - caller.since > _DAY:
            caller.uploaded, caller.since = 0, now
        self._callers[address] = caller
        if len(self._callers) > MOST_ADDRESSES:
            idle = next((name for name, each in self._callers.items() if not each.streams), None)
            if idle is not None:
                del self._callers[idle]
        return caller

    def _refusal(self, caller: _Caller, lasts: bool) -> str:
        said = settings()
        if caller.tokens < 1:
            return (
                f"More than {said.address_requests:g} requests a second come from your address. "
                "Wait a moment."
            )
        caller.tokens -= 1
        if lasts and caller.streams >= said.address_streams:
            return (
                f"{caller.streams} pages are open from your address, and {said.address_streams} "
                "may be. Close one."
            )
        if caller.uploaded > said.address_bytes:
            return self._too_many_bytes()
        return ""

    def _counted(self, caller: _Caller, receive: Receive) -> Receive:
        async def counted() -> Message:
            message = await receive()
            body = message.get("body") or message.get("bytes") or message.get("text") or b""
            caller.uploaded += len(body)
            if message["type"] == "http.request" and caller.uploaded > settings().address_bytes:
                _count("refused")
                raise HTTPException(429, self._too_many_bytes())  # whoever reads it answers so
            return message

        return counted

    def _too_many_bytes(self) -> str:
        limit = settings().address_bytes
        return f"More than {limit:,} bytes came from your address in 24 hours. Try tomorrow."


def address_of(scope: Scope) -> str:
    """Return the network address that a request comes from; an IPv6 one as its /64.

    What a proxy says of it is believed only where the administrator named the proxy.
    """
    host = (scope.get("client") or ("", 0))[0]
    forwarded = Headers(scope=scope).get("x-forwarded-for", "")
    said = [each.strip() for each in forwarded.split(",") if each.strip()]
    if said and not settings().proxies:
        return UNNAMED
    if is_proxy(host):
        host = next((each for each in reversed(said) if not is_proxy(each)), host)
    return _network(host)


def _network(host: str) -> str:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return ":".join(address.exploded.split(":")[:4])


def _lasts(scope: Scope) -> bool:
    """Tell whether a request asks for a connection that stays open."""
    return scope["type"] == "websocket" or "events" in scope["path"].split("/")


async def _refuse(words: str, scope: Scope, receive: Receive, send: Send) -> None:
    _count("refused")
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013, "reason": words[:120]})
        return
    headers = {"Retry-After": "2", "Cache-Control": "no-store"}
    await PlainTextResponse(words, 429, headers=headers)(scope, receive, send)
