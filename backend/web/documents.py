"""Routes of the pages themselves: HTML that never changes while the server runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route


def document_routes(documents: Mapping[str, str], prefix: str = "") -> list[Route]:
    """Return the routes.

    Args:
        documents: path below the server's own to HTML.
        prefix: the server's ``server.baseUrlPath``, with or without slashes.
    """
    base = f"/{prefix.strip('/')}".rstrip("/")
    return [Route(f"{base}/{path}", _answer(html)) for path, html in documents.items()]


def _answer(html: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    return answer
