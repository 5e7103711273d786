"""The addresses beside the pages: numbers of runs, events of jobs, files for the browser."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..errors import EntroscopeError
from .assets import Assets, browser_assets, media_type
from .source import Source
from .stream import EventStream

FOR_EVER = "private, max-age=31536000, immutable"
OWN_HEADER = "X-Entroscope"
"""Only our own pages can send it: from elsewhere a browser asks first, and is refused."""


def routes(source: Source, prefix: str = "", assets: Assets | None = None) -> list[Route]:
    """Return all routes.

    - ``GET data/<content>/<part>?…``: bytes that never change
    - ``GET events/<job>``: server-sent events, until the job ends
    - ``POST stop/<job>``: gives up the reader's share of a job
    - ``GET assets/<version>/<path>``: files for the browser

    Args:
        source: the engine.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
        assets: the files; those of ``components/browser`` by default.
    """
    files = assets or browser_assets()
    base = f"/{prefix.strip('/')}".rstrip("/")

    async def data(request: Request) -> Response:
        content, part = request.path_params["content"], request.path_params["part"]
        parameters = dict(request.query_params)
        try:
            parcel = await run_in_threadpool(source.parcel, content, part, parameters)
        except EntroscopeError as error:
            return _refusal(str(error), 400)
        if parcel is None:
            return _refusal("This run is not here any longer.", 404)
        return Response(
            parcel.data, media_type=parcel.media_type, headers={"Cache-Control": FOR_EVER}
        )

    async def stop(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return _refusal(f"The header {OWN_HEADER} is missing.", 403)
        known = await run_in_threadpool(source.stop, request.path_params["job"])
        return Response(status_code=204) if known else _refusal("There is no such job.", 404)

    async def asset(request: Request) -> Response:
        path = request.path_params["path"]
        found = None
        if request.path_params["version"] == files.version:
            found = await run_in_threadpool(files.read, path)
        if found is None:
            return _refusal("There is no such file.", 404)
        return Response(
            found, headers={"Cache-Control": FOR_EVER, "Content-Type": media_type(path)}
        )

    return [
        Route(f"{base}/data/{{content}}/{{part}}", data),
        Route(f"{base}/events/{{job}}", _Events(source)),
        Route(f"{base}/stop/{{job}}", stop, methods=["POST"]),
        Route(f"{base}/assets/{{version}}/{{path:path}}", asset),
    ]


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


def _refusal(message: str, status: int) -> Response:
    return PlainTextResponse(message, status, headers={"Cache-Control": "no-store"})
