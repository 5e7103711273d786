"""Limits for each network address, in front of Streamlit's addresses and of ours."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..settings import settings
from .allowance import Limits, Use, Uses, network_of
from .readers import reader_of

_UPLOAD = "/_stcore/upload_file/"
_FULL = 30
"""Seconds after which to try again where all places of the server are taken."""


class AddressLimits:
    """Refuses what is over a limit with one line, before it costs anything.

    Whoever is signed in is counted by account, everybody else by network address. A body is
    refused by its announced length, or in the middle, as soon as it is too long: nothing behind
    reads it whole. A message of an open websocket counts as a request; it is not refused but waits,
    and the browser with it.

    Args:
        app: what is behind.
        limits: for each address.
        clock: seconds that only go forward.
        sleep: waits for seconds of that clock.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._app, self._limits, self._clock, self._sleep = app, limits, clock, sleep
        self.uses = Uses(limits, clock)
        self.streams = 0
        self.sessions = 0
        logging.getLogger("uvicorn.error").addFilter(_no_refusal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._session(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        use = self.uses.of(_who(scope))
        refusal = self._too_many(use) or self._too_long(scope, use)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        request = _Request(self, scope, use, receive, send)
        try:
            await self._app(scope, request.receive, request.send)
        except Exception:
            if request.refusal is None:
                raise
        finally:
            request.close()
        if request.refusal is not None and not request.answered:
            await request.refusal(scope, receive, send)

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        use = self.uses.of(_who(scope))
        refusal = self._too_many(use) or self.no_place("sessions", use)
        if refusal is not None:
            await receive()  # the browser's wish to connect
            await _refuse_websocket(refusal, scope, receive, send)
            return

        async def in_time() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                length = len(message.get("bytes") or message.get("text") or "")
                await self._pace(use, length)
            return message

        self.take_place("sessions", use, 1)
        try:
            await self._app(scope, in_time, send)
        finally:
            self.take_place("sessions", use, -1)

    async def _pace(self, use: Use, length: int) -> None:
        """Wait until an address may send one message more, of so many bytes."""
        while wait := use.requests.take(1, self._clock()):
            await self._sleep(wait)
        counted = min(length, self._limits.minute_bytes)
        while wait := use.bytes.take(counted, self._clock()):
            await self._sleep(wait)

    def _too_many(self, use: Use) -> Response | None:
        wait = use.requests.take(1, self._clock())
        if not wait:
            return None
        return _later(
            f"Too many requests from this address: it may make {self._limits.burst:,.0f} at once, "
            f"then {self._limits.rate:,.0f} a second.",
            wait,
        )

    def most_bytes(self, scope: Scope) -> float:
        """Return how long the body of a request may be."""
        upload = _UPLOAD in scope["path"]
        return self._limits.file_bytes if upload else self._limits.body_bytes

    def _too_long(self, scope: Scope, use: Use) -> Response | None:
        try:
            length = int(Headers(scope=scope).get("content-length", "0"))
        except ValueError:
            return _refusal("Content-Length is no number.", 400)
        most = self.most_bytes(scope)
        if length > most:
            return _too_large(f"{length:,} bytes", most)
        return self.too_fast(length, use)

    def too_fast(self, length: int, use: Use) -> Response | None:
        """Count bytes of an address; return a refusal where they are too many for this minute."""
        wait = use.bytes.take(length, self._clock())
        if not wait:
            return None
        most = self._limits.minute_bytes
        return _later(f"Too much was sent from this address: {most:,.0f} bytes a minute.", wait)

    def no_place(self, kind: str, use: Use) -> Response | None:
        """Return a refusal where no further line of a kind may be open: "streams" or "sessions"."""
        own, most = getattr(use, kind), getattr(self._limits, kind)
        what = "pages" if kind == "sessions" else "streams of events"
        if own >= most:
            return _later(f"Too many open {what} at this address: at most {most:,.0f}.", _FULL)
        most = getattr(self._limits, f"all_{kind}")
        if getattr(self, kind) >= most:
            return _later(f"This server is full: {most:,.0f} open {what}.", _FULL, 503)
        return None

    def take_place(self, kind: str, use: Use, number: int) -> None:
        """Count a line that was opened (1) or closed (-1)."""
        setattr(use, kind, getattr(use, kind) + number)
        setattr(self, kind, getattr(self, kind) + number)


class _Over(OSError):
    """Ends what is behind: to it the browser is gone."""


class _Request:
    """One request that was let in: its body is counted as it comes, its answer is looked at.

    Attributes:
        refusal: why it is ended after all.
        answered: whether an answer has begun.
    """

    def __init__(
        self, limiter: AddressLimits, scope: Scope, use: Use, receive: Receive, send: Send
    ) -> None:
        self._limiter, self._use = limiter, use
        self._receive, self._send = receive, send
        self._most = limiter.most_bytes(scope)
        self._announced = "content-length" in Headers(scope=scope)
        self._length = 0
        self._streams = False
        self.refusal: Response | None = None
        self.answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not self._announced:
            length = len(message.get("body", b""))
            self._length += length
            if self._length > self._most:
                self._end(_too_large("more", self._most))
            elif (refusal := self._limiter.too_fast(length, self._use)) is not None:
                self._end(refusal)
        return message

    async def send(self, message: Message) -> None:
        if self.refusal is not None:
            raise _Over
        if message["type"] == "http.response.start":
            if _is_stream(message):
                refusal = self._limiter.no_place("streams", self._use)
                if refusal is not None:
                    self._end(refusal)
                self._limiter.take_place("streams", self._use, 1)
                self._streams = True
            self.answered = True
        await self._send(message)

    def close(self) -> None:
        if self._streams:
            self._limiter.take_place("streams", self._use, -1)

    def _end(self, refusal: Response) -> None:
        self.refusal = refusal
        raise _Over


def _who(scope: Scope) -> str:
    """Return under which name a request is counted: an account, or a network address.

    A forwarded address that nobody was named for is no address to count by, whoever believed it.
    """
    reader = reader_of(scope)
    if reader.signed_in:
        return f"account {reader.owner}"
    if not settings().proxies and "x-forwarded-for" in Headers(scope=scope):
        return "an unnamed proxy"
    return network_of((scope.get("client") or ("", 0))[0])


def _is_stream(message: Message) -> bool:
    kind = Headers(raw=list(message.get("headers", ()))).get("content-type", "")
    return kind.startswith("text/event-stream")


def _later(words: str, wait: float, status: int = 429) -> Response:
    seconds = max(1, math.ceil(wait))
    response = _refusal(f"{words} Try again in {seconds:,} s.", status)
    response.headers["retry-after"] = str(seconds)
    return response


def _too_large(what: str, most: float) -> Response:
    response = _refusal(f"This is too large: {what}, where {most:,.0f} bytes are taken.", 413)
    response.headers["connection"] = "close"  # the rest is not read
    return response


def _refusal(words: str, status: int) -> Response:
    return PlainTextResponse(words, status, headers={"Cache-Control": "no-store"})


async def _refuse_websocket(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)  # a response knows both kinds of scope
    else:
        await send({"type": "websocket.close", "code": 1013, "reason": "try again later"})


def _no_refusal(record: logging.LogRecord) -> bool:
    """Keep uvicorn from noting an error for every websocket that is refused with an answer."""
    return "without completing handshake" not in str(record.msg)
