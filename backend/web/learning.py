"""Routes of Learn: the lessons and the papers, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .. import papers
from ..errors import EntroscopeError
from ..lessons import LESSONS, lessons_in_order, listed, plain
from ..lessons.own import OWN
from .own_lessons import Source, own_lesson_routes, own_listed, own_plain


def learning_routes(source: Source, prefix: str = "") -> list[Route]:
    """Return the routes, with those of teachers' own lessons.

    - ``GET learn/lessons``: the lessons, without their steps; shipped ones first
    - ``GET learn/lessons/<name>``: one of them, whole
    - ``GET learn/papers``: the papers with what is found of them, one row a claim

    Args:
        source: runs, library and lessons.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")

    async def lessons(request: Request) -> Response:
        return await _answer(lambda: _all(source))

    async def lesson(request: Request) -> Response:
        name = request.path_params["name"]
        return await _answer(lambda: _one(source, name))

    async def atlas(request: Request) -> Response:
        return await _answer(papers.plain)

    return [
        Route(f"{base}/learn/lessons", lessons),
        Route(f"{base}/learn/lessons/{{name}}", lesson),
        Route(f"{base}/learn/papers", atlas),
        *own_lesson_routes(source, prefix),
    ]


def _all(source: Source) -> list[dict[str, Any]]:
    own = source.own_lessons().entries()
    return [*map(listed, lessons_in_order()), *map(own_listed, own)]


def _one(source: Source, name: str) -> dict[str, Any]:
    if name.startswith(OWN):
        return own_plain(source.own_lessons().find(name.removeprefix(OWN)))
    return plain(LESSONS[name])


async def _answer(make: Callable[[], Any]) -> Response:
    """Return what ``make()`` gives; it may be another thing next time."""
    headers = {"Cache-Control": "no-store"}
    try:
        return JSONResponse(await run_in_threadpool(make), headers=headers)
    except EntroscopeError as error:
        return PlainTextResponse(str(error), 404, headers=headers)
