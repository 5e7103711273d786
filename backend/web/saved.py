"""The saved runs, for the search in the browser."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import EntroscopeError
from ..lenses import LENSES
from ..storage.library import Library

MOST = 1000
"""Runs that are listed, the latest first."""


class Source(Protocol):
    """What the route needs of ``backend.cached``."""

    def library(self) -> Library: ...
    def saved_key(self, run_id: str) -> str: ...


def saved_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the route.

    - ``GET saved``: ``[{key, kind, title, text, model, tags}]`` of the library's runs

    Args:
        source: where the library is.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    def listed() -> list[dict[str, Any]]:
        return [
            {
                "key": source.saved_key(each.id),
                "kind": each.kind,
                "title": each.title,
                "text": each.text,
                "model": each.model,
                "tags": list(each.tags),
            }
            for each in source.library().entries()[:MOST]
            if each.kind in LENSES
        ]

    async def saved(request: Request) -> Response:
        try:
            found = await run_in_threadpool(listed)
        except EntroscopeError:  # the page of saved runs says what is wrong; a search just has none
            found = []
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    return [Route(f"{base}/saved", saved)]
