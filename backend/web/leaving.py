"""Leaving a computer: the next who sits down at it is somebody else."""

from __future__ import annotations

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..errors import LibraryError
from ..readers import NOBODY
from ..storage.library import Library
from .readers import forget_reader, reader_of
from .routes import OWN_HEADER


class Source(Protocol):
    """What the route needs of ``backend.cached``."""

    def alone(self) -> bool: ...
    def library(self) -> Library: ...
    def forget_reader(self) -> None: ...


def leaving_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the route.

    - ``POST leave``: takes back what the reader was given, puts what they saved into the trash, and
      makes the browser a new reader, whose cache is emptied

    Args:
        source: where runs are.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    async def leave(request: Request) -> Response:
        if OWN_HEADER not in request.headers:
            return PlainTextResponse(f"The header {OWN_HEADER} is missing.", 403)
        if source.alone() or reader_of(request) == NOBODY:
            return PlainTextResponse("There is nobody to leave for.", 404)
        if reader_of(request).signed_in:  # whose library is theirs on other computers too
            return PlainTextResponse("Sign out instead.", 409)
        try:
            await run_in_threadpool(_leave)
        except LibraryError as error:
            return PlainTextResponse(str(error), 503)
        # Browsers heed the header on encrypted connections; elsewhere ``no-store`` has to do.
        response = Response(status_code=204, headers={"Clear-Site-Data": '"cache", "storage"'})
        forget_reader(request, response, prefix)
        return response

    def _leave() -> None:
        source.library().delete_all()
        source.forget_reader()

    return [Route(f"{base}/leave", leave, methods=["POST"])]
