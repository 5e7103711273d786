"""The addresses beside the pages: numbers of runs and events of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..errors import EntroscopeError
from ..settings import settings
from .source import Parcel, Source
from .stream import EventStream

FOR_EVER = "private, max-age=31536000, immutable"
NOT_HERE = "private, no-store"
"""Of parcels where a computer may be somebody else's next: nothing of a run stays on it."""
MAX_BODY = 3_000_000
"""Bytes of a text that is counted."""
MOST_COUNTS = 2
"""Texts counted at once: other routes share the same threads."""

OWN_HEADER = "X-Entroscope"
"""Only our own pages can send it: from elsewhere a browser asks first, and is refused."""


def routes(source: Source, prefix: str = "") -> list[Route]:
    """Return all routes.

    - ``GET data/<content>/<part>?…``: bytes that never change
    - ``GET events/<job>``: server-sent events, until the job ends
    - ``GET pattern/<content>?layer=&head=``: attention weights, which the model has to read again
    - ``POST count``: how many tokens a text has for a model
    - ``POST stop/<job>``: gives up the reader's share of a job

    Args:
        source: the engine.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")
    serve = _Serving(source)
    return [
        Route(f"{base}/data/{{content}}/{{part:path}}", serve.data),
        Route(f"{base}/pattern/{{content}}", serve.pattern),
        Route(f"{base}/count", serve.count, methods=["POST"]),
        Route(f"{base}/events/{{job}}", _Events(source)),
        Route(f"{base}/stop/{{job}}", serve.stop, methods=["POST"]),
    ]


class _Serving:
    """What answers each route."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._counting = asyncio.Semaphore(MOST_COUNTS)

    async def data(self, request: Request) -> Response:
        content, part = request.path_params["content"], request.path_params["part"]
        return await _parcel(self._source.parcel, content, part, dict(request.query_params))

    async def pattern(self, request: Request) -> Response:
        content = request.path_params["content"]
        return await _parcel(self._source.pattern, content, dict(request.query_params))

    async def count(self, request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return refusal(f"The header {OWN_HEADER} is missing.", 403)
        body = await read_body(request, MAX_BODY)
        if body is None:
            return refusal("This text is too long to be counted.", 413)
        try:
            async with self._counting:
                return JSONResponse(await run_in_threadpool(self._source.count, body))
        except EntroscopeError as error:
            return JSONResponse({"words": str(error), "over": True})

    async def stop(self, request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return refusal(f"The header {OWN_HEADER} is missing.", 403)
        known = await run_in_threadpool(self._source.stop, request.path_params["job"])
        return Response(status_code=204) if known else refusal("There is no such job.", 404)


async def _parcel(make: Callable[..., Parcel | None], *args: Any) -> Response:
    """Return what ``make(*args)`` gives, which the browser of one person may keep for ever."""
    try:
        parcel = await run_in_threadpool(make, *args)
    except EntroscopeError as error:
        return refusal(str(error), 400)
    if parcel is None:
        return refusal("This run is not here any longer.", 404)
    headers = {"Cache-Control": FOR_EVER if settings().mode == "local" else NOT_HERE}
    return Response(parcel.data, media_type=parcel.media_type, headers=headers)


class _Events:
    """``GET events/<job>``, as an application: a stream is no ordinary response."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            response = PlainTextResponse("Method Not Allowed", 405, headers={"Allow": "GET"})
            await response(scope, receive, send)
            return
        events = self._source.listen(scope["path_params"]["job"])
        await EventStream(events)(scope, receive, send)


async def read_body(request: Request, most: int) -> bytes | None:
    """Return what was sent, None where it is more than ``most`` bytes."""
    body = bytearray()  # bytes would be copied whole for every piece
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def refusal(message: str, status: int) -> Response:
    """Return a refusal in one line, which nothing on the way keeps."""
    return PlainTextResponse(message, status, headers={"Cache-Control": "no-store"})
