"""How long a study will take, before it is asked for."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..lenses import LENSES
from ..runs import Request as StudyRequest
from ..storage.files import adapter
from ..storage.strict_json import parse
from .routes import OWN_HEADER, read_body

MOST_BYTES = 2_000_000


class Source(Protocol):
    """What the route needs of ``backend.cached``."""

    def estimate_seconds(self, request: StudyRequest) -> float | None: ...


def estimate_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the route.

    - ``POST estimate``: ``{kind, model, fields}`` of a request; answers ``{seconds}``, null while
      nothing like it was measured on this machine, and ``refused`` where a form is not filled in
      yet or the fields are of no use

    Args:
        source: the engine.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    def seconds(said: Any) -> float | None:
        lens = LENSES[str(said["kind"])]
        fields = {name: value for name, value in said["fields"].items() if name in lens.fields}
        asked = {"model": said["model"], **fields}
        return source.estimate_seconds(adapter(lens.request_type).validate_python(asked))

    async def estimate(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return PlainTextResponse(f"The header {OWN_HEADER} is missing.", 403)
        body = await read_body(request, MOST_BYTES)
        if body is None:
            return PlainTextResponse("The question is too long.", 413)
        try:
            found = await run_in_threadpool(seconds, parse(body))
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            return JSONResponse({"seconds": None, "refused": True})
        return JSONResponse({"seconds": found})

    return [Route(f"{base}/estimate", estimate, methods=["POST"])]
