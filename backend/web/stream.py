"""Server-sent events: what happens to a job, as long as the browser listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from starlette.types import Receive, Scope, Send

from ..events import Alive, Event

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # for proxies, which else collect what they pass on
]
_RETRY = b"retry: 2000\n\n"  # milliseconds until a browser that lost the line comes back


class EventStream:
    """A response that writes events until the last one, or until the browser has gone.

    It closes the iterator however it ends, so that its owner knows at once that nobody listens.
    """

    def __init__(self, events: AsyncIterator[Event]) -> None:
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, leaving):
                task.cancel()
            ended = await asyncio.gather(writing, leaving, return_exceptions=True)
            if (aclose := getattr(self._events, "aclose", None)) is not None:
                await aclose()
        if isinstance(ended[0], Exception) and not isinstance(ended[0], OSError):
            raise ended[0]

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
        async for event in self._events:
            await send({"type": "http.response.body", "body": _line(event), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    with contextlib.suppress(OSError):
        while (await receive())["type"] != "http.disconnect":
            pass


def _line(event: Event) -> bytes:
    if isinstance(event, Alive):
        return b": alive\n\n"
    return f"data: {json.dumps(event.plain())}\n\n".encode()
